"""An open channel on Redis: a stream with a consumer group, removed after the commit.

Not kombu's transport: that one takes a message off its list before it notes that it has it.
"""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import redis
import structlog

from bus.broker.connection import transient_errors
from bus.broker.streams import RECEIPTS_KEPT, RECEIPTS_KEPT_SECONDS, open_client
from bus.errors import Transient
from bus.pipeline.open_channel import Answer, Incoming

GROUP: Final = "ledgerbus"
# What a consumer has had for so long without settling it, another takes over. If the first still lives, it is
# received twice, which changes nothing.
LEFT_AFTER_MS: Final = 15_000
LOOK_EVERY_SECONDS: Final = 5.0
# Consumers that have asked for nothing for a day are dead: they are forgotten.
FORGOTTEN_AFTER_MS: Final = 24 * 3600 * 1000

_OWN: Final = ("body", "content_type", "content_encoding", "message_id", "reply_to")

log = structlog.get_logger(__name__)


class RedisDoor:
    """Implements bus.pipeline.open_channel.ChannelDoor. Connects when it is first used, and anew after a loss.

    `owner` names this process in the group; what another has had for `left_after_ms` is taken over. Receipts go to
    streams `<receipts>.<address>`, trimmed.
    """

    def __init__(self, url: str, channel: str, receipts: str, owner: str, left_after_ms: int = LEFT_AFTER_MS) -> None:
        self.channel = channel
        self._url = url
        self._receipts = receipts
        self._owner = owner
        self._left_after_ms = left_after_ms
        self._client: redis.Redis | None = None
        self._waiting: deque[Incoming] = deque()
        self._looked = 0.0

    def take(self, most: int, wait_seconds: float) -> list[Incoming]:
        """Up to `most` messages; first those that a dead consumer left."""
        with self._held_together():
            client = self._connected(most)
            if not self._waiting and time.monotonic() > self._looked + LOOK_EVERY_SECONDS:
                self._take_over(client, most)
            if not self._waiting:
                self._read(client, ">", most, wait_seconds)
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def give_back(self, taken: Sequence[Incoming]) -> None:
        """They stay pending at the broker and come first at the next take."""
        if self._client is not None:
            self._waiting.extendleft(reversed(taken))

    def settle(self, taken: Sequence[Incoming]) -> None:
        """Acknowledge and delete them, in one step."""
        with self._held_together():
            if self._client is None:
                raise Transient("BROKER_UNAVAILABLE", "the connection these messages came by is gone")
            ids = [message.handle for message in taken]
            with self._client.pipeline(transaction=True) as both:
                both.xack(self.channel, GROUP, *ids)
                both.xdel(self.channel, *ids)
                both.execute()

    def answer(self, answers: Sequence[Answer]) -> None:
        """Publish receipts; a broker that has no room for them must still be told what to delete."""
        if self._client is None or not answers:
            return
        try:
            with transient_errors(), self._client.pipeline(transaction=False) as many:
                for answer in answers:
                    fields: Any = {"body": answer.body, "message_id": answer.message_id}
                    many.xadd(self._stream(answer.address), fields, maxlen=RECEIPTS_KEPT, approximate=True)
                for address in {answer.address for answer in answers}:
                    many.expire(self._stream(address), RECEIPTS_KEPT_SECONDS)
                many.execute()
        except Transient as error:
            log.warning("receipts_not_sent", channel=self.channel, count=len(answers), code=error.code)

    def close(self) -> None:
        """Whatever was taken and not settled stays pending, until it is taken over."""
        self._waiting.clear()
        if self._client is not None:
            self._client.close()
            self._client = None

    def _stream(self, address: str) -> str:
        return f"{self._receipts}.{address}"

    @contextmanager
    def _held_together(self) -> Iterator[None]:
        try:
            with transient_errors():
                yield
        except BaseException:
            self.close()
            raise

    def _connected(self, most: int) -> redis.Redis:
        if self._client is None:
            self._client = open_client(self._url)
            try:
                self._client.xgroup_create(self.channel, GROUP, id="0", mkstream=True)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
            # What this very process had when it lost the connection.
            self._read(self._client, "0", most, 0)
        return self._client

    def _read(self, client: redis.Redis, after: str, most: int, wait_seconds: float) -> None:
        block = max(1, int(wait_seconds * 1000)) if wait_seconds else None
        found: Any = client.xreadgroup(GROUP, self._owner, {self.channel: after}, count=most, block=block)
        for _, entries in found.items() if isinstance(found, dict) else found or ():
            self._arrived(client, _flat(entries))

    def _take_over(self, client: redis.Redis, most: int) -> None:
        self._looked = time.monotonic()
        found: Any = client.xautoclaim(self.channel, GROUP, self._owner, self._left_after_ms, count=most)
        if found[1]:
            log.info("messages_taken_over", channel=self.channel, count=len(found[1]))
            self._looked = 0.0
        self._arrived(client, found[1])
        consumers: Any = client.xinfo_consumers(self.channel, GROUP)
        for consumer in consumers:
            if consumer["pending"] == 0 and consumer["idle"] > FORGOTTEN_AFTER_MS:
                client.xgroup_delconsumer(self.channel, GROUP, consumer["name"])

    def _arrived(self, client: redis.Redis, entries: Sequence[tuple[bytes, Mapping[bytes, bytes] | None]]) -> None:
        gone = [name for name, fields in entries if not fields]
        if gone:  # deleted by hand while they were pending
            client.xack(self.channel, GROUP, *gone)
        self._waiting.extend(_incoming(name, fields) for name, fields in entries if fields)


def _flat(entries: Any) -> Any:
    """The second protocol version answers with a list of entries, the third with a list of such lists."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


def _everything(fields: Mapping[bytes, bytes]) -> bytes:
    """An entry without a body, for the quarantine: its fields as JSON, each byte one character."""
    return json.dumps({key.decode("latin-1"): value.decode("latin-1") for key, value in fields.items()}).encode()


def _incoming(name: bytes, fields: Mapping[bytes, bytes]) -> Incoming:
    said = {key.decode("utf-8", "replace"): value for key, value in fields.items()}
    text = {key: value.decode("utf-8", "surrogateescape") for key, value in said.items() if key != "body"}
    return Incoming(
        handle=name,
        body=said.get("body") or _everything(fields),
        content_type=text.get("content_type", ""),
        content_encoding=text.get("content_encoding", ""),
        headers={key: value for key, value in text.items() if key not in _OWN},
        message_id=text.get("message_id", ""),
        reply_to=text.get("reply_to", ""),
        sender=None,
    )
