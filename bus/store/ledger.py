"""Reading the journal: vouchers by id, by document, whole books in order; nothing here writes."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, String, and_, or_, select

from bus.records import StoredEntry, Voucher
from bus.store.journal import SqlJournal, entry_of
from bus.store.rowset import rowset
from bus.store.tables import journal_entry, posting
from bus.store.voucher import voucher_text

_PAGE: Final = 1000
_ORDER: Final = ("company", "book", "period", "word", "number")


class SqlLedger:
    """Vouchers of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._journal = SqlJournal(connection)

    def of_postings(self, posting_ids: Sequence[str]) -> list[tuple[str, Voucher]]:
        """(posting id, voucher) of these postings, in booking order, as targets see them: lines without explanation."""
        asked = rowset(self._dialect, "asked", {"posting_id": String()}, [(i,) for i in posting_ids])
        wanted = (
            self._vouchers(posting.c.posting_id)
            .join(posting, posting.c.entry_id == journal_entry.c.entry_id)
            .join(asked, asked.c.posting_id == posting.c.posting_id)
            .order_by(journal_entry.c.inbox_id, journal_entry.c.book, journal_entry.c.number)
        )
        rows = self._connection.execute(wanted).all()
        return list(zip([row.posting_id for row in rows], self._read(rows, explained=False), strict=True))

    def of_entries(self, entry_ids: Sequence[str]) -> list[Voucher]:
        """The vouchers of these entries, in booking order."""
        asked = rowset(self._dialect, "asked", {"entry_id": String()}, [(i,) for i in entry_ids])
        wanted = self._vouchers().join(asked, asked.c.entry_id == journal_entry.c.entry_id)
        rows = self._connection.execute(wanted.order_by(journal_entry.c.inbox_id, journal_entry.c.number)).all()
        return self._read(rows)

    def of_document(self, company: str, document: str) -> list[Voucher]:
        """Every voucher of a document, in booking order."""
        wanted = self._vouchers().where(journal_entry.c.company == company, journal_entry.c.document == document)
        rows = self._connection.execute(wanted.order_by(journal_entry.c.inbox_id, journal_entry.c.number)).all()
        return self._read(rows)

    def stream(self, company: str | None = None, book: str | None = None) -> Iterator[Voucher]:
        """Vouchers by company, book, period, word and number; a page of them in memory at a time."""
        key = [journal_entry.c[name] for name in _ORDER]
        last: Row[Any] | None = None
        while True:
            wanted = self._vouchers().order_by(*key).limit(_PAGE)
            if company is not None:
                wanted = wanted.where(journal_entry.c.company == company)
            if book is not None:
                wanted = wanted.where(journal_entry.c.book == book)
            rows = self._connection.execute(wanted if last is None else wanted.where(_after(last))).all()
            yield from self._read(rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1]

    def _vouchers(self, *more: Any) -> Select[Any]:
        taken_back = journal_entry.alias("taken_back")
        number = (
            select(voucher_text(self._dialect, taken_back))
            .where(taken_back.c.entry_id == journal_entry.c.reverses)
            .scalar_subquery()
        )
        return select(journal_entry, number.label("reversed_voucher"), *more)

    def _read(self, rows: Sequence[Row[Any]], *, explained: bool = True) -> list[Voucher]:
        lines = self._journal.lines([row.entry_id for row in rows], explained=explained) if rows else {}
        return [
            Voucher(
                entry=entry_of(row, tuple(lines.get(row.entry_id, ())), StoredEntry),
                inbox_id=row.inbox_id,
                source=row.source,
                event_id=row.event_id,
                company=row.company,
                period=row.period,
                number=row.number,
                original_date=date.fromisoformat(row.original_date),
                previous_hash=row.previous_hash,
                hash=row.hash,
                reverses=row.reversed_voucher,
            )
            for row in rows
        ]


def _after(last: Row[Any]) -> Any:
    """Keyset paging: the rows after `last` in _ORDER."""
    columns = [(journal_entry.c[name], getattr(last, name)) for name in _ORDER]
    steps = []
    for place, (column, value) in enumerate(columns):
        same = [earlier == earlier_value for earlier, earlier_value in columns[:place]]
        steps.append(and_(*same, column > value))
    return or_(*steps)
