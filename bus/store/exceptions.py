"""The exception queue: every failure with a code, a document, an amount and what became of it."""

from collections.abc import Sequence
from typing import Final

import orjson
from sqlalchemy import BigInteger, Connection, String, Text, case, literal, select, update

from bus.records import ClosedException, RaisedException
from bus.store.clock import now_ms
from bus.store.rowset import Columns, insert_into, rowset
from bus.store.tables import exception

LIVE: Final = ("open", "proposed", "approved")
_RAISED: Final[Columns] = {
    "inbox_id": BigInteger(), "posting_id": String(), "code": String(), "company": String(), "document": String(),
    "amount": BigInteger(), "currency": String(), "cause": Text(), "message": Text(), "detail": Text(),
}  # fmt: skip


class SqlExceptions:
    """Exception rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def raise_all(self, raised: Sequence[RaisedException]) -> None:
        """Open these; one that is live already for the same event, code and posting stays as it is."""
        rows = [
            (
                r.inbox_id, r.posting_id, r.code, r.company, r.document, r.amount, r.currency, r.cause, r.message,
                orjson.dumps(r.detail).decode(),
            )
            for r in raised
        ]  # fmt: skip
        new = rowset(self._dialect, "raised", _RAISED, rows)
        chosen = select(*new.c, literal("open"), now_ms()).where(literal(1) == literal(1))
        self._connection.execute(
            insert_into(self._dialect, exception)
            .from_select([*_RAISED, "state", "opened_at"], chosen)
            .on_conflict_do_nothing()
        )

    def live(self, limit: int) -> list[RaisedException]:
        """The oldest live exceptions."""
        rows = self._connection.execute(
            select(exception).where(exception.c.state.in_(LIVE)).order_by(exception.c.id).limit(limit)
        )
        return [
            RaisedException(
                r.inbox_id, r.code, r.company, r.document, r.amount, r.currency, r.cause, r.message,
                orjson.loads(r.detail), r.posting_id,
            )
            for r in rows
        ]  # fmt: skip

    def close(self, closed: Sequence[ClosedException]) -> None:
        """Release or discard what is live for these events."""
        columns: Columns = {"inbox_id": BigInteger(), "state": String(), "remedy": Text()}
        ended = rowset(self._dialect, "ended", columns, [(c.inbox_id, c.state, c.remedy) for c in closed])
        self._connection.execute(
            update(exception)
            .where(
                exception.c.inbox_id == ended.c.inbox_id, exception.c.state.in_(LIVE), exception.c.posting_id.is_(None)
            )
            .values(
                state=ended.c.state,
                remedy=case((exception.c.remedy.is_(None), ended.c.remedy), else_=exception.c.remedy),
                closed_at=now_ms(),
            )
        )

    def answered(self, posting_ids: Sequence[str], remedy: str) -> None:
        """Release what is live for these postings: their target has answered after all."""
        settled = rowset(self._dialect, "settled", {"posting_id": String()}, [(i,) for i in posting_ids])
        self._connection.execute(
            update(exception)
            .where(exception.c.posting_id == settled.c.posting_id, exception.c.state.in_(LIVE))
            .values(state="released", remedy=remedy, closed_at=now_ms())
        )
