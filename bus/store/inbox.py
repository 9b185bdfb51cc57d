"""The inbox: every accepted event, once, with what became of it."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Integer, String, Text, and_, case, func, literal, select, update
from sqlalchemy.sql.selectable import FromClause

from bus.message import Event
from bus.records import InboxRow, Settlement, Waiting, WaitingEvent
from bus.store.clock import now_ms
from bus.store.rowset import Columns, checked, insert_into, rowset
from bus.store.tables import document, inbox, journal_entry, posting
from bus.store.voucher import voucher_text
from bus.store.watch import announce_work

_FIRST_WAKE_UP_MS: Final = 15_000
_LAST_WAKE_UP_MS: Final = 300_000

_NEW: Final[Columns] = {
    "source": String(),
    "event_id": String(),
    "type": String(),
    "company": String(),
    "document": String(),
    "sequence": Integer(),
    "event_time": inbox.c.event_time.type,
    "payload": Text(),
    "hash": String(),
    "correlation_id": String(),
}


# In the order of WaitingEvent's fields.
WAITING: Final = tuple(
    inbox.c[name]
    for name in ("id", "source", "type", "company", "document", "payload", "queue", "dispatches", "attempts")
)


def to_ms(event: Event) -> int:
    """The event's own time in milliseconds since 1970 UTC."""
    return int(event.time.timestamp() * 1000)  # a time, not an amount


def event_of(payload: str) -> Event:
    """The event kept in an inbox row."""
    return Event.from_cloudevent(orjson.loads(payload))


class SqlInbox:
    """Inbox rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def add(self, events: Sequence[Event]) -> set[tuple[str, str]]:
        """Insert events, due now; returns (source, id) of those that were new. Documents they name become known.

        They go in by key: two doors that offer the same events in another order must not wait for each other.
        """
        rows = [
            (
                e.source, e.id, e.type, e.company, e.subject, e.sequence, to_ms(e),
                orjson.dumps(e.to_cloudevent()).decode(), e.content_hash, e.correlation_id or e.id,
            )
            for e in sorted(events, key=lambda e: (e.source, e.id))
        ]  # fmt: skip
        offered = rowset(self._dialect, "offered", _NEW, rows)
        chosen = select(*offered.c, literal("accepted"), now_ms(), now_ms())
        if self._dialect == "sqlite":  # its parser takes ON CONFLICT for a join condition without a WHERE before it
            chosen = chosen.where(literal(1) == literal(1))
        columns = [*_NEW, "state", "received_at", "due_at"]
        statement = insert_into(self._dialect, inbox).from_select(columns, chosen).on_conflict_do_nothing()
        added = self._connection.execute(statement.returning(inbox.c.source, inbox.c.event_id)).all()
        self.register({(e.company, e.subject) for e in events})
        announce_work(self._connection)
        return {(row.source, row.event_id) for row in added}

    def register(self, documents: set[tuple[str, str]]) -> None:
        """Make documents known by (company, key), whether or not events follow."""
        columns: Columns = {"company": String(), "key": String()}
        known = rowset(self._dialect, "known", columns, sorted(documents))
        chosen = select(*known.c).where(literal(1) == literal(1))
        self._connection.execute(
            insert_into(self._dialect, document).from_select(list(columns), chosen).on_conflict_do_nothing()
        )

    def known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
        """(source, id) -> (hash, state) of those that the inbox has."""
        asked = rowset(self._dialect, "asked", {"source": String(), "event_id": String()}, keys)
        found = self._connection.execute(
            select(inbox.c.source, inbox.c.event_id, inbox.c.hash, inbox.c.state).join(
                asked, and_(inbox.c.source == asked.c.source, inbox.c.event_id == asked.c.event_id)
            )
        )
        return {(row.source, row.event_id): (row.hash, row.state) for row in found}

    def waiting(self, limit: int) -> Waiting:
        """How many accepted events are due, counted no further than `limit`, and since when."""
        due = select(inbox.c.due_at).where(inbox.c.state == "accepted", inbox.c.due_at <= now_ms())
        counted = due.order_by(inbox.c.due_at).limit(limit).subquery()
        row = self._connection.execute(
            select(func.count(), func.coalesce(now_ms() - func.min(counted.c.due_at), 0)).select_from(counted)
        ).one()
        return Waiting(row[0], row[1])

    def in_flight(self, limit: int) -> int:
        """How many accepted events have been woken and are not due again yet; counts no further than `limit`."""
        woken = select(inbox.c.id).where(inbox.c.state == "accepted", inbox.c.due_at > now_ms(), inbox.c.dispatches > 0)
        return self._connection.execute(select(func.count()).select_from(woken.limit(limit).subquery())).scalar_one()

    def due(self, limit: int) -> list[WaitingEvent]:
        """Accepted events that are due, oldest first, locked against other dispatchers."""
        found = self._connection.execute(
            select(*WAITING)
            .where(inbox.c.state == "accepted", inbox.c.due_at <= now_ms())
            .order_by(inbox.c.due_at, inbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [WaitingEvent(*row) for row in found.all()]

    def woken(self, queue_by_id: dict[int, str]) -> None:
        """Note the queue of each event and when to wake it again, later each time, if nobody settles it."""
        moved = rowset(self._dialect, "moved", {"id": inbox.c.id.type, "queue": String()}, queue_by_id.items())
        rounds = case((inbox.c.dispatches > 5, 5), else_=inbox.c.dispatches)
        wait = func.min if self._dialect == "sqlite" else func.least
        delay = wait(_FIRST_WAKE_UP_MS * literal(1).op("<<")(rounds), _LAST_WAKE_UP_MS)
        self._connection.execute(
            update(inbox)
            .where(inbox.c.id == moved.c.id, checked(inbox.c.state == "accepted"))
            .values(queue=moved.c.queue, dispatches=inbox.c.dispatches + 1, due_at=now_ms() + delay)
        )

    def postpone(self, ids: Sequence[int], milliseconds: int) -> None:
        """Make accepted events due a little later: their document is held by somebody else just now.

        A row that somebody writes at this moment is left out: waiting for it could close a circle of waits.
        """
        asked = self._ids(ids)
        free = (
            select(inbox.c.id)
            .join(asked, asked.c.id == inbox.c.id)
            .where(checked(inbox.c.state == "accepted"))
            .with_for_update(skip_locked=True, of=inbox)
        )
        self._connection.execute(update(inbox).where(inbox.c.id.in_(free)).values(due_at=now_ms() + milliseconds))

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Give rows their new state; parked rows wait for their document, accepted ones become due at once."""
        columns: Columns = {"id": inbox.c.id.type, "state": String(), "reason": String()}
        settled = rowset(self._dialect, "settled", columns, [(s.inbox_id, s.state, s.reason) for s in settlements])
        final = settled.c.state.in_(("booked", "no_op", "no_route", "discarded"))
        self._connection.execute(
            update(inbox)
            .where(inbox.c.id == settled.c.id)
            .values(
                state=settled.c.state,
                reason=settled.c.reason,
                due_at=case((settled.c.state == "accepted", now_ms()), else_=None),
                settled_at=case((final, now_ms()), else_=None),
                attempts=case((settled.c.state == "accepted", 0), else_=inbox.c.attempts),
                dispatches=case((settled.c.state == "accepted", 0), else_=inbox.c.dispatches),
            )
        )

    def release(self, companies: Sequence[str], codes: Sequence[str]) -> list[int]:
        """Make the events of these companies that are held for one of these codes due at once; their ids."""
        released = self._connection.execute(
            update(inbox)
            .where(inbox.c.state == "held", inbox.c.company.in_(companies), inbox.c.reason.in_(codes))
            .values(state="accepted", reason="released", due_at=now_ms(), attempts=0, dispatches=0)
            .returning(inbox.c.id)
        )
        return sorted(released.scalars())

    def note_vouchers(self, posting_ids: Sequence[str]) -> None:
        """Write the numbers of the vouchers on the events whose postings these are, once a target confirmed them."""
        confirmed = rowset(self._dialect, "confirmed", {"posting_id": String()}, [(i,) for i in posting_ids])
        numbers = (
            select(journal_entry.c.inbox_id, func.min(voucher_text(self._dialect)).label("voucher"))
            .join(posting, posting.c.entry_id == journal_entry.c.entry_id)
            .join(confirmed, confirmed.c.posting_id == posting.c.posting_id)
            .group_by(journal_entry.c.inbox_id)
            .subquery("numbers")
        )
        locked = (  # two targets confirm the same events side by side: both lock them in the same order
            select(inbox.c.id, numbers.c.voucher)
            .join(numbers, numbers.c.inbox_id == inbox.c.id)
            .order_by(inbox.c.id)
            .with_for_update(of=inbox)
            .subquery("locked")
        )
        self._connection.execute(update(inbox).where(inbox.c.id == locked.c.id).values(voucher=locked.c.voucher))

    def _ids(self, ids: Sequence[int]) -> FromClause:
        return rowset(self._dialect, "chosen", {"id": inbox.c.id.type}, [(i,) for i in ids])


def inbox_row(row: Any) -> InboxRow:
    """A selected inbox row as the use cases see it."""
    return InboxRow(row.id, event_of(row.payload), row.state, row.reason, row.attempts)
