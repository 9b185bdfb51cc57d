"""ledger.postings on RabbitMQ: a topic exchange, and one quorum queue for each registered consumer."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bus.broker.amqp_session import HEARTBEAT_SECONDS, AmqpSession
from bus.broker.arrival import CONFIRM_SECONDS
from bus.broker.connection import transient_errors
from bus.broker.open_queues import declare_inbound
from bus.channels import LEDGER_CONFIRMATIONS, LEDGER_POSTINGS, postings_queue
from bus.errors import Transient

CONTENT_TYPE: Final = "application/cloudevents+json"

Message = tuple[str, bytes]


class RabbitPostings:
    """Publishes batches and waits for all their confirmations at once. For one thread at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: AmqpSession | None = None
        self._declared: set[str] = set()
        self._published = 0
        self._used = 0.0

    def declare(self, consumers: Iterable[str]) -> None:
        """Have the queues of these consumers there, and the one they confirm to; repeatable. Raises Transient."""
        with self._open() as session:
            declare_inbound(session, LEDGER_CONFIRMATIONS)
            for consumer in consumers:
                self._declare(session, consumer)

    def send(self, consumer: str, messages: Sequence[Message]) -> set[str]:
        """Publish (id, body) pairs to a registered consumer; the ids that its queue has, durably.

        Raises Transient when that is not known of any: then they are sent again.
        """
        with self._open() as session:
            if consumer not in self._declared:
                self._declare(session, consumer)
            return self._publish(session, _key(consumer), messages, mandatory=True)

    def tell(self, company: str, book: str, messages: Sequence[Message]) -> None:
        """Publish for whoever listens to open.<company>.<book>, if anybody does. Raises Transient."""
        with self._open() as session:
            if not session.has_exchange(LEDGER_POSTINGS):
                _declare_exchange(session)
            self._publish(session, f"open.{company}.{book}", messages, mandatory=False)

    def close(self) -> None:
        """Release the connection; the next batch opens another."""
        session, self._session = self._session, None
        self._declared.clear()
        if session is not None:
            session.close()

    @contextmanager
    def _open(self) -> Iterator[AmqpSession]:
        """A connection is open inside; one on which anything goes wrong is closed: a late confirmation misleads."""
        try:
            with transient_errors():
                yield self._connected()
        except BaseException:
            self.close()
            raise
        self._used = time.monotonic()

    def _connected(self) -> AmqpSession:
        if self._session is not None and time.monotonic() > self._used + HEARTBEAT_SECONDS:
            # Nobody sent heartbeats meanwhile: the broker has given it up, or is about to.
            self.close()
        if self._session is None:
            self._session = AmqpSession(self._url)
            self._published = 0
            self._session.channel.confirm_select()
        return self._session

    def _declare(self, session: AmqpSession, consumer: str) -> None:
        queue = postings_queue(consumer)
        # What is there is left as it is: then no right to configure is needed.
        if not session.has_queue(queue):
            _declare_exchange(session)
            session.channel.queue_declare(queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
            session.channel.queue_bind(queue, LEDGER_POSTINGS, _key(consumer))
        self._declared.add(consumer)

    def _publish(
        self, session: AmqpSession, routing_key: str, messages: Sequence[Message], *, mandatory: bool
    ) -> set[str]:
        awaited = _Confirms(session.channel)
        for name, body in messages:
            self._published += 1
            awaited.expect(self._published, name)
            properties = {"content_type": CONTENT_TYPE, "content_encoding": "utf-8", "message_id": name}
            session.publish(body, properties, exchange=LEDGER_POSTINGS, routing_key=routing_key, mandatory=mandatory)
        deadline = time.monotonic() + CONFIRM_SECONDS
        while awaited.open:
            if not session.drain_until(deadline):
                raise Transient("BROKER_UNAVAILABLE", "the broker confirms nothing")
        if awaited.returned:
            # Somebody deleted the queue: the next batch declares it again.
            self._declared.clear()
        return awaited.taken


class _Confirms:
    """What the broker said of the messages of one batch: taken, refused, or sent back for want of a queue."""

    def __init__(self, channel: Any) -> None:
        self.open: dict[int, str] = {}
        self.taken: set[str] = set()
        self.returned: set[str] = set()
        for event, note in (
            ("basic_ack", self._on_ack),
            ("basic_nack", self._on_nack),
            ("basic_return", self._on_return),
        ):
            channel.events[event].clear()
            channel.events[event].add(note)

    def expect(self, tag: int, name: str) -> None:
        """The message `name` goes out next, as number `tag` (from 1) of its channel."""
        self.open[tag] = name

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - the library's own signature
        # A message that was sent back is confirmed too, afterwards.
        self.taken |= self._settled(tag, multiple=multiple) - self.returned

    def _on_nack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001
        self._settled(tag, multiple=multiple)

    def _on_return(self, _error: Exception, _exchange: str, _routing_key: str, message: Any) -> None:
        self.returned.add(message.properties["message_id"])

    def _settled(self, tag: int, *, multiple: bool) -> set[str]:
        tags = [each for each in self.open if each <= tag] if multiple else [tag]
        return {self.open.pop(each) for each in tags if each in self.open}


def _declare_exchange(session: AmqpSession) -> None:
    session.channel.exchange_declare(LEDGER_POSTINGS, "topic", durable=True, auto_delete=False)


def _key(consumer: str) -> str:
    return f"consumer.{consumer}"
