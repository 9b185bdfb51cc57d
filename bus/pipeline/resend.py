"""Resend: what a channel target was sent, once more from the store. Nothing in the store changes."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from bus.errors import Permanent, Transient
from bus.pipeline.booking import Books
from bus.pipeline.consumers import Consumers
from bus.pipeline.deliver import ledger_posting
from bus.ports import LedgerPosting
from bus.store_port import Store

_PAGE: Final = 500
_FOREVER: Final = date(9999, 12, 30)

Send = Callable[[str, Sequence[LedgerPosting]], set[str]]


class Resend:
    """The use case of a consumer that lost what it had. The messages are marked `replay`, their ids are the same."""

    def __init__(self, store: Store, books: Books, consumers: Consumers, send: Send) -> None:
        self._store = store
        self._books = books
        self._consumers = consumers
        self._send = send

    def __call__(self, target: str, since: date, until: date | None, progress: Callable[[int], None]) -> int:
        """Send the postings of `target` whose entries were booked from `since` to `until`, both UTC days, inclusive.

        Those that were sent before, in booking order, except rejected ones; how many. `progress` is told the count.
        Raises Permanent TARGET_UNKNOWN or TARGET_NOT_A_CHANNEL, and Transient: run it again, nothing is counted twice.
        """
        self._check(target)
        sent = 0
        for page in self._pages(target, since, until or _FOREVER):
            for consumer, postings in page.items():
                missed = len(postings) - len(self._send(consumer, postings))
                if missed:
                    raise Transient("CHANNEL_UNROUTABLE", f"{missed} of {len(postings)} found no queue")
                sent += len(postings)
            progress(sent)
        return sent

    def _check(self, target: str) -> None:
        named = [(c.code, t.name) for c in self._books.companies.values() for t in c.targets if t.name == target]
        if not named:
            raise Permanent("TARGET_UNKNOWN", f"no company has a target {target}", detail={"target": target})
        if not any(self._consumers.of(*place) for place in named):
            raise Permanent("TARGET_NOT_A_CHANNEL", f"{target} has an adapter of its own", detail={"target": target})

    def _pages(self, target: str, since: date, until: date) -> Iterator[dict[str, list[LedgerPosting]]]:
        after = (-1, "")
        while True:
            with self._store.read() as uow:
                found = uow.answers.sent_since(target, _ms(since), _ms(until + timedelta(days=1)), after, _PAGE)
                vouchers = uow.ledger.of_postings([posting_id for _, posting_id in found]) if found else []
            if not found:
                return
            after = found[-1][0]
            page: dict[str, list[LedgerPosting]] = {}
            for posting_id, voucher in vouchers:
                consumer = self._consumers.of(voucher.company, target)
                if consumer is not None:
                    posting = ledger_posting(self._books, posting_id, voucher)
                    page.setdefault(consumer.name, []).append(posting)
            yield page


def _ms(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)
