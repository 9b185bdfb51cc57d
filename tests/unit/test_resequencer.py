"""The walk over one document's events, with judgements written down in advance."""

from datetime import date

from bus.accounting.journal import CREDIT, DEBIT, JournalEntry, JournalLine
from bus.accounting.outcome import Booked, Failure, NoOp, Outcome
from bus.message import Event
from bus.pipeline.resequence import Judgement, walk
from bus.records import BookableEntry, DocumentClaim, DocumentResult, InboxRow, RaisedException
from tests.papers import claim, payment, withdrawal

HELD = Failure("MAP_MISSING", "no row")
WAITS = Failure("NO_LIVE_APPROVAL", "not yet", blocks=False)


def row(number: int, of: dict[str, object], state: str = "accepted", reason: str | None = None) -> InboxRow:
    return InboxRow(number, Event.from_cloudevent(of), state, reason, 0)


def booked(number: int) -> Booked:
    lines = tuple(JournalLine(side, side, "1", 5, "EUR", 5, {}, "", {}) for side in (DEBIT, CREDIT))
    entry = JournalEntry(
        f"{number:032x}", "entry", "GL", "r", 1, "p", "t", "A", "", date(2017, 5, 2), "GJ", "text", "EUR", lines
    )
    return Booked((entry,))


def walked(rows: list[InboxRow], outcomes: dict[int, Outcome], next_sequence: int = 1) -> DocumentResult:
    def place(of: InboxRow, entry: JournalEntry) -> BookableEntry:
        return BookableEntry(of.id, "s", of.event.id, "EU01", "2017-05", entry.accounting_date, entry)

    def raised(of: InboxRow, failure: Failure) -> RaisedException:
        return RaisedException(of.id, failure.code, "EU01", "A", None, None, "", failure.message, {})

    judgement = Judgement(lambda of: outcomes.get(of.id, booked(of.id)), place, raised)
    return walk(DocumentClaim("EU01", "A", next_sequence, None, tuple(rows)), judgement)


def states(result: DocumentResult) -> dict[int, str]:
    return {s.inbox_id: f"{s.state}:{s.reason}" if s.reason else s.state for s in result.settlements}


def test_numbers_run_in_order_whatever_order_the_rows_have() -> None:
    result = walked([row(1, claim("A", 3)), row(2, claim("A", 2)), row(3, claim("A", 1))], {})
    assert [entry.inbox_id for entry in result.entries] == [3, 2, 1]
    assert result.next_sequence == 4


def test_a_gap_parks_what_is_behind_it_once() -> None:
    result = walked([row(1, claim("A", 1)), row(2, claim("A", 3)), row(3, claim("A", 4), "parked")], {})
    assert states(result) == {1: "booked", 2: "parked"}
    assert result.next_sequence == 2


def test_a_blocking_failure_holds_and_does_not_move_on() -> None:
    result = walked([row(1, claim("A", 1)), row(2, claim("A", 2))], {1: HELD})
    assert states(result) == {1: "held:MAP_MISSING", 2: "parked"}
    assert result.next_sequence == 1
    assert [raised.code for raised in result.raised] == ["MAP_MISSING"]


def test_a_held_event_stays_as_it_is_and_is_not_asked_again() -> None:
    result = walked([row(1, claim("A", 1), "held", "MAP_MISSING"), row(2, claim("A", 2))], {})
    assert states(result) == {2: "parked"}
    assert result.raised == []


def test_a_released_event_is_judged_anew() -> None:
    result = walked([row(1, claim("A", 1), "accepted", "released"), row(2, claim("A", 2), "parked")], {})
    assert states(result) == {1: "booked", 2: "booked"}


def test_a_released_event_keeps_its_number_against_a_newcomer() -> None:
    result = walked([row(1, claim("A", 1)), row(2, claim("A", 1), "accepted", "released")], {})
    assert states(result) == {1: "held:SEQUENCE_TAKEN", 2: "booked"}


def test_a_number_that_was_discarded_or_copied_only_is_passed() -> None:
    rows = [row(1, claim("A", 1), "discarded"), row(2, claim("A", 2), "no_op", "copied_only"), row(3, claim("A", 3))]
    result = walked(rows, {})
    assert (states(result), result.next_sequence) == ({3: "booked"}, 4)


def test_a_payment_that_waits_lets_others_pass_and_is_booked_after_the_approval() -> None:
    outcomes: dict[int, Outcome] = {1: WAITS}
    asked = [row(1, payment("A", 1)), row(2, claim("A", 2))]
    assert states(walked(asked[:1], outcomes)) == {1: "held:NO_LIVE_APPROVAL"}
    result = walked([row(1, payment("A", 1), "held", "NO_LIVE_APPROVAL"), row(2, claim("A", 2))], {}, 2)
    assert states(result) == {2: "booked", 1: "booked"}
    assert [(closed.inbox_id, closed.state) for closed in result.closed] == [(1, "released")]


def test_a_withdrawal_makes_what_is_held_before_it_moot_but_no_payment() -> None:
    rows = [row(1, claim("A", 1), "held", "MAP_MISSING"), row(2, payment("A", 2)), row(3, withdrawal("A", 3))]
    result = walked(rows, {2: HELD, 3: NoOp("nothing_to_reverse")})
    assert states(result) == {1: "no_op:superseded", 2: "held:MAP_MISSING", 3: "parked"}
    assert [(closed.inbox_id, closed.state) for closed in result.closed] == [(1, "discarded")]
