"""A sender's way to the bus over Redis: the channel's stream, and a stream of its own for receipts."""

from collections.abc import Sequence
from typing import Any, Final

from bus.broker.connection import transient_errors
from bus.broker.receipts import receipt_of
from bus.broker.streams import open_client

CONTENT_TYPE: Final = "application/cloudevents+json"
_A_READ: Final = 1000


class RedisWay:
    """Publishes to the stream `channel`, reads receipts from `<receipts>.<address>`. For one thread.

    Everything raises Transient BROKER_UNAVAILABLE.
    """

    def __init__(self, url: str, channel: str, receipts: str, address: str) -> None:
        self._channel = channel
        self._address = address
        self._stream = f"{receipts}.{address}"
        # From the beginning of what is kept: receipts of events that were let go of change nothing.
        self._after: bytes | str = "0"
        self._client = open_client(url)
        with transient_errors():
            self._client.ping()

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish events (message id, JSON bytes) in order."""
        with transient_errors(), self._client.pipeline(transaction=False) as many:
            for message_id, body in messages:
                many.xadd(
                    self._channel,
                    {
                        "body": body,
                        "content_type": CONTENT_TYPE,
                        "message_id": message_id,
                        "reply_to": self._address,
                    },
                )
            many.execute()

    def receipts(self, wait_seconds: float) -> list[dict[str, Any]]:
        """Receipts that have come; waits for the first."""
        block = max(1, int(wait_seconds * 1000)) if wait_seconds else None
        with transient_errors():
            found = self._client.xread({self._stream: self._after}, count=_A_READ, block=block)
        came: list[dict[str, Any]] = []
        for _, entries in found or ():
            for name, fields in entries:
                self._after = name
                came += receipt_of((fields or {}).get(b"body", b""))
        return came

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()
