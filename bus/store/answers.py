"""What registered consumers answered: postings found, locked and settled without a lease."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Integer, String, Text, case, or_, select, update
from sqlalchemy.sql.selectable import FromClause

from bus.records import PostingChange, SentPosting
from bus.store.clock import now_ms
from bus.store.rowset import Columns, rowset
from bus.store.tables import journal_entry, posting

# What a consumer may have lost: all that it was given and did not refuse.
_SENT: Final = ("leased", "sent", "confirmed", "in_doubt")


class SqlAnswers:
    """Answered postings of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def lock(self, posting_ids: Sequence[str]) -> dict[str, SentPosting]:
        """Lock these postings, in the order of their ids, and say how they stand; unknown ones are left out."""
        asked = self._ids(posting_ids)
        rows = self._connection.execute(
            select(posting.c.posting_id, posting.c.company, posting.c.target, posting.c.state, posting.c.attempts)
            .join(asked, asked.c.posting_id == posting.c.posting_id)
            .order_by(posting.c.posting_id)
            .with_for_update(of=posting)
        )
        return {row.posting_id: SentPosting(row.company, row.target, row.state, row.attempts) for row in rows}

    def settle(self, changes: Sequence[PostingChange]) -> None:
        """Settle locked postings. One that is on its way to be sent again counts as sent: its lease is void."""
        for before, after in (("pending", "leased"), ("leased", "sent")):
            self._move([change.posting_id for change in changes], before, after)
        columns: Columns = {
            "posting_id": String(), "state": String(), "reference": String(), "code": String(), "message": Text(),
            "retry_ms": Integer(),
        }  # fmt: skip
        rows = [
            (c.posting_id, c.state, c.reference, c.code, c.message, None if c.retry_in is None else c.retry_in * 1000)
            for c in changes
        ]
        answered = rowset(self._dialect, "answered", columns, rows)
        again = answered.c.state == "pending"
        self._connection.execute(
            update(posting)
            .where(posting.c.posting_id == answered.c.posting_id, posting.c.state.in_(("sent", "in_doubt")))
            .values(
                state=answered.c.state,
                reference=answered.c.reference,
                code=answered.c.code,
                message=answered.c.message,
                due_at=case((again, now_ms() + answered.c.retry_ms), else_=None),
                settled_at=case((again, None), else_=now_ms()),
                lease_owner=None,
                lease_token=None,
                lease_until=None,
            )
        )

    def sent_since(
        self, target: str, since_ms: int, until_ms: int, after: tuple[int, str], limit: int
    ) -> list[tuple[tuple[int, str], str]]:
        """A page of what this target was sent of the entries booked in [since, until), in booking order.

        (place, posting id) pairs; the next page starts after the last place.
        """
        place = (journal_entry.c.booked_at, posting.c.posting_id)
        rows = self._connection.execute(
            select(*place)
            .join(journal_entry, journal_entry.c.entry_id == posting.c.entry_id)
            .where(
                posting.c.target == target,
                posting.c.state.in_(_SENT),
                posting.c.attempts > 0,
                journal_entry.c.booked_at >= since_ms,
                journal_entry.c.booked_at < until_ms,
                or_(place[0] > after[0], (place[0] == after[0]) & (place[1] > after[1])),
            )
            .order_by(*place)
            .limit(limit)
        )
        return [((row.booked_at, row.posting_id), row.posting_id) for row in rows]

    def _move(self, posting_ids: Sequence[str], before: str, after: str) -> None:
        chosen = self._ids(posting_ids)
        self._connection.execute(
            update(posting)
            .where(posting.c.posting_id == chosen.c.posting_id, posting.c.state == before)
            .values(state=after)
        )

    def _ids(self, posting_ids: Sequence[str]) -> FromClause:
        return rowset(self._dialect, "chosen", {"posting_id": String()}, [(i,) for i in posting_ids])
