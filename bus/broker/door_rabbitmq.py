"""An open channel on RabbitMQ: a quorum queue, acknowledged after the commit."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import structlog

from bus.broker.amqp_session import AmqpSession
from bus.broker.connection import transient_errors
from bus.broker.open_queues import declare_inbound, declare_receipts
from bus.errors import Transient
from bus.pipeline.open_channel import Answer, Incoming

# How long a batch that has begun waits for its next message.
_LINGER_SECONDS: Final = 0.005
_JSON: Final = "application/json"

log = structlog.get_logger(__name__)


class RabbitDoor:
    """Implements bus.pipeline.open_channel.ChannelDoor. Connects when it is first used, and anew after a loss.

    `prefetch` bounds what is held in memory, in messages. Receipts go to the topic exchange `receipts`.
    """

    def __init__(self, url: str, channel: str, receipts: str, prefetch: int) -> None:
        self.channel = channel
        self._url = url
        self._receipts = receipts
        self._prefetch = prefetch
        self._session: AmqpSession | None = None
        # A connection of its own: a broker short of memory stops listening to whoever publishes, and must still hear
        # what is acknowledged.
        self._publisher: AmqpSession | None = None
        self._waiting: deque[Incoming] = deque()

    def take(self, most: int, wait_seconds: float) -> list[Incoming]:
        """Up to `most` messages, in the order of the queue."""
        with self._held_together():
            session = self._connected()
            deadline = time.monotonic() + wait_seconds
            while not self._waiting and session.drain_until(deadline):
                pass
            while self._waiting and len(self._waiting) < most and session.drain(_LINGER_SECONDS):
                pass
            session.keep_alive()
            if self._publisher is not None:
                self._publisher.keep_alive()
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def give_back(self, taken: Sequence[Incoming]) -> None:
        """They stay unacknowledged at the broker and come first at the next take, unless the connection is lost."""
        if self._session is not None:
            self._waiting.extendleft(reversed(taken))

    def settle(self, taken: Sequence[Incoming]) -> None:
        """Acknowledge them, and with them all before: everything before was settled."""
        came_by, tag = taken[-1].handle
        session = self._session
        if session is None or came_by is not session:
            raise Transient("BROKER_UNAVAILABLE", "the connection these messages came by is gone")
        with self._held_together():
            session.channel.basic_ack(tag, multiple=True)

    def answer(self, answers: Sequence[Answer]) -> None:
        """Publish receipts. A broker that does not take them now must still be told what to acknowledge."""
        try:
            with transient_errors():
                for answer in answers:
                    self._publish(answer)
        except Transient as error:
            log.warning("receipts_not_sent", channel=self.channel, count=len(answers), code=error.code)
            self._close_publisher()

    def close(self) -> None:
        """Whatever was taken and not settled goes back to the queue."""
        self._waiting.clear()
        if self._session is not None:
            self._session.close()
            self._session = None
        self._close_publisher()

    def _close_publisher(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None

    @contextmanager
    def _held_together(self) -> Iterator[None]:
        try:
            with transient_errors():
                yield
        except BaseException:
            self.close()
            raise

    def _connected(self) -> AmqpSession:
        if self._session is None:
            session = AmqpSession(self._url)
            self._session = session
            declare_inbound(session, self.channel)
            declare_receipts(session, self._receipts)
            session.channel.basic_qos(0, self._prefetch, a_global=False)
            session.channel.basic_consume(self.channel, callback=lambda message: self._arrived(session, message))
        return self._session

    def _arrived(self, session: AmqpSession, message: Any) -> None:
        said = message.properties
        self._waiting.append(
            Incoming(
                handle=(session, message.delivery_tag),
                body=bytes(message.body),
                content_type=said.get("content_type") or "",
                content_encoding=said.get("content_encoding") or "",
                headers=said.get("application_headers") or {},
                message_id=said.get("message_id") or "",
                reply_to=said.get("reply_to") or "",
                sender=said.get("user_id"),
            )
        )

    def _publish(self, answer: Answer) -> None:
        if self._publisher is None:
            self._publisher = AmqpSession(self._url)
        properties = {"content_type": _JSON, "message_id": answer.message_id}
        self._publisher.publish(answer.body, properties, exchange=self._receipts, routing_key=answer.address)
