"""Composition root: settings in, use cases out. Everything is opened when it is first asked for."""

import json
import os
import socket
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from bus.accounting.company import Company, Target, load_companies
from bus.accounting.pack import RulePack, load_pack
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
from bus.routing import RoutingRules, load_routing
from bus.schemas import EventSchemas
from bus.store.schema import upgrade
from bus.store.unit_of_work import SqlStore

_RULE_FILES = (".yaml", ".csv")


class Runtime:
    """One process's use cases over one store, one broker and one set of rules."""

    def __init__(self, settings: Settings, publisher: Publisher | None = None) -> None:
        self.settings = settings
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self._given_publisher = publisher
        self._adapters: dict[tuple[str, str], FinanceAdapter] = {}
        self._opened: list[ChannelDoor | OpenChannel] = []

    @cached_property
    def store(self) -> SqlStore:
        """The store; SQLite's directory is made when it is missing."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        return SqlStore.open(self.settings.store_url)

    def upgrade_store(self) -> None:
        """Bring the store to this version's schema and keep the rule packs that are in force."""
        upgrade(self.store.engine)
        with self.store.begin() as uow:
            for name in sorted({company.pack for company in self.companies.values()}):
                pack = self.packs[name]
                content = json.dumps(self._pack_files(name), ensure_ascii=False, sort_keys=True)
                uow.packs.record(pack.content_hash, name, content)

    @cached_property
    def publisher(self) -> Publisher:
        """Wake-ups for the workers."""
        return self._given_publisher or open_publisher()

    @cached_property
    def companies(self) -> dict[str, Company]:
        """rules/companies.yaml."""
        file = self.settings.rules_dir / "companies.yaml"
        return load_companies(str(file), _text(file))

    @cached_property
    def event_schemas(self) -> dict[str, dict[str, Any]]:
        """schemas/events/*.json by stem ("reimbursement.approved.v1")."""
        files = sorted((self.settings.schemas_dir / "events").glob("*.json"))
        return {file.stem: json.loads(_text(file)) for file in files}

    @cached_property
    def packs(self) -> dict[str, RulePack]:
        """The packs the companies name."""
        current = {stem.rsplit(".v", 1)[0]: schema for stem, schema in self.event_schemas.items()}
        names = sorted({company.pack for company in self.companies.values()})
        return {name: load_pack(name, self._pack_files(name), current) for name in names}

    def _pack_files(self, name: str) -> dict[str, str]:
        folder = self.settings.rules_dir / name
        files = sorted(file for file in folder.rglob("*") if file.suffix in _RULE_FILES)
        if not files:
            raise Permanent("RULES_INVALID", f"companies.yaml names a pack without files: {name}", str(folder))
        return {file.relative_to(folder).as_posix(): _text(file) for file in files}

    @cached_property
    def routing(self) -> RoutingRules:
        """rules/routing.yaml."""
        file = self.settings.rules_dir / "routing.yaml"
        return load_routing(str(file), _text(file))

    @cached_property
    def books(self) -> Books:
        """Companies with their rules."""
        return Books(self.companies, self.packs)

    @property
    def queues(self) -> tuple[str, ...]:
        """Every Celery queue a worker listens on."""
        targets = {target.name for company in self.companies.values() for target in company.targets}
        return tuple(dict.fromkeys((*self.routing.queues, JOURNALIZE, *map(deliver_queue, sorted(targets)))))

    @cached_property
    def receive(self) -> Receive:
        """Accept events."""
        return Receive(self.store, EventSchemas(self.event_schemas), self.companies)

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
        return Route(self.store, self.routing, self.books, self.publisher, self.settings.batch_size)

    @cached_property
    def journalize(self) -> Journalize:
        """Book events."""
        announce = Announce(self.store, self.books, self.open_channel.tell) if self._announces else None
        return Journalize(self.store, self.books, self.owner, self.settings.lease_seconds, announce)

    @cached_property
    def relay(self) -> Relay:
        """Wake workers for postings."""
        settings = self.settings
        return Relay(self.store, self.publisher, self.owner, settings.batch_size, settings.lease_seconds)

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
        file = settings.schemas_dir / "ledger" / "confirmation.v1.json"
        schemas = EventSchemas({CONFIRMATION_TYPE: json.loads(_text(file))})
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


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent("FILE_UNREADABLE", f"cannot read {file}: {type(error).__name__}", str(file)) from error
