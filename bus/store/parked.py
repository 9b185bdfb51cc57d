"""Parked events: those that wait for an earlier one of their document, for ever or no longer."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.sql.selectable import Select

from bus.records import NO_LIVE_APPROVAL, SEQUENCE_GAP, WaitingEvent
from bus.store.clock import now_ms
from bus.store.inbox import WAITING
from bus.store.tables import document, inbox

PASSED: Final = ("no_op", "discarded")
_SAME_DOCUMENT: Final = and_(document.c.company == inbox.c.company, document.c.key == inbox.c.document)
_other = inbox.alias("other")
_OTHERS: Final = select(_other.c.id).where(
    _other.c.company == inbox.c.company, _other.c.document == inbox.c.document, _other.c.id != inbox.c.id
)
_ACTIVE: Final = _OTHERS.where(_other.c.state == "accepted")


class SqlParked:
    """Parked inbox rows of one unit of work. Documents that a worker holds are left to it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def gaps(self, older_than_ms: int, limit: int) -> list[WaitingEvent]:
        """The first parked event of each document whose gap is too old; documents with a named cause are left out."""
        first = (
            select(func.min(inbox.c.sequence).label("sequence"), inbox.c.company, inbox.c.document)
            .where(inbox.c.state == "parked", inbox.c.sequence.is_not(None))
            .group_by(inbox.c.company, inbox.c.document)
            .having(func.min(inbox.c.received_at) <= now_ms() - older_than_ms)
            .subquery("first")
        )
        same = and_(
            first.c.company == inbox.c.company,
            first.c.document == inbox.c.document,
            first.c.sequence == inbox.c.sequence,
        )
        turn = _other.c.sequence == document.c.next_sequence
        named = _OTHERS.where(
            _other.c.state.in_(("held", "no_route")), or_(turn, _other.c.reason == SEQUENCE_GAP)
        )  # whatever stands at the document's turn has its exception already
        passed = _OTHERS.where(_other.c.state.in_(PASSED), turn)
        chosen = _locked(
            select(*WAITING)
            .join(first, same)
            .join(document, _SAME_DOCUMENT)
            .where(inbox.c.state == "parked", inbox.c.sequence > document.c.next_sequence)
            .where(~_ACTIVE.exists(), ~named.exists(), ~passed.exists()),
            limit,
        )
        return _events(self._connection.execute(chosen).all())

    def freed(self, limit: int) -> list[WaitingEvent]:
        """Parked events that nothing holds back and nobody will wake: the one before was discarded or copied only."""
        return _events(self._connection.execute(_locked(select_freed(*WAITING), limit)).all())


def select_freed(*columns: Any) -> Select[Any]:
    """A query over (inbox, document) for parked events whose turn it is, or whose document can move on."""
    turn = _other.c.sequence == document.c.next_sequence
    passed = _OTHERS.where(_other.c.state.in_(PASSED), turn)
    blocking = _OTHERS.where(_other.c.state == "held", _other.c.sequence.is_(None), _other.c.reason != NO_LIVE_APPROVAL)
    free = or_(
        inbox.c.sequence == document.c.next_sequence,
        and_(inbox.c.sequence > document.c.next_sequence, passed.exists()),
        and_(inbox.c.sequence.is_(None), ~blocking.exists()),
    )
    return (
        select(*columns)
        .select_from(inbox)
        .join(document, _SAME_DOCUMENT)
        .where(inbox.c.state == "parked", free, ~_ACTIVE.exists())
    )


def _locked(query: Select[Any], limit: int) -> Select[Any]:
    idle = or_(document.c.lease_until.is_(None), document.c.lease_until <= now_ms())
    return query.where(idle).order_by(inbox.c.id).limit(limit).with_for_update(skip_locked=True, of=document)


def _events(rows: Sequence[Any]) -> list[WaitingEvent]:
    return [WaitingEvent(*row) for row in rows]
