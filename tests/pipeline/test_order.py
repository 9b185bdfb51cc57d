"""Numbered events of a document are booked in their order, whatever order they come in."""

import itertools

import pytest

from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim, contract, payment, unmapped, withdrawal


def test_an_event_that_comes_early_is_parked_until_the_earlier_one_is_there(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(payment("A"))
    assert desk.states() == {"A/2": "parked"}
    assert desk.rows("SELECT due_at, settled_at FROM inbox") == [(None, None)]
    desk.run(claim("A"))
    assert desk.states() == {"A/1": "booked", "A/2": "booked"}
    assert desk.exceptions() == {}


def test_a_gap_that_nothing_fills_gets_a_name_and_is_released_when_it_is_filled(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A"), withdrawal("A", 3), claim("B", 2), claim("B", 3))
    assert desk.sweep() == 0, "too early"
    desk.age(14)
    assert desk.sweep() == 0, "still too early"
    desk.age(2)
    assert desk.sweep() == 2
    assert desk.states() == {
        "A/1": "booked", "A/3": "held:SEQUENCE_GAP", "B/2": "held:SEQUENCE_GAP", "B/3": "parked",
    }  # fmt: skip
    assert desk.exceptions() == {"A/3": "SEQUENCE_GAP", "B/2": "SEQUENCE_GAP"}
    assert desk.sweep() == 0, "each gap once"
    desk.run(payment("A", 2, "0.00"), claim("B", 1))
    assert desk.exceptions() == {}
    assert set(desk.states().values()) == {"booked", "no_op:zero_amount", "no_op:already_live"}
    assert [state for (state,) in desk.rows("SELECT DISTINCT state FROM exception")] == ["released"]


def test_a_gap_is_closed_by_its_own_name_when_the_event_behind_it_fails_otherwise(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(unmapped("A", 2))
    desk.age(16)
    desk.sweep()
    desk.run(contract("A", 1))
    assert desk.states()["A/2"] == "held:MAP_MISSING"
    assert desk.exceptions() == {"A/2": "MAP_MISSING"}


def test_a_document_that_is_held_for_another_reason_has_no_gap(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(unmapped("A", 1), claim("A", 2), claim("A", 4))
    desk.age(60)
    assert desk.sweep() == 0
    assert desk.exceptions() == {"A/1": "MAP_MISSING"}


def test_a_gap_does_not_hide_behind_an_event_whose_number_was_taken(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A", 1), claim("A", 1, name="other"), withdrawal("A", 3))
    desk.age(16)
    assert desk.sweep() == 1
    assert desk.states() == {"A/1": "booked", "other": "held:SEQUENCE_TAKEN", "A/3": "held:SEQUENCE_GAP"}


def test_the_oldest_parked_event_tells_how_old_a_gap_is(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A", 5))
    desk.age(16)
    desk.run(claim("A", 3))
    assert desk.sweep() == 1
    assert desk.states() == {"A/3": "held:SEQUENCE_GAP", "A/5": "parked"}


@pytest.mark.parametrize("first", ["A/2", "other"])
def test_a_number_that_is_used_twice_is_held_and_holds_nothing_else(store: SqlStore, first: str) -> None:
    second = "other" if first == "A/2" else "A/2"
    desk = Desk(store)
    desk.run(claim("A", 2, "70.00", name=first))
    desk.run(claim("A", 2, "80.00", name=second))
    assert desk.states() == {first: "parked", second: "held:SEQUENCE_TAKEN"}
    desk.run(contract("A", 1), withdrawal("A", 3))
    states = desk.states()
    assert (states[first], states[second], states["A/3"]) == ("booked", "held:SEQUENCE_TAKEN", "booked")
    assert desk.exceptions() == {second: "SEQUENCE_TAKEN"}


def test_a_payment_without_an_approval_is_looked_at_again_after_each_approval(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(contract("A", 1), payment("A", 2))
    assert desk.states()["A/2"] == "held:NO_LIVE_APPROVAL"
    assert desk.exceptions() == {"A/2": "NO_LIVE_APPROVAL"}
    desk.run(contract("A", 3))
    assert desk.exceptions() == {"A/2": "NO_LIVE_APPROVAL"}, "a contract is no approval of a claim"
    desk.run(claim("A", 4))
    assert desk.states()["A/2"] == "booked"
    assert desk.exceptions() == {}
    assert desk.balances() == {"5000": 10000, "1000": -10000}


def test_a_payment_and_its_approval_in_one_batch_leave_no_exception(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(payment("A", 1), claim("A", 2))
    assert desk.states() == {"A/1": "booked", "A/2": "booked"}
    assert desk.rows("SELECT count(*) FROM exception") == [(0,)]


def test_a_payment_that_fails_otherwise_after_the_approval_gets_the_other_name(store: SqlStore) -> None:
    desk = Desk(store, closed_period="hold")
    desk.run(payment("A", 1, on="2017-06-01"))
    with store.begin() as uow:
        uow.periods.set_state(("EU01", "GL", "2017-06"), "closed")
    desk.run(claim("A", 2))
    assert desk.states() == {"A/1": "held:PERIOD_CLOSED", "A/2": "booked"}
    assert desk.exceptions() == {"A/1": "PERIOD_CLOSED"}


def test_a_withdrawal_cancels_held_events_before_it_but_no_payment(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(unmapped("A", 1), payment("A", 2))
    assert desk.states() == {"A/1": "held:MAP_MISSING", "A/2": "parked"}
    desk.run(withdrawal("A", 3))
    assert desk.states() == {
        "A/1": "no_op:superseded", "A/2": "held:NO_LIVE_APPROVAL", "A/3": "no_op:nothing_to_reverse",
    }  # fmt: skip
    assert desk.exceptions() == {"A/2": "NO_LIVE_APPROVAL"}
    assert ("discarded",) in desk.rows("SELECT state FROM exception")


def test_a_withdrawal_behind_a_gap_cancels_nothing_yet(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(unmapped("A", 1), withdrawal("A", 3))
    assert desk.states() == {"A/1": "held:MAP_MISSING", "A/3": "parked"}


def test_a_held_document_parks_its_later_events_and_nobody_elses(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(unmapped("A", 1), claim("A", 2), claim("B", 1), payment("B", 2))
    assert desk.states() == {"A/1": "held:MAP_MISSING", "A/2": "parked", "B/1": "booked", "B/2": "booked"}


LIFE = (claim("A", 1), payment("A", 2, "0.00"), withdrawal("A", 3), claim("A", 4, "120.00"), payment("A", 5, "120.00"))


def test_all_orders_of_five_events_with_duplicates_end_in_one_ledger(sqlite_store: SqlStore) -> None:
    """Each order is the life of a document of its own; the ledgers differ in its number only."""
    desk = Desk(sqlite_store)
    orders = {f"D{place}": order for place, order in enumerate(itertools.permutations(range(5)))}
    for turn in range(5):
        named = [_of_document(document, order[turn]) for document, order in orders.items()]
        desk.run(*named, *named[:60])
        desk.run(*named[60:])
    ledgers: dict[str, list[object]] = {document: [] for document in orders}
    for document, event_id, *said in desk.ledger():
        ledgers[document].append((event_id.split("/")[1], *said))
    assert len({tuple(said) for said in ledgers.values()}) == 1
    assert len(ledgers["D0"]) == 8, "approval, red letters, approval, payment: two lines each"
    assert desk.verify().sound
    assert desk.exceptions() == {}


def _of_document(document: str, turn: int) -> dict[str, object]:
    said = LIFE[turn]
    data = {k: document if v == "A" else v for k, v in said["data"].items()}
    return {**said, "subject": document, "id": f"{document}/{said['sequence']}", "data": data}
