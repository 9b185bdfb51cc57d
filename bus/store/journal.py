"""The journal: append-only entries and lines, gapless numbers, one hash chain a counter."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Integer, Row, String, and_, literal, select, update
from sqlalchemy.sql.selectable import FromClause

from bus.accounting.journal import JournalEntry, JournalLine
from bus.message import canonical_json
from bus.records import LiveEntry, NumberedEntry, voucher_number
from bus.store.clock import now_ms
from bus.store.rowset import Columns, append_rows, checked, insert_into, rowset
from bus.store.tables import journal_entry, journal_line, voucher_counter

CounterKey = tuple[str, str, str, str]
START_OF_CHAIN: Final = "0" * 64
_COUNTER: Final[Columns] = {"company": String(), "book": String(), "period": String(), "word": String()}
_ENTRY: Final = (
    "entry_id", "inbox_id", "source", "event_id", "part", "company", "book", "period", "word", "number", "document",
    "event_type", "life_key", "accounting_date", "original_date", "rule", "rule_version", "pack_hash", "text",
    "currency", "reverses", "requires", "previous_hash", "hash",
)  # fmt: skip
_EXPLAIN: Final = "explain"
_LINE: Final = (
    "entry_id", "line_no", "line_id", "side", "account", "amount", "currency", "base_amount", "dims", "text", _EXPLAIN,
)  # fmt: skip


class SqlJournal:
    """Journal rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def live(self, documents: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[LiveEntry]]:
        """Entries of these (company, document) that nothing has reversed, oldest first."""
        asked = rowset(self._dialect, "asked", {"company": String(), "document": String()}, documents)
        reversal = journal_entry.alias("reversal")
        chosen = (
            select(journal_entry)
            .join(
                asked,
                and_(journal_entry.c.document == asked.c.document, checked(journal_entry.c.company == asked.c.company)),
            )
            .where(
                checked(journal_entry.c.reverses.is_(None)),
                ~select(reversal.c.entry_id).where(reversal.c.reverses == journal_entry.c.entry_id).exists(),
            )
        )
        entries = self._connection.execute(chosen.order_by(journal_entry.c.inbox_id, journal_entry.c.book)).all()
        if not entries:
            return {}
        lines = self.lines([row.entry_id for row in entries])
        live: dict[tuple[str, str], list[LiveEntry]] = {}
        for row in entries:
            voucher = voucher_number(row.word, row.period, row.number)
            entry = LiveEntry(entry_of(row, tuple(lines[row.entry_id])), voucher)
            live.setdefault((row.company, row.document), []).append(entry)
        return live

    def lines(self, entry_ids: Sequence[str], *, explained: bool = True) -> dict[str, list[JournalLine]]:
        """Lines by entry, in order; `explained` False leaves out how they came about, which is half of their size."""
        asked = self._ids(entry_ids)
        wanted = [journal_line.c[name] for name in _LINE if explained or name != _EXPLAIN]
        rows = self._connection.execute(
            select(*wanted)
            .join(asked, asked.c.entry_id == journal_line.c.entry_id)
            .order_by(journal_line.c.entry_id, journal_line.c.line_no)
        )
        found: dict[str, list[JournalLine]] = {}
        for row in rows.all():
            found.setdefault(row[0], []).append(_line(row))
        return found

    def lock_counters(self, keys: Sequence[CounterKey]) -> dict[CounterKey, tuple[int, str]]:
        """Lock these counters in key order, opening those that are new; next number and head of the chain of each."""
        wanted = rowset(self._dialect, "wanted", _COUNTER, sorted(keys))
        opened = select(*wanted.c, literal(1), literal(START_OF_CHAIN)).where(literal(1) == literal(1))
        if self._dialect != "sqlite":  # concurrent openers must meet the same rows in the same order
            opened = opened.order_by(*wanted.c)
        names = [*_COUNTER, "next_number", "head"]
        self._connection.execute(
            insert_into(self._dialect, voucher_counter).from_select(names, opened).on_conflict_do_nothing()
        )
        table = voucher_counter.c
        locked = self._connection.execute(
            select(voucher_counter)
            .join(wanted, _same_counter(wanted))
            .order_by(table.company, table.book, table.period, table.word)
            .with_for_update(of=voucher_counter)
        )
        return {(r.company, r.book, r.period, r.word): (r.next_number, r.head) for r in locked}

    def booked(self, entry_ids: Sequence[str]) -> set[str]:
        """Those of these entries that are in the journal."""
        asked = self._ids(entry_ids)
        found = select(journal_entry.c.entry_id).join(asked, asked.c.entry_id == journal_entry.c.entry_id)
        return set(self._connection.execute(found).scalars())

    def reversed(self, entry_ids: Sequence[str]) -> set[str]:
        """Those of these entries that have been reversed."""
        asked = self._ids(entry_ids)
        found = select(journal_entry.c.reverses).join(asked, asked.c.entry_id == journal_entry.c.reverses)
        return set(self._connection.execute(found).scalars())

    def append(self, entries: Sequence[NumberedEntry], heads: dict[CounterKey, tuple[int, str]]) -> None:
        """Insert entries with their lines and move the counters to their new (next number, head)."""
        now = self._connection.execute(select(now_ms())).scalar_one()
        rows = [(*_entry_row(entry), now) for entry in entries]
        append_rows(self._connection, journal_entry, [*_ENTRY, "booked_at"], rows)
        lines = [row for entry in entries for row in _line_rows(entry)]
        append_rows(self._connection, journal_line, _LINE, lines)
        moved = rowset(
            self._dialect,
            "moved",
            {**_COUNTER, "next_number": Integer(), "head": String()},
            [(*key, number, head) for key, (number, head) in heads.items()],
        )
        self._connection.execute(
            update(voucher_counter)
            .where(_same_counter(moved))
            .values(next_number=moved.c.next_number, head=moved.c.head)
        )

    def _ids(self, entry_ids: Sequence[str]) -> FromClause:
        return rowset(self._dialect, "asked", {"entry_id": String()}, [(i,) for i in entry_ids])


def _same_counter(other: FromClause) -> Any:
    return and_(*(voucher_counter.c[name] == other.c[name] for name in _COUNTER))


def _entry_row(numbered: NumberedEntry) -> tuple[Any, ...]:
    bookable, entry = numbered.bookable, numbered.bookable.entry
    return (
        entry.entry_id, bookable.inbox_id, bookable.source, bookable.event_id, entry.part,
        bookable.company, entry.book, bookable.period, entry.word, numbered.number,
        entry.document, entry.event_type, entry.life_key, bookable.accounting_date.isoformat(),
        entry.accounting_date.isoformat(), entry.rule, entry.rule_version, entry.pack_hash, numbered.text,
        entry.currency, entry.reverses, orjson.dumps(entry.requires).decode(), numbered.previous_hash, numbered.hash,
    )  # fmt: skip


def _line_rows(numbered: NumberedEntry) -> list[tuple[Any, ...]]:
    entry = numbered.bookable.entry
    return [
        (
            entry.entry_id, place, line.line_id, line.side, line.account, line.amount, line.currency, line.base_amount,
            canonical_json(line.dims).decode(), line.text, canonical_json(line.explain).decode(),
        )
        for place, line in enumerate(entry.lines, 1)
    ]  # fmt: skip


def _line(row: Row[Any]) -> JournalLine:
    """A line from a row in the order of _LINE."""
    _, _, line_id, side, account, amount, currency, base_amount, dims, text, *explain = tuple(row)
    how = orjson.loads(explain[0]) if explain else {}
    return JournalLine(line_id, side, account, amount, currency, base_amount, orjson.loads(dims), text, how)


def entry_of(row: Row[Any], lines: tuple[JournalLine, ...], kind: type[JournalEntry] = JournalEntry) -> JournalEntry:
    """The entry of a selected journal_entry row; one that was tampered with raises Permanent unless `kind` takes it."""
    return kind(
        entry_id=row.entry_id,
        part=row.part,
        book=row.book,
        rule=row.rule,
        rule_version=row.rule_version,
        pack_hash=row.pack_hash,
        event_type=row.event_type,
        document=row.document,
        life_key=row.life_key,
        accounting_date=date.fromisoformat(row.accounting_date),
        word=row.word,
        text=row.text,
        currency=row.currency,
        lines=lines,
        reverses=row.reverses,
        requires=tuple(orjson.loads(row.requires)),
    )
