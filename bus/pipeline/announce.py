"""Announce: what was booked is told on the open channel to whoever listens; best effort."""

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bus.channels import LEDGER_POSTINGS
from bus.errors import BusError
from bus.pipeline.booking import Books, posting_id
from bus.pipeline.deliver import ledger_posting
from bus.ports import LedgerPosting
from bus.store_port import Store

_PAGE: Final = 500

log = structlog.get_logger(__name__)

Tell = Callable[[Sequence[LedgerPosting]], None]


class Announce:
    """Publishes committed entries of companies with `open_channel: true`. There are no posting rows behind it."""

    def __init__(self, store: Store, books: Books, tell: Tell) -> None:
        self._store = store
        self._books = books
        self._tell = tell

    def __call__(self, entry_ids: Sequence[str]) -> None:
        """Tell of these entries, best effort: an error is logged, the entries are booked whatever becomes of it."""
        try:
            for start in range(0, len(entry_ids), _PAGE):
                with self._store.read() as uow:
                    vouchers = uow.ledger.of_entries(entry_ids[start : start + _PAGE])
                self._tell(
                    [ledger_posting(self._books, posting_id(v.entry.entry_id, LEDGER_POSTINGS), v) for v in vouchers]
                )
        except BusError as error:
            log.warning("entries_not_announced", code=error.code, entries=len(entry_ids))
