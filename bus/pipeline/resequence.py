"""Resequencer: walk over one document's waiting events in their order, and settle each. Pure; no store, no clock.

Numbered events run densely from `next_sequence`; a gap parks what is behind it. A failure that blocks holds its event
and parks what follows, until it is released or a later withdrawal makes it moot. Events without a sequence run by time,
and one that comes later than a newer one of its kind changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import Booked, Failure, NoOp, Outcome
from bus.message import WITHDRAWN
from bus.records import (
    NO_LIVE_APPROVAL,
    SEQUENCE_GAP,
    SEQUENCE_TAKEN,
    BookableEntry,
    ClosedException,
    DocumentClaim,
    DocumentResult,
    InboxRow,
    RaisedException,
    Settlement,
)

Decide = Callable[[InboxRow], Outcome]
Place = Callable[[InboxRow, JournalEntry], BookableEntry]
Raise = Callable[[InboxRow, Failure], RaisedException]

_PAYMENT = "payment."
_PASSED = ("no_op", "discarded")


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the walk asks about an event: `decide` what it means, `place` an entry in its period, `raised` a failure."""

    decide: Decide
    place: Place
    raised: Raise


def walk(claim: DocumentClaim, judgement: Judgement) -> DocumentResult:
    """Settle what can be settled of a document's events."""
    return _Walk(claim, judgement).run()


class _Walk:
    def __init__(self, claim: DocumentClaim, judgement: Judgement) -> None:
        self._judgement = judgement
        self._result = DocumentResult(claim.company, claim.key, claim.next_sequence, claim.withdrawn_at)
        self._numbered: dict[int, InboxRow] = {}
        self._late: list[InboxRow] = []
        self._approved_at = dict(claim.approved_at)
        self._again: list[InboxRow] = []
        self._passed: set[int] = set()
        self._unnumbered: list[InboxRow] = []
        for row in sorted(claim.rows, key=_seniority):
            self._sort_in(row, claim.next_sequence)
        self._unnumbered.sort(key=lambda row: (row.event.time, row.id))

    def _sort_in(self, row: InboxRow, next_sequence: int) -> None:
        sequence = row.event.sequence
        if row.state == "held" and row.reason == NO_LIVE_APPROVAL:
            self._again.append(row)
        elif sequence is None:
            self._unnumbered.append(row)
        elif row.state in _PASSED:
            self._passed.add(sequence)
        elif row.state == "held" and row.reason == SEQUENCE_TAKEN:
            return
        elif sequence < next_sequence or sequence in self._numbered:
            self._late.append(row)
        else:
            self._numbered[sequence] = row

    def run(self) -> DocumentResult:
        """The whole walk."""
        for row in self._late:
            self._settle_late(row)
        self._run_numbered()
        self._run_unnumbered()
        return self._result

    def _run_numbered(self) -> None:
        while True:
            row = self._numbered.get(self._result.next_sequence)
            if row is None and self._result.next_sequence not in self._passed:
                break
            if row is not None and not self._step(row, moot=self._withdrawn_later(row)):
                break
            self._result.next_sequence += 1
        for sequence, row in self._numbered.items():
            if sequence > self._result.next_sequence and row.state == "accepted":
                self._settle(row, "parked")

    def _withdrawn_later(self, row: InboxRow) -> bool:
        """Whether a withdrawal follows without a gap: it cancels what is held before it, but never a payment."""
        if row.event.type.startswith(_PAYMENT):
            return False
        sequence = self._result.next_sequence + 1
        while sequence in self._numbered or sequence in self._passed:
            later = self._numbered.get(sequence)
            if later is not None and later.event.type == WITHDRAWN:
                return True
            sequence += 1
        return False

    def _run_unnumbered(self) -> None:
        blocked = False
        for place, row in enumerate(self._unnumbered):
            if blocked:
                if row.state == "accepted":
                    self._settle(row, "parked")
                continue
            if self._came_too_late(row):
                self._supersede(row, "superseded by a newer event")
                continue
            later = any(after.event.type == WITHDRAWN for after in self._unnumbered[place + 1 :])
            moot = later and not row.event.type.startswith(_PAYMENT)
            blocked = not self._step(row, moot=moot)
            if row.event.type == WITHDRAWN and not blocked:
                self._result.withdrawn_at = max(_at(row), self._result.withdrawn_at or 0)

    def _came_too_late(self, row: InboxRow) -> bool:
        """A withdrawal that came first cancels what is not newer; a newer approval outlasts an older event."""
        event, at = row.event, _at(row)
        if event.type.startswith(_PAYMENT):
            return False
        if event.type == WITHDRAWN:
            return any(newest > at for kind, newest in self._approved_at.items() if not kind.startswith(_PAYMENT))
        withdrawn_at = self._result.withdrawn_at
        return (withdrawn_at is not None and at <= withdrawn_at) or self._approved_at.get(event.type, at) > at

    def _supersede(self, row: InboxRow, remedy: str) -> None:
        self._settle(row, "no_op", "superseded")
        if row.state == "held":
            self._result.closed.append(ClosedException(row.id, "discarded", remedy))

    def _settle_late(self, row: InboxRow) -> None:
        """A number that was used: a released event runs now, anything else claims another event's place."""
        if row.reason == "released":
            self._step(row, moot=False)
        elif row.state != "held" or row.reason == SEQUENCE_GAP:
            text = f"sequence {row.event.sequence} of this document is another event's"
            self._close_gap(row)
            self._hold(row, Failure(SEQUENCE_TAKEN, text, {"sequence": row.event.sequence}, blocks=False))

    def _step(self, row: InboxRow, *, moot: bool) -> bool:
        """Settle one event whose turn it is; False when it blocks the document."""
        waits = row.state == "held" and row.reason != SEQUENCE_GAP
        outcome = None if waits else self._judgement.decide(row)
        if outcome is None or (isinstance(outcome, Failure) and outcome.blocks):
            if moot:
                self._supersede(row, "superseded by a withdrawal")
                return True
            if isinstance(outcome, Failure):
                self._close_gap(row)
                self._hold(row, outcome)
            return False
        self._close_gap(row)
        self._apply(row, outcome)
        return True

    def _close_gap(self, row: InboxRow) -> None:
        if row.state == "held":
            self._result.closed.append(ClosedException(row.id, "released", "the gap was filled"))

    def _apply(self, row: InboxRow, outcome: Outcome) -> None:
        if isinstance(outcome, Failure):
            self._hold(row, outcome)
            if outcome.code == NO_LIVE_APPROVAL:
                self._again.append(row)
        elif isinstance(outcome, NoOp):
            self._settle(row, "no_op", outcome.reason)
        elif isinstance(outcome, Booked):
            self._book(row, outcome)
            if not row.event.type.startswith(_PAYMENT) and row.event.type != WITHDRAWN:
                self._look_again()

    def _look_again(self) -> None:
        """An approval is live now: payments that waited for one get their turn."""
        waiting, self._again = self._again, []
        for row in waiting:
            outcome = self._judgement.decide(row)
            if isinstance(outcome, Failure) and outcome.code == NO_LIVE_APPROVAL:
                self._again.append(row)
                continue
            self._result.settlements = [s for s in self._result.settlements if s.inbox_id != row.id]
            self._result.raised = [r for r in self._result.raised if r.inbox_id != row.id]
            self._result.closed.append(ClosedException(row.id, "released", "an approval became live"))
            self._apply(row, outcome)

    def _book(self, row: InboxRow, outcome: Booked) -> None:
        self._result.entries.extend(self._judgement.place(row, entry) for entry in outcome.entries)
        self._settle(row, "booked")

    def _hold(self, row: InboxRow, failure: Failure) -> None:
        self._settle(row, "held", failure.code)
        self._result.raised.append(self._judgement.raised(row, failure))

    def _settle(self, row: InboxRow, state: str, reason: str | None = None) -> None:
        self._result.settlements.append(Settlement(row.id, state, reason))


def _seniority(row: InboxRow) -> tuple[bool, int]:
    """Events that were looked at before keep their place against newcomers, whichever the store numbered first."""
    return (row.state == "accepted" and row.reason != "released", row.id)


def _at(row: InboxRow) -> int:
    return int(row.event.time.timestamp() * 1000)  # a time, not an amount
