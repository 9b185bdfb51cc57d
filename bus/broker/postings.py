"""The channel ledger.postings: what the bus puts on it for registered consumers, and for whoever listens."""

import threading
from collections.abc import Iterable, Sequence
from typing import Protocol

from bus.broker.connection import is_amqp
from bus.broker.postings_rabbitmq import RabbitPostings
from bus.broker.postings_redis import RedisPostings
from bus.pipeline.consumers import Consumer
from bus.pipeline.posting_event import posting_body
from bus.ports import LedgerPosting


class Sender(Protocol):
    """The channel on one broker. Messages are (posting id, body)."""

    def declare(self, consumers: Iterable[str]) -> None: ...
    def send(self, consumer: str, messages: Sequence[tuple[str, bytes]]) -> set[str]: ...
    def tell(self, company: str, book: str, messages: Sequence[tuple[str, bytes]]) -> None: ...
    def close(self) -> None: ...


class OpenChannel:
    """ledger.postings over one kept connection. Safe to share between threads. Every call may raise Transient."""

    def __init__(self, url: str) -> None:
        """`url` is the broker's; nothing is opened yet."""
        self._lock = threading.Lock()
        self._sender: Sender = RabbitPostings(url) if is_amqp(url) else RedisPostings(url)

    def declare(self, consumers: Iterable[str]) -> None:
        """Have the durable queue or group of each consumer there. Repeatable."""
        with self._lock:
            self._sender.declare(consumers)

    def send(self, consumer: str, postings: Sequence[LedgerPosting], *, replay: bool = False) -> set[str]:
        """Put postings on a consumer's queue; the ids of those that it holds durably."""
        messages = [(posting.posting_id, posting_body(posting, replay=replay)) for posting in postings]
        with self._lock:
            return self._sender.send(consumer, messages)

    def tell(self, postings: Sequence[LedgerPosting]) -> None:
        """Publish postings for listeners that nobody registered; nothing keeps them for one that is away."""
        places: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
        for posting in postings:
            message = (posting.posting_id, posting_body(posting))
            places.setdefault((posting.company, posting.book), []).append(message)
        with self._lock:
            for (company, book), messages in places.items():
                self._sender.tell(company, book, messages)

    def close(self) -> None:
        """Release the connection; the next call opens another."""
        with self._lock:
            self._sender.close()


class ConsumerChannel:
    """The PostingChannel port to one consumer. The open channel is shared, and closed by whoever opened it."""

    def __init__(self, channel: OpenChannel, consumer: Consumer) -> None:
        self._channel = channel
        self.consumer = consumer.name
        self.confirm_within = consumer.confirm_within

    def send(self, postings: Sequence[LedgerPosting]) -> set[str]:
        """See PostingChannel."""
        return self._channel.send(self.consumer, postings)

    def close(self) -> None:
        """See PostingChannel."""
        self._channel.close()
