"""Documents: the unit a worker claims, so that two batches never hold the same one."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Integer, String, and_, case, func, or_, select, tuple_, update
from sqlalchemy.sql.selectable import FromClause

from bus.records import DocumentClaim, DocumentResult, InboxRow
from bus.store.clock import now_ms
from bus.store.inbox import inbox_row
from bus.store.parked import PASSED
from bus.store.rowset import Columns, checked, rowset
from bus.store.tables import document, inbox

Key = tuple[str, str]
_READY: Final = and_(inbox.c.state == "accepted", inbox.c.queue.is_not(None))


class SqlDocuments:
    """Document rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def claim(self, inbox_ids: Sequence[int], owner: str, token: str, lease_ms: int) -> list[DocumentClaim]:
        """Lease the free documents of these accepted events; returns them with all their unsettled, routed events.

        An accepted event that no routing rule has seen yet is left out: its copies would never be asked for.
        """
        asked = rowset(self._dialect, "asked", {"id": inbox.c.id.type}, [(i,) for i in inbox_ids])
        free = self._connection.execute(
            select(document.c.company, document.c.key)
            .where(
                or_(document.c.lease_until.is_(None), document.c.lease_until <= now_ms()),
                tuple_(document.c.company, document.c.key).in_(
                    select(inbox.c.company, inbox.c.document)
                    .join(asked, asked.c.id == inbox.c.id)
                    .where(checked(_READY))
                ),
            )
            .order_by(document.c.company, document.c.key)
            .with_for_update(skip_locked=True, of=document)
        ).all()
        chosen = self._keys([(row.company, row.key) for row in free])
        self._connection.execute(
            update(document)
            .where(document.c.company == chosen.c.company, document.c.key == chosen.c.key)
            .values(lease_owner=owner, lease_token=token, lease_until=now_ms() + lease_ms)
        )
        return self._claimed(token)

    def _claimed(self, token: str) -> list[DocumentClaim]:
        held = select(document).where(document.c.lease_token == token).order_by(document.c.company, document.c.key)
        waiting: dict[Key, list[InboxRow]] = {}
        approved = self._approved(token)
        found = self._connection.execute(
            select(inbox.c.id, inbox.c.payload, inbox.c.state, inbox.c.reason, inbox.c.attempts)
            .join(document, and_(inbox.c.company == document.c.company, inbox.c.document == document.c.key))
            .where(
                document.c.lease_token == token,
                or_(
                    _READY,
                    inbox.c.state.in_(("parked", "held")),
                    and_(inbox.c.state.in_(PASSED), inbox.c.sequence >= document.c.next_sequence),
                ),
            )
            .order_by(inbox.c.id)
        )
        for row in map(inbox_row, found.all()):
            waiting.setdefault((row.event.company, row.event.subject), []).append(row)
        return [
            DocumentClaim(
                d.company,
                d.key,
                d.next_sequence,
                d.withdrawn_at,
                tuple(waiting.get((d.company, d.key), ())),
                approved.get((d.company, d.key), {}),
            )
            for d in self._connection.execute(held)
        ]

    def _approved(self, token: str) -> dict[Key, dict[str, int]]:
        """The newest event that counts, of each type, of sources without sequences: what is older came too late."""
        counted = or_(inbox.c.state == "booked", inbox.c.reason == "already_live")
        found = self._connection.execute(
            select(inbox.c.company, inbox.c.document, inbox.c.type, func.max(inbox.c.event_time).label("newest"))
            .join(document, and_(inbox.c.company == document.c.company, inbox.c.document == document.c.key))
            .where(document.c.lease_token == token, inbox.c.sequence.is_(None), counted)
            .group_by(inbox.c.company, inbox.c.document, inbox.c.type)
        )
        approved: dict[Key, dict[str, int]] = {}
        for row in found:
            approved.setdefault((row.company, row.document), {})[row.type] = row.newest
        return approved

    def begin_attempt(self, token: str) -> None:
        """Count one more attempt for every ready event of the documents held under this token."""
        self._count(token, inbox.c.attempts + 1)

    def _count(self, token: str, attempts: Any) -> None:
        held = select(document.c.company, document.c.key).where(document.c.lease_token == token)
        mine = tuple_(inbox.c.company, inbox.c.document).in_(held)
        self._connection.execute(update(inbox).where(checked(_READY), mine).values(attempts=attempts))

    def lock(self, token: str) -> set[Key]:
        """Lock the documents still held under this token against any other claim; the rest were lost to another."""
        held = self._connection.execute(
            select(document.c.company, document.c.key)
            .where(document.c.lease_token == token)
            .order_by(document.c.company, document.c.key)
            .with_for_update()
        )
        return {(row.company, row.key) for row in held}

    def advance(self, results: Sequence[DocumentResult]) -> None:
        """Write what the walk ended with and give the leases back."""
        columns: Columns = {
            "company": String(),
            "key": String(),
            "next_sequence": Integer(),
            "withdrawn_at": document.c.withdrawn_at.type,
        }
        walked = rowset(
            self._dialect, "walked", columns, [(r.company, r.key, r.next_sequence, r.withdrawn_at) for r in results]
        )
        self._connection.execute(
            update(document)
            .where(document.c.company == walked.c.company, document.c.key == walked.c.key)
            .values(
                next_sequence=walked.c.next_sequence,
                withdrawn_at=walked.c.withdrawn_at,
                lease_owner=None,
                lease_token=None,
                lease_until=None,
            )
        )

    def give_back(self, token: str) -> None:
        """Release every document held under this token; an attempt that ends so was no attempt."""
        self._count(token, case((inbox.c.attempts > 0, inbox.c.attempts - 1), else_=0))
        self._connection.execute(
            update(document)
            .where(document.c.lease_token == token)
            .values(lease_owner=None, lease_token=None, lease_until=None)
        )

    def _keys(self, keys: Sequence[Key]) -> FromClause:
        return rowset(self._dialect, "chosen", {"company": String(), "key": String()}, keys)
