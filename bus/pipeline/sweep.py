"""Sweep: a gap in a document's sequence that nothing fills in time becomes an exception with a name.

A parked event that nothing holds back any more, because the one before it was discarded, gets its turn again.
"""

from bus.pipeline.booking import Books
from bus.records import SEQUENCE_GAP, RaisedException, Settlement
from bus.store_port import Store

_LIMIT = 500


class Sweep:
    """The use case of the dispatcher's slow loop."""

    def __init__(self, store: Store, books: Books, gap_minutes: int) -> None:
        self._store = store
        self._books = books
        self._gap_ms = gap_minutes * 60_000

    def __call__(self) -> int:
        """Hold the first event behind each gap older than the limit, wake what is free; how many were found."""
        with self._store.begin() as uow:
            freed = uow.parked.freed(_LIMIT)
            if freed:
                uow.inbox.settle([Settlement(waiting.id, "accepted") for waiting in freed])
            gaps = uow.parked.gaps(self._gap_ms, _LIMIT)
            if not gaps:
                return len(freed)
            uow.inbox.settle([Settlement(waiting.id, "held", SEQUENCE_GAP) for waiting in gaps])
            raised = []
            for waiting in gaps:
                event = waiting.event
                amount, currency = self._books.amount_of(event)
                text = f"event {event.sequence} of this document came, an earlier one did not"
                raised.append(
                    RaisedException(
                        waiting.id, SEQUENCE_GAP, event.company, event.subject, amount, currency,
                        SEQUENCE_GAP, text, {"sequence": event.sequence},
                    )
                )  # fmt: skip
            uow.exceptions.raise_all(raised)
        return len(freed) + len(gaps)
