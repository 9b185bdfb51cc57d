"""Everything that is known of one document, for `trace`."""

from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from bus.store.tables import document, exception, inbox, journal_entry, posting

_EVENT: Final = (
    "id", "source", "event_id", "type", "sequence", "hash", "correlation_id", "state", "reason", "queue", "attempts",
    "received_at", "settled_at", "voucher", "payload",
)  # fmt: skip


class SqlTraces:
    """Read-only rows of one document."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, key: str) -> list[tuple[str, str]]:
        """(company, document) of the documents that have this key."""
        rows = self._connection.execute(
            select(document.c.company, document.c.key).where(document.c.key == key).order_by(document.c.company)
        )
        return [(row.company, row.key) for row in rows]

    def events(self, company: str, key: str) -> list[dict[str, Any]]:
        """The document's events in order, each with its payload as an object."""
        rows = self._connection.execute(
            select(*(inbox.c[name] for name in _EVENT))
            .where(inbox.c.company == company, inbox.c.document == key)
            .order_by(inbox.c.sequence, inbox.c.id)
        )
        return [{**row._mapping, "payload": orjson.loads(row.payload)} for row in rows]

    def exceptions(self, company: str, key: str) -> list[dict[str, Any]]:
        """The document's exceptions, ended ones too."""
        rows = self._connection.execute(
            select(exception)
            .where(exception.c.company == company, exception.c.document == key)
            .order_by(exception.c.id)
        )
        return [{**row._mapping, "detail": orjson.loads(row.detail)} for row in rows]

    def postings(self, company: str, key: str) -> list[dict[str, Any]]:
        """The postings of the document's entries."""
        rows = self._connection.execute(
            select(posting)
            .join(journal_entry, journal_entry.c.entry_id == posting.c.entry_id)
            .where(journal_entry.c.company == company, journal_entry.c.document == key)
            .order_by(journal_entry.c.inbox_id, posting.c.target)
        )
        return [dict(row._mapping) for row in rows]
