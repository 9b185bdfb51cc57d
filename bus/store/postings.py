"""Postings: the outbox, one row an entry and target."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Integer, String, Text, case, func, select, update
from sqlalchemy.sql.selectable import FromClause

from bus.records import LeasedPostings, NewPosting, PostingChange, Waiting
from bus.store.clock import now_ms
from bus.store.rowset import Columns, append_rows, checked, rowset
from bus.store.tables import journal_entry, posting
from bus.store.watch import announce_work

_NEW: Final = ("posting_id", "entry_id", "target", "company", "state", "due_at")
_UNSETTLED: Final = ("pending", "leased", "sent")


class SqlPostings:
    """Posting rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def add(self, postings: Sequence[NewPosting]) -> None:
        """Insert postings of entries that were booked in this unit of work, due now."""
        now = self._connection.execute(select(now_ms())).scalar_one()
        rows = [(p.posting_id, p.entry_id, p.target, p.company, "pending", now) for p in postings]
        append_rows(self._connection, posting, _NEW, rows)
        announce_work(self._connection)

    def waiting(self, limit: int) -> Waiting:
        """How many postings are due, counted no further than `limit`, and since when."""
        due = select(posting.c.due_at).where(posting.c.state.in_(_UNSETTLED), posting.c.due_at <= now_ms())
        counted = due.order_by(posting.c.due_at).limit(limit).subquery()
        row = self._connection.execute(
            select(func.count(), func.coalesce(now_ms() - func.min(counted.c.due_at), 0)).select_from(counted)
        ).one()
        return Waiting(row[0], row[1])

    def in_flight(self, limit: int) -> int:
        """How many postings are in a worker's hands; counts no further than `limit`."""
        busy = select(posting.c.posting_id).where(posting.c.lease_until > now_ms())
        return self._connection.execute(select(func.count()).select_from(busy.limit(limit).subquery())).scalar_one()

    def lease(self, owner: str, token: str, limit: int, lease_ms: int) -> list[LeasedPostings]:
        """Lease what is due, or what somebody leased or sent and did not settle in time; grouped by target."""
        due = (
            select(posting.c.posting_id)
            .where(posting.c.state.in_(_UNSETTLED), posting.c.due_at <= now_ms())
            .order_by(posting.c.due_at, posting.c.posting_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        chosen = self._ids(self._connection.execute(due).scalars().all())
        until = now_ms() + lease_ms
        self._connection.execute(
            update(posting)
            .where(posting.c.posting_id == chosen.c.posting_id)
            .values(state="leased", lease_owner=owner, lease_token=token, lease_until=until, due_at=until)
        )
        rows = self._connection.execute(
            select(posting.c.target, posting.c.posting_id, journal_entry.c.document)
            .join(chosen, chosen.c.posting_id == posting.c.posting_id)
            .join(journal_entry, journal_entry.c.entry_id == posting.c.entry_id)
            .order_by(posting.c.target, journal_entry.c.inbox_id, journal_entry.c.number)
        )
        return _by_target(token, rows)

    def take(self, posting_ids: Sequence[str], token: str, lease_ms: int) -> dict[str, tuple[str, int]]:
        """Mark as sent those still leased under this token, before the target sees them; (target, attempts) by id."""
        self._lock(posting_ids)
        chosen = self._ids(posting_ids)
        until = now_ms() + lease_ms
        taken = self._connection.execute(
            update(posting)
            .where(
                posting.c.posting_id == chosen.c.posting_id,
                posting.c.lease_token == token,
                checked(posting.c.state == "leased"),
            )
            .values(state="sent", attempts=posting.c.attempts + 1, lease_until=until, due_at=until)
            .returning(posting.c.posting_id, posting.c.target, posting.c.attempts)
        )
        return {row.posting_id: (row.target, row.attempts) for row in taken}

    def change(self, changes: Sequence[PostingChange], token: str) -> list[str]:
        """Settle, send back or leave to its consumer what this token holds; the ids that were still its own."""
        columns: Columns = {
            "posting_id": String(), "state": String(), "reference": String(), "code": String(), "message": Text(),
            "retry_ms": Integer(),
        }  # fmt: skip
        rows = [
            (c.posting_id, c.state, c.reference, c.code, c.message, None if c.retry_in is None else c.retry_in * 1000)
            for c in changes
        ]
        self._lock([c.posting_id for c in changes])
        changed = rowset(self._dialect, "changed", columns, rows)
        again = changed.c.state.in_(("pending", "sent"))
        moved = self._connection.execute(
            update(posting)
            .where(
                posting.c.posting_id == changed.c.posting_id,
                posting.c.lease_token == token,
                checked(posting.c.state == "sent"),
            )
            .values(
                state=changed.c.state,
                reference=changed.c.reference,
                code=changed.c.code,
                message=changed.c.message,
                due_at=case((again, now_ms() + changed.c.retry_ms), else_=None),
                settled_at=case((again, None), else_=now_ms()),
                lease_owner=None,
                lease_token=None,
                lease_until=None,
            )
            .returning(posting.c.posting_id)
        )
        return list(moved.scalars())

    def _lock(self, posting_ids: Sequence[str]) -> None:
        """Lock these in the order in which consumers' confirmations lock them: whoever comes second waits."""
        chosen = self._ids(posting_ids)
        self._connection.execute(
            select(posting.c.posting_id)
            .join(chosen, chosen.c.posting_id == posting.c.posting_id)
            .order_by(posting.c.posting_id)
            .with_for_update(of=posting)
        )

    def _ids(self, posting_ids: Sequence[str]) -> FromClause:
        return rowset(self._dialect, "chosen", {"posting_id": String()}, [(i,) for i in posting_ids])


def _by_target(token: str, rows: Any) -> list[LeasedPostings]:
    grouped: dict[str, tuple[list[str], list[str]]] = {}
    for row in rows:
        ids, documents = grouped.setdefault(row.target, ([], []))
        ids.append(row.posting_id)
        documents.append(row.document)
    return [LeasedPostings(target, token, tuple(ids), tuple(docs)) for target, (ids, docs) in grouped.items()]
