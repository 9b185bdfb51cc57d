"""Accounting periods: open or closed, a company, book and month."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, String, and_, literal, select

from bus.store.clock import now_ms
from bus.store.rowset import Columns, insert_into, rowset
from bus.store.tables import period

PeriodKey = tuple[str, str, str]
_KEY: Final[Columns] = {"company": String(), "book": String(), "name": String()}


class SqlPeriods:
    """Period rows of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def states(self) -> dict[PeriodKey, str]:
        """Every period that has ever been opened: (company, book, "2026-11") -> open or closed."""
        rows = self._connection.execute(select(period))
        return {(r.company, r.book, r.name): r.state for r in rows}

    def open_missing(self, keys: Sequence[PeriodKey]) -> None:
        """Open these where they have never been opened before; a closed one stays closed."""
        wanted = rowset(self._dialect, "wanted", _KEY, sorted(keys))
        opened = select(*wanted.c, literal("open"), now_ms()).where(literal(1) == literal(1))
        if self._dialect != "sqlite":
            opened = opened.order_by(*wanted.c)
        self._connection.execute(
            insert_into(self._dialect, period)
            .from_select([*_KEY, "state", "changed_at"], opened)
            .on_conflict_do_nothing()
        )

    def share(self, keys: Sequence[PeriodKey]) -> dict[PeriodKey, str]:
        """Lock these periods against closing until this unit of work ends; their states, missing ones left out."""
        wanted = rowset(self._dialect, "wanted", _KEY, sorted(keys))
        rows = self._connection.execute(
            select(period)
            .join(wanted, and_(*(period.c[name] == wanted.c[name] for name in _KEY)))
            .order_by(period.c.company, period.c.book, period.c.name)
            .with_for_update(read=True, of=period)
        )
        return {(r.company, r.book, r.name): r.state for r in rows}

    def set_state(self, key: PeriodKey, state: str) -> None:
        """Open or close a period, waiting for every unit of work that is booking into it."""
        company, book, name = key
        statement = insert_into(self._dialect, period).values(
            company=company, book=book, name=name, state=state, changed_at=now_ms()
        )
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(_KEY), set_={"state": state, "changed_at": now_ms()})
        )
