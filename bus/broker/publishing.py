"""Whole events out on channels: a queue that keeps them until they are taken, or a tap that only listeners hear."""

import threading
from typing import Any

from kombu import Connection, Exchange, Queue

from bus.broker.arrival import MUST_ARRIVE, arriving
from bus.broker.connection import CONNECT_SECONDS, transient_errors, transport_options
from bus.message import Event, canonical_json

CONTENT_TYPE = "application/cloudevents+json"


class EventPublisher:
    """Publishes CloudEvents (structured mode) over one kept connection. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def __call__(self, channel: str, kind: str, event: Event) -> None:
        """Publish one event; `kind` is "publish" (kept in a durable queue) or "tap" (heard by who listens now).

        Raises Transient BROKER_UNAVAILABLE, then the event may or may not have gone out; BROKER_UNROUTABLE, then not.
        """
        with self._lock:
            try:
                with transient_errors():
                    self._send(channel, kind, event)
            except BaseException:
                self.close()
                raise

    def _send(self, channel: str, kind: str, event: Event) -> None:
        if self._connection is None:
            self._connection = Connection(
                self._url, connect_timeout=CONNECT_SECONDS, transport_options=transport_options(self._url)
            )
        how: dict[str, Any] = {
            "content_type": CONTENT_TYPE,
            "content_encoding": "utf-8",
            "headers": {"correlation_id": event.correlation_id or event.id},
            "retry": False,
        }
        producer = self._connection.Producer(self._connection.default_channel)
        body = canonical_json(event.to_cloudevent())
        if kind == "tap":
            producer.publish(
                body, exchange=Exchange(f"tap.{channel}", type="fanout", durable=True), routing_key="", **how
            )
        else:
            kept = {"x-queue-type": "quorum"}
            exchange = Exchange(channel, type="direct")
            queue = Queue(channel, exchange, routing_key=channel, durable=True, queue_arguments=kept)
            with arriving(producer):
                producer.publish(body, exchange=exchange, routing_key=channel, declare=[queue], **MUST_ARRIVE, **how)

    def close(self) -> None:
        """Release the connection; the next event opens another."""
        if self._connection is not None:
            self._connection.release()
            self._connection = None
