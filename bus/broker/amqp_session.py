"""One connection and one channel to RabbitMQ, for one thread: what a door and a sender both stand on."""

import time
from collections.abc import Mapping
from typing import Any, Final

from amqp import Message
from kombu import Connection

from bus.broker.connection import CONNECT_SECONDS, transport_options

HEARTBEAT_SECONDS: Final = 20
WRITE_SECONDS: Final = 10
PERSISTENT: Final = 2


class AmqpSession:
    """Opened at once, one attempt. Raises what kombu, py-amqp and sockets raise; after that it is of no more use."""

    def __init__(self, url: str) -> None:
        # Confirms are awaited for many messages together, not after each one.
        options = {**transport_options(url), "confirm_publish": False}
        self._connection = Connection(
            url, heartbeat=HEARTBEAT_SECONDS, connect_timeout=CONNECT_SECONDS, transport_options=options
        )
        try:
            self._connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_SECONDS)
            self.channel = self.open_channel()
        except BaseException:
            self.close()
            raise

    @property
    def user(self) -> str:
        """The account that this connection is logged in with."""
        return self._connection.userid or "guest"

    def open_channel(self) -> Any:
        """A channel of py-amqp's that leaves bodies as they came."""
        channel: Any = self._connection.channel()
        channel.auto_decode = False
        return channel

    def has_queue(self, name: str) -> bool:
        """Whether the queue was declared by anyone, however it was."""
        channel = self.open_channel()
        try:
            channel.queue_declare(queue=name, passive=True)
        except self._connection.channel_errors:
            return False
        channel.close()
        return True

    def has_exchange(self, name: str) -> bool:
        """Whether the exchange was declared by anyone, however it was."""
        channel = self.open_channel()
        try:
            channel.exchange_declare(name, "topic", passive=True)
        except self._connection.channel_errors:
            return False
        channel.close()
        return True

    def drain(self, seconds: float) -> bool:
        """Let one thing happen (a delivery, a confirmation) within `seconds`; False when nothing did."""
        try:
            self._connection.drain_events(timeout=max(seconds, 0.001))
        except TimeoutError:
            return False
        return True

    def drain_until(self, deadline: float) -> bool:
        """The same until a moment of time.monotonic()."""
        left = deadline - time.monotonic()
        return left > 0 and self.drain(left)

    def keep_alive(self) -> None:
        """Send a heartbeat when one is due; raises when the broker has been silent for two."""
        self._connection.heartbeat_check()

    def publish(self, body: bytes, properties: Mapping[str, Any], **where: Any) -> None:
        """Publish a message that survives a restart. Not confirmed."""
        message = Message(body, delivery_mode=PERSISTENT, **properties)
        self.channel.basic_publish(message, timeout=WRITE_SECONDS, **where)

    def close(self) -> None:
        """Let go without waiting for a broker that may be gone."""
        self._connection.collect()
