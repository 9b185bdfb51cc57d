"""Copies of events for channels: fan-out (published at least once) and wire taps."""

from collections.abc import Sequence

from sqlalchemy import Connection, String, literal, select, update

from bus.records import EventCopy
from bus.store.clock import now_ms
from bus.store.inbox import event_of
from bus.store.rowset import insert_into, rowset
from bus.store.tables import event_copy, inbox


class SqlCopies:
    """Event copies of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def waiting(self) -> bool:
        """Whether any copy is due."""
        due = select(event_copy.c.id).where(event_copy.c.state == "pending", event_copy.c.due_at <= now_ms())
        return self._connection.execute(due.limit(1)).first() is not None

    def ask(self, copies: Sequence[tuple[int, str, str]]) -> None:
        """Ask for copies (inbox id, channel, kind) of events; asking twice is asking once."""
        columns = {"inbox_id": inbox.c.id.type, "channel": String(), "kind": String()}
        wanted = rowset(self._dialect, "wanted", columns, copies)
        chosen = select(*wanted.c, literal("pending"), now_ms()).where(literal(1) == literal(1))
        names = [*columns, "state", "due_at"]
        self._connection.execute(
            insert_into(self._dialect, event_copy).from_select(names, chosen).on_conflict_do_nothing()
        )

    def due(self, limit: int, retry_in_ms: int) -> list[EventCopy]:
        """Copies to publish now; each is due again after `retry_in_ms` unless it is marked published."""
        due = (
            select(event_copy.c.id)
            .where(event_copy.c.state == "pending", event_copy.c.due_at <= now_ms())
            .order_by(event_copy.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = self._connection.execute(due).scalars().all()
        chosen = rowset(self._dialect, "chosen", {"id": inbox.c.id.type}, [(i,) for i in ids])
        self._connection.execute(
            update(event_copy)
            .where(event_copy.c.id == chosen.c.id)
            .values(attempts=event_copy.c.attempts + 1, due_at=now_ms() + retry_in_ms)
        )
        rows = self._connection.execute(
            select(event_copy.c.id, event_copy.c.channel, event_copy.c.kind, inbox.c.payload)
            .join(inbox, inbox.c.id == event_copy.c.inbox_id)
            .join(chosen, chosen.c.id == event_copy.c.id)
            .order_by(event_copy.c.id)
        )
        return [EventCopy(r.id, r.channel, r.kind, event_of(r.payload)) for r in rows]

    def published(self, ids: Sequence[int]) -> None:
        """Mark copies as published."""
        chosen = rowset(self._dialect, "chosen", {"id": inbox.c.id.type}, [(i,) for i in ids])
        self._connection.execute(
            update(event_copy).where(event_copy.c.id == chosen.c.id).values(state="published", due_at=None)
        )
