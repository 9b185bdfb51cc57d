"""Rule packs by content hash: what an entry names is kept for as long as the entry."""

from sqlalchemy import Connection, select

from bus.store.clock import now_ms
from bus.store.governance_tables import rule_pack
from bus.store.rowset import insert_into


class SqlPacks:
    """Rule pack rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._table = rule_pack

    def record(self, content_hash: str, name: str, content: str) -> bool:
        """Keep a pack's files (JSON text: name -> text) under its hash; False where it was kept before."""
        kept = self._connection.execute(
            insert_into(self._dialect, self._table)
            .values(hash=content_hash, name=name, content=content, recorded_at=now_ms())
            .on_conflict_do_nothing()
            .returning(rule_pack.c.hash)
        )
        return kept.first() is not None

    def content(self, content_hash: str) -> str | None:
        """The files of a pack as JSON text, or None."""
        return self._connection.execute(
            select(self._table.c.content).where(self._table.c.hash == content_hash)
        ).scalar_one_or_none()
