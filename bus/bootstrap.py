"""Composition root: settings in, use cases out. Everything is opened when it is first asked for."""

import json
import os
import socket
from functools import cache, cached_property, partial
from pathlib import Path

from bus.accounting.company import Company, Target
from bus.broker.doors import open_door
from bus.broker.embedded import find
from bus.broker.postings import ConsumerChannel, OpenChannel
from bus.broker.publishing import EventPublisher
from bus.broker.safety import check_broker
from bus.broker.topology import declare
from bus.channels import JOURNALIZE, LEDGER_CONFIRMATIONS, OA_EVENTS, OA_RECEIPTS, deliver_queue
from bus.config import Settings
from bus.errors import Permanent, Transient
from bus.pipeline.acknowledge import CONFIRMATION_TYPE, Acknowledge
from bus.pipeline.adopt import Adopt
from bus.pipeline.announce import Announce
from bus.pipeline.booking import Books
from bus.pipeline.confirm import Confirm
from bus.pipeline.consumers import Consumers
from bus.pipeline.copy import Copy
from bus.pipeline.deliver import Deliver
from bus.pipeline.journalize import Journalize
from bus.pipeline.open_channel import ChannelDoor
from bus.pipeline.receive import Receive
from bus.pipeline.receive_messages import ReceiveMessages
from bus.pipeline.relay import Relay
from bus.pipeline.resend import Resend
from bus.pipeline.route import Route
from bus.pipeline.summarize import Summarize
from bus.pipeline.sweep import Sweep
from bus.pipeline.trace import Trace
from bus.pipeline.verify import Verify
from bus.plugins import open_finance_adapter, open_publisher
from bus.ports import FinanceAdapter, PostingChannel, Publisher
from bus.rulebook import Rulebook
from bus.schemas import EventSchemas
from bus.store.schema import upgrade
from bus.store.unit_of_work import SqlStore


class Runtime:
    """One process's use cases over one store, one broker and one set of rules."""

    def __init__(self, settings: Settings, publisher: Publisher | None = None) -> None:
        self.settings = settings
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self.rulebook = Rulebook(settings.rules_dir, settings.schemas_dir)
        self._given_publisher = publisher
        self._adapters: dict[tuple[str, str], FinanceAdapter] = {}
        self._opened: list[ChannelDoor | OpenChannel] = []

    @cached_property
    def store(self) -> SqlStore:
        """The store; SQLite's directory is made when it is missing."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        return SqlStore.open(self.settings.store_url)

    def upgrade_store(self) -> None:
        """Bring the store to this version's schema, keep the rule packs in force, release what older ones held."""
        upgrade(self.store.engine)
        Adopt(self.store)(self.companies, self.rulebook.packs, self.rulebook.pack_content)

    @cached_property
    def publisher(self) -> Publisher:
        """Wake-ups for the workers."""
        return self._given_publisher or open_publisher()

    @property
    def companies(self) -> dict[str, Company]:
        """Companies by code."""
        return self.rulebook.companies

    @cached_property
    def books(self) -> Books:
        """Companies with their rules."""
        return Books(self.companies, self.rulebook.packs)

    @property
    def queues(self) -> tuple[str, ...]:
        """Every Celery queue a worker listens on."""
        targets = {target.name for company in self.companies.values() for target in company.targets}
        return tuple(dict.fromkeys((*self.rulebook.routing.queues, JOURNALIZE, *map(deliver_queue, sorted(targets)))))

    @cached_property
    def receive(self) -> Receive:
        """Accept events."""
        return Receive(self.store, EventSchemas(self.rulebook.event_schemas), self.companies)

    @cached_property
    def receive_messages(self) -> ReceiveMessages:
        """Accept the events that come over the broker."""
        size = self.settings.batch_size
        door = open_door(self.broker_url, OA_EVENTS, OA_RECEIPTS, self.owner, size)
        self._opened.append(door)
        return ReceiveMessages(door, self.receive, self.store, size)

    @cached_property
    def route(self) -> Route:
        """Wake workers for accepted events."""
        settings = self.settings
        return Route(
            self.store,
            self.rulebook.routing,
            self.books,
            self.publisher,
            settings.batch_size,
            linger_ms=settings.linger_ms,
        )

    @cached_property
    def journalize(self) -> Journalize:
        """Book events."""
        announce = Announce(self.store, self.books, self.open_channel.tell) if self._announces else None
        return Journalize(self.store, self.books, self.owner, self.settings.lease_seconds, announce)

    @cached_property
    def relay(self) -> Relay:
        """Wake workers for postings."""
        settings = self.settings
        return Relay(
            self.store,
            self.publisher,
            self.owner,
            settings.batch_size,
            settings.lease_seconds,
            linger_ms=settings.linger_ms,
        )

    @cached_property
    def deliver(self) -> Deliver:
        """Hand postings to their targets."""
        return Deliver(self.store, self.books, self.adapter, Confirm(self.store), self.settings.lease_seconds)

    @cached_property
    def copy(self) -> Copy:
        """Publish copies of events."""
        return Copy(self.store, EventPublisher(self.broker_url))

    @property
    def broker_url(self) -> str:
        """The configured broker, else the embedded one under the home. Raises Transient BROKER_UNAVAILABLE."""
        if self.settings.broker_url is not None:
            return self.settings.broker_url
        running = find(self.settings.broker_directory)
        if running is None:
            raise Transient("BROKER_UNAVAILABLE", "no broker is configured and none runs in this home")
        return running.url

    def check_broker(self) -> list[str]:
        """What an operator should know of the broker. Raises Permanent BROKER_UNSAFE, Transient BROKER_UNAVAILABLE."""
        return check_broker(self.broker_url, allow_unsafe=self.settings.allow_unsafe_broker)

    def set_up_broker(self) -> list[str]:
        """Declare every queue the rules name, and where dead letters go; their names. Raises Transient."""
        if self.consumers.by_name:
            self.declare_consumers()
        return declare(self.broker_url, self.queues)

    @property
    def _announces(self) -> bool:
        return any(company.open_channel for company in self.companies.values())

    @cached_property
    def consumers(self) -> Consumers:
        """The registered consumers of ledger.postings. Raises Permanent CONSUMERS_INVALID."""
        keys = self.settings.home / "secrets" / "consumers"
        return Consumers(self.companies, self.target_settings, str(keys), _key)

    @cached_property
    def open_channel(self) -> OpenChannel:
        """ledger.postings on this process's broker."""
        channel = OpenChannel(self.broker_url)
        self._opened.append(channel)
        return channel

    def declare_consumers(self) -> int:
        """Have every registered consumer's queue or group on the broker; 0, because nothing waits for it."""
        self.open_channel.declare(self.consumers.by_name)
        return 0

    @cached_property
    def acknowledge(self) -> Acknowledge:
        """Take in what consumers confirm."""
        settings = self.settings
        door = open_door(self.broker_url, LEDGER_CONFIRMATIONS, OA_RECEIPTS, self.owner, settings.batch_size)
        self._opened.append(door)
        schemas = EventSchemas({CONFIRMATION_TYPE: self.rulebook.confirmation_schema})
        return Acknowledge(door, self.store, schemas, self.consumers, settings.batch_size)

    @cached_property
    def resend(self) -> Resend:
        """Send again what a consumer was sent."""
        return Resend(self.store, self.books, self.consumers, partial(self.open_channel.send, replay=True))

    @cached_property
    def sweep(self) -> Sweep:
        """Name the gaps that nothing fills."""
        return Sweep(self.store, self.books, self.settings.gap_minutes)

    @cached_property
    def trace(self) -> Trace:
        """Everything about one document."""
        return Trace(self.store, self.books)

    @cached_property
    def verify(self) -> Verify:
        """Prove the journal."""
        return Verify(self.store)

    @cached_property
    def summarize(self) -> Summarize:
        """The store in figures."""
        return Summarize(self.store, self.verify)

    def adapter(self, company: str, target: str) -> FinanceAdapter | PostingChannel:
        """The adapter of a company's target, kept open, or the channel to its consumer.

        Raises Permanent TARGET_UNKNOWN.
        """
        found = next((t for t in self.companies[company].targets if t.name == target), None)
        if found is None:
            raise Permanent("TARGET_UNKNOWN", f"company {company} has no target {target}", detail={"target": target})
        consumer = self.consumers.of(company, target)
        if consumer is not None:
            return ConsumerChannel(self.open_channel, consumer)
        settings = self.target_settings(found)
        key = (found.adapter, json.dumps(settings, sort_keys=True))
        if key not in self._adapters:
            self._adapters[key] = open_finance_adapter(found.adapter, settings)
        return self._adapters[key]

    def target_settings(self, target: Target) -> dict[str, str]:
        """A target's settings, with "{home}" standing for the home directory."""
        return {name: text.replace("{home}", str(self.settings.home)) for name, text in target.settings.items()}

    def close(self) -> None:
        """Release adapters and connections."""
        for door in self._opened:
            door.close()
        self._opened.clear()
        for adapter in self._adapters.values():
            adapter.close()
        self._adapters.clear()
        if "store" in self.__dict__:
            self.store.close()


@cache
def _runtime_of(_process: int) -> Runtime:
    return Runtime(Settings())


def runtime() -> Runtime:
    """This process's runtime, from its environment; a forked child gets one of its own."""
    return _runtime_of(os.getpid())


def _key(file: str) -> bytes | None:
    """A consumer's key, without the line break an editor leaves; None where there is no such file."""
    try:
        return Path(file).read_bytes().strip()
    except OSError:
        return None
