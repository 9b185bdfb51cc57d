"""A sender's way to the bus over RabbitMQ: confirmed publishing, and a queue of its own for receipts."""

import time
from collections.abc import Sequence
from typing import Any, Final

from bus.broker.amqp_session import AmqpSession
from bus.broker.connection import transient_errors
from bus.broker.open_queues import declare_receipt_queue
from bus.broker.receipts import receipt_of
from bus.errors import Transient

CONTENT_TYPE: Final = "application/cloudevents+json"
CONFIRM_SECONDS: Final = 30.0


class RabbitWay:
    """Connected at once. Publishes to `channel`, listens for receipts under `address`. For one thread.

    Raises Transient BROKER_UNAVAILABLE; CHANNEL_MISSING while no bus has been on this broker yet.
    """

    def __init__(self, url: str, channel: str, receipts: str, address: str) -> None:
        self._channel = channel
        self._address = address
        self._arrived: list[dict[str, Any]] = []
        self._unconfirmed: set[int] = set()
        self._published = 0
        self._failed = ""
        with transient_errors():
            self._session = AmqpSession(url)
            try:
                self._begin(receipts)
            except BaseException:
                self._session.close()
                raise

    def _begin(self, receipts: str) -> None:
        if not self._session.has_queue(self._channel):
            raise _missing(self._channel)
        queue = declare_receipt_queue(self._session, receipts, self._address)
        amqp = self._session.channel
        amqp.confirm_select()
        amqp.events["basic_ack"].add(self._confirmed)
        amqp.events["basic_nack"].add(self._refused)
        amqp.events["basic_return"].add(self._returned)
        amqp.basic_consume(queue, no_ack=True, callback=self._receipt_came)

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish events (message id, JSON bytes); returns when the broker has all of them on disk, in a queue."""
        with transient_errors():
            for message_id, body in messages:
                self._published += 1
                self._unconfirmed.add(self._published)
                properties = {
                    "content_type": CONTENT_TYPE,
                    "content_encoding": "utf-8",
                    "message_id": message_id,
                    "reply_to": self._address,
                    "user_id": self._session.user,
                }
                self._session.publish(
                    body, properties, exchange=self._channel, routing_key=self._channel, mandatory=True
                )
            deadline = time.monotonic() + CONFIRM_SECONDS
            while self._unconfirmed and self._session.drain_until(deadline):
                pass
        if self._failed == "returned":
            raise _missing(self._channel)
        if self._failed or self._unconfirmed:
            raise Transient("BROKER_UNAVAILABLE", "the broker does not confirm what is published")

    def receipts(self, wait_seconds: float) -> list[dict[str, Any]]:
        """Receipts that have come; waits for the first."""
        with transient_errors():
            deadline = time.monotonic() + wait_seconds
            while not self._arrived and self._session.drain_until(deadline):
                pass
            while self._arrived and self._session.drain(0):
                pass
            self._session.keep_alive()
        given, self._arrived = self._arrived, []
        return given

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def _receipt_came(self, message: Any) -> None:
        self._arrived.extend(receipt_of(bytes(message.body)))

    def _confirmed(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._unconfirmed = {n for n in self._unconfirmed if n > tag} if multiple else self._unconfirmed - {tag}

    def _refused(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._failed = "refused"
        self._confirmed(tag, multiple)

    def _returned(self, *_: object) -> None:
        self._failed = "returned"


def _missing(channel: str) -> Transient:
    return Transient("CHANNEL_MISSING", f"no queue takes what is published on {channel}")
