"""A bus whose postings go to registered consumers, and consumers of the tests' own on either broker."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import redis
from kombu import Connection

from bus.bootstrap import Runtime
from bus.channels import LEDGER_CONFIRMATIONS, LEDGER_POSTINGS, postings_queue
from bus.config import PROJECT, Settings
from bus.pipeline.consumers import CONSUMER_HEADER, SIGNATURE_HEADER, sign
from tests.desk import Post
from tests.papers import claim

KEYS = {"alpha": b"a" * 40, "beta": b"b" * 40}
TYPE = "application/cloudevents+json"
_TARGET = (
    "      - {{name: {name}, adapter: channel, books: [GL], settings: "
    '{{account: {name}-account, key_file: "{{home}}/{name}.key"}}}}\n'
)


class Office:
    """The use cases of one bus over a store and a broker; its targets are the consumers alpha and beta."""

    def __init__(self, home: Path, store_url: str, broker_url: str) -> None:
        for name, key in KEYS.items():
            (home / f"{name}.key").write_bytes(key + b"\n")
        self.post = Post()
        settings = Settings(home=home, store_url=store_url, broker_url=broker_url, rules_dir=_rules(home))
        self.runtime = Runtime(settings, self.post)
        self.runtime.upgrade_store()
        self.runtime.declare_consumers()

    def book(self, *documents: str) -> None:
        """Accept and book a claim each, and put its postings on the channel."""
        self.runtime.receive([claim(document, name=document) for document in documents])
        self.runtime.route()
        for wake_up in self.post.fetch():
            self.runtime.journalize([int(i) for i in wake_up.ids])
        self.send()

    def send(self) -> None:
        """Send what is due."""
        self.runtime.relay()
        for wake_up in self.post.fetch():
            self.runtime.deliver([str(i) for i in wake_up.ids], wake_up.token or "")

    def acknowledge(self, count: int) -> None:
        """Take in so many confirmations."""
        while count > 0:
            count -= self.runtime.acknowledge()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.runtime.store.engine.begin() as connection:
            result = connection.exec_driver_sql(query)
            return [tuple(row) for row in result] if result.returns_rows else []

    def states(self, target: str) -> list[str]:
        return [row[0] for row in self.rows(f"SELECT state FROM posting WHERE target = '{target}' ORDER BY posting_id")]

    def refused(self) -> list[str]:
        """Codes of what is in the quarantine."""
        return [row[0] for row in self.rows("SELECT code FROM quarantine ORDER BY id")]


class Reader:
    """What a consumer reads and says, straight from and to the broker."""

    def __init__(self, broker_url: str) -> None:
        self.url = broker_url

    def read(self, consumer: str) -> list[dict[str, Any]]:
        """Everything on a consumer's queue, taken off it."""
        queue = postings_queue(consumer)
        if not self.url.startswith("amqp"):
            with redis.Redis.from_url(self.url, protocol=2) as client:
                found: Any = client.xreadgroup(consumer, "1", {queue: ">"}, count=1000)
                return [json.loads(fields[b"body"]) for _, fields in (found[0][1] if found else [])]
        with Connection(self.url) as connection:
            channel: Any = connection.default_channel
            read = []
            while (message := channel.basic_get(queue, no_ack=True)) is not None:
                read.append(json.loads(message.body))
            return read

    def say(
        self, body: bytes, headers: Mapping[str, str], *, account: str | None = None, url: str | None = None
    ) -> None:
        """Put a message on ledger.confirmations, as whoever `account` is."""
        if not self.url.startswith("amqp"):
            with redis.Redis.from_url(self.url) as client:
                client.xadd(LEDGER_CONFIRMATIONS, {"body": body, "content_type": TYPE, **headers})
            return
        with Connection(url or self.url, transport_options={"confirm_publish": True}) as connection:
            channel: Any = connection.default_channel
            said = {} if account is None else {"user_id": account}
            message = channel.prepare_message(body, None, TYPE, None, dict(headers), said)
            channel.basic_publish(message, LEDGER_CONFIRMATIONS, LEDGER_CONFIRMATIONS, mandatory=True)

    def listen(self) -> Callable[[], list[dict[str, Any]]]:
        """Begin to listen without being registered; what is returned says what was heard."""
        if not self.url.startswith("amqp"):
            client: Any = redis.Redis.from_url(self.url)
            client.delete(LEDGER_POSTINGS)
            return lambda: [json.loads(fields[b"body"]) for _, fields in client.xrange(LEDGER_POSTINGS)]
        connection = Connection(self.url)
        channel: Any = connection.default_channel
        channel.exchange_declare(LEDGER_POSTINGS, "topic", durable=True, auto_delete=False)
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, LEDGER_POSTINGS, "open.#")

        def heard() -> list[dict[str, Any]]:
            read = []
            while (message := channel.basic_get(queue, no_ack=True)) is not None:
                read.append(json.loads(message.body))
            connection.release()
            return read

        return heard


def confirmation(posting_id: str, outcome: str = "posted", **more: str) -> bytes:
    """A confirmation as bytes."""
    data = {"posting_id": posting_id, "outcome": outcome, **more}
    said = {"specversion": "1.0", "id": f"c-{posting_id}-{outcome}", "source": "urn:test", "data": data}
    return json.dumps({**said, "type": "ledger.confirmation.v1"}).encode()


def signed(consumer: str, body: bytes, key: bytes | None = None) -> dict[str, str]:
    """The headers of a signed body."""
    return {CONSUMER_HEADER: consumer, SIGNATURE_HEADER: sign(key or KEYS[consumer], body).decode()}


def _rules(home: Path) -> Path:
    rules = home / "rules"
    shutil.copytree(PROJECT / "rules", rules)
    text = (rules / "companies.yaml").read_text()
    head, company, tail = text.partition("  EU01:\n")
    own = "".join(_TARGET.format(name=name) for name in KEYS)
    (rules / "companies.yaml").write_text(head + company + tail.partition("    targets:\n")[0] + "    targets:\n" + own)
    return rules
