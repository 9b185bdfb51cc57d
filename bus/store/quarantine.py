"""Quarantine: messages of an open channel that were no events, as they came."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal,
    select,
)

from bus.records import QuarantinedMessage
from bus.store.clock import now_ms
from bus.store.rowset import Columns, insert_into, rowset
from bus.store.tables import RowId, metadata

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("channel", String(100), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("sender", String(200)),
    Column("body_hash", String(64), nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("headers", Text, nullable=False),
    Column("code", String(50), nullable=False),
    Column("message", Text, nullable=False),
    Column("pointer", Text),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("channel", "body_hash", "message_id"),
)

_NEW: Final[Columns] = {
    name: quarantine.c[name].type
    for name in (
        "channel", "message_id", "sender", "body_hash", "length", "body", "headers", "code", "message", "pointer",
    )
}  # fmt: skip


class SqlQuarantine:
    """Quarantine rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def add(self, messages: Sequence[QuarantinedMessage]) -> None:
        """Keep messages; one that was kept before (same channel, content and message id) is kept once."""
        offered = rowset(self._dialect, "offered", _NEW, [[getattr(m, name) for name in _NEW] for m in messages])
        chosen = select(*offered.c, now_ms()).where(literal(1) == literal(1))
        self._connection.execute(
            insert_into(self._dialect, quarantine).from_select([*_NEW, "received_at"], chosen).on_conflict_do_nothing()
        )
