"""Sums over the whole store: what is left to do, what was booked, and whether it adds up."""

from typing import Any, Final

from sqlalchemy import Connection, case, func, select

from bus.store.clock import now_ms
from bus.store.engine import plan_for_whole_tables
from bus.store.exceptions import LIVE
from bus.store.parked import select_freed
from bus.store.tables import (
    document,
    event_copy,
    exception,
    inbox,
    journal_entry,
    journal_line,
    posting,
    voucher_counter,
)

_DEBIT: Final = func.sum(case((journal_line.c.side == "debit", journal_line.c.amount), else_=0))
_CREDIT: Final = func.sum(case((journal_line.c.side == "credit", journal_line.c.amount), else_=0))


class SqlTotals:
    """Read-only sums; amounts are minor units with their currency."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unfinished(self) -> dict[str, int]:
        """What keeps the bus from being at rest, by name; empty at quiescence."""
        counts = {
            "events_accepted": select(func.count()).select_from(inbox).where(inbox.c.state == "accepted"),
            "documents_leased": select(func.count()).select_from(document).where(document.c.lease_until > now_ms()),
            "events_fillable": select_freed(func.count()),
            "postings_unsettled": select(func.count())
            .select_from(posting)
            .where(posting.c.state.in_(("pending", "leased", "sent"))),
            "copies_pending": select(func.count()).select_from(event_copy).where(event_copy.c.state == "pending"),
        }
        found = {name: self._connection.execute(query).scalar_one() for name, query in counts.items()}
        return {name: count for name, count in found.items() if count}

    def inbox_states(self) -> dict[str, int]:
        """Events by state."""
        return self._counted(select(inbox.c.state, func.count()).group_by(inbox.c.state))

    def no_op(self) -> dict[str, int]:
        """No-ops by reason."""
        return self._counted(
            select(inbox.c.reason, func.count()).where(inbox.c.state == "no_op").group_by(inbox.c.reason)
        )

    def exceptions(self) -> dict[str, int]:
        """Live exceptions by code, documents without a route among them."""
        found = self._counted(
            select(exception.c.code, func.count()).where(exception.c.state.in_(LIVE)).group_by(exception.c.code)
        )
        return dict(sorted(found.items()))

    def documents(self) -> int:
        """How many documents the bus knows."""
        return self._connection.execute(select(func.count()).select_from(document)).scalar_one()

    def live_documents(self) -> list[tuple[str, str, str, int]]:
        """(company, document, currency, sum of debits in minor units) of live approvals, all books together."""
        reversal = journal_entry.alias("reversal")
        plan_for_whole_tables(self._connection)
        rows = self._connection.execute(
            select(journal_entry.c.company, journal_entry.c.document, journal_entry.c.currency, _DEBIT.label("debit"))
            .join(journal_line, journal_line.c.entry_id == journal_entry.c.entry_id)
            .where(
                journal_entry.c.reverses.is_(None),
                journal_entry.c.event_type.not_like("payment.%"),
                ~select(reversal.c.entry_id).where(reversal.c.reverses == journal_entry.c.entry_id).exists(),
            )
            .group_by(journal_entry.c.company, journal_entry.c.document, journal_entry.c.currency)
        )
        return [(r.company, r.document, r.currency, int(r.debit)) for r in rows]

    def entries(self) -> list[tuple[str, str, int, int]]:
        """(rule, currency, count, sum of debits) of entries that are no reversals."""
        return self._entry_sums(journal_entry.c.reverses.is_(None))

    def reversals(self) -> list[tuple[str, str, int, int]]:
        """(rule, currency, count, sum of debits as booked: red is negative) of reversals."""
        return self._entry_sums(journal_entry.c.reverses.is_not(None))

    def _entry_sums(self, chosen: Any) -> list[tuple[str, str, int, int]]:
        plan_for_whole_tables(self._connection)
        rows = self._connection.execute(
            select(
                journal_entry.c.rule,
                journal_entry.c.currency,
                func.count(journal_entry.c.entry_id.distinct()).label("entries"),
                _DEBIT.label("debit"),
            )
            .join(journal_line, journal_line.c.entry_id == journal_entry.c.entry_id)
            .where(chosen)
            .group_by(journal_entry.c.rule, journal_entry.c.currency)
            .order_by(journal_entry.c.rule)
        )
        return [(r.rule, r.currency, r.entries, int(r.debit)) for r in rows]

    def balances(self) -> list[tuple[str, str, str, str, int, int]]:
        """(company, book, account, currency, debit, credit), by account: the trial balance."""
        plan_for_whole_tables(self._connection)
        rows = self._connection.execute(
            select(
                journal_entry.c.company,
                journal_entry.c.book,
                journal_line.c.account,
                journal_line.c.currency,
                _DEBIT.label("debit"),
                _CREDIT.label("credit"),
            )
            .join(journal_line, journal_line.c.entry_id == journal_entry.c.entry_id)
            .group_by(journal_entry.c.company, journal_entry.c.book, journal_line.c.account, journal_line.c.currency)
            .order_by(journal_entry.c.company, journal_entry.c.book, journal_line.c.account, journal_line.c.currency)
        )
        return [(r.company, r.book, r.account, r.currency, int(r.debit), int(r.credit)) for r in rows]

    def postings(self) -> dict[str, dict[str, int]]:
        """Postings by target and state."""
        plan_for_whole_tables(self._connection)
        rows = self._connection.execute(
            select(posting.c.target, posting.c.state, func.count().label("n"))
            .group_by(posting.c.target, posting.c.state)
            .order_by(posting.c.target)
        )
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            found.setdefault(row.target, {})[row.state] = row.n
        return found

    def counters(self) -> dict[tuple[str, str, str, str], tuple[int, str]]:
        """Next number and chain head of every counter (company, book, period, word)."""
        rows = self._connection.execute(select(voucher_counter))
        return {(r.company, r.book, r.period, r.word): (r.next_number, r.head) for r in rows}

    def _counted(self, query: Any) -> dict[str, int]:
        return {row[0]: row[1] for row in self._connection.execute(query)}
