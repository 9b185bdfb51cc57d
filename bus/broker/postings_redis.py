"""ledger.postings on Redis: one stream with a consumer group for each registered consumer.

A consumer deletes what it has acknowledged; the stream therefore holds what is on its way and needs no bound. Streams
and not kombu's lists: a list loses what a killed receiver had popped.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from redis.exceptions import ResponseError

from bus.broker.connection import transient_errors
from bus.broker.streams import open_client
from bus.channels import LEDGER_POSTINGS, postings_queue

# So many entries are kept for listeners that nobody registered.
OPEN_LIMIT: Final = 10_000
CONTENT_TYPE: Final = "application/cloudevents+json"

Message = tuple[str, bytes]


class RedisPostings:
    """Publishes batches, each as one round trip. For one thread at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Any = None

    def declare(self, consumers: Iterable[str]) -> None:
        """Have the streams and groups of these consumers there; repeatable. Raises Transient."""
        with self._open() as client:
            for consumer in consumers:
                _declare(client, consumer)

    def send(self, consumer: str, messages: Sequence[Message]) -> set[str]:
        """Append (id, body) pairs to a registered consumer's stream; the ids that it has.

        Raises Transient when that is not known of any: then they are sent again.
        """
        with self._open() as client:
            # Each time: a server that lost its data lost the group too, and a stream alone would be read by nobody.
            _declare(client, consumer)
            with client.pipeline(transaction=False) as batch:
                for name, body in messages:
                    batch.xadd(postings_queue(consumer), _fields(name, body))
                batch.execute()
        return {name for name, _ in messages}

    def tell(self, company: str, book: str, messages: Sequence[Message]) -> None:
        """Append to the stream ledger.postings, which keeps the last 10,000 or so. Raises Transient."""
        with self._open() as client, client.pipeline(transaction=False) as batch:
            for name, body in messages:
                fields = {**_fields(name, body), "company": company, "book": book}
                batch.xadd(LEDGER_POSTINGS, fields, maxlen=OPEN_LIMIT, approximate=True)
            batch.execute()

    def close(self) -> None:
        """Release the connection; the next batch opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            with transient_errors():
                if self._client is None:
                    self._client = open_client(self._url)
                yield self._client
        except BaseException:
            self.close()
            raise


def _fields(name: str, body: bytes) -> dict[str, Any]:
    return {"message_id": name, "content_type": CONTENT_TYPE, "body": body}


def _declare(client: Any, consumer: str) -> None:
    try:
        client.xgroup_create(postings_queue(consumer), consumer, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
