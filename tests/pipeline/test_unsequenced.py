"""Sources without numbers: events count by their own time, nothing waits, and late ones change nothing."""

import itertools

from bus.records import ClosedException, Settlement
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim, payment, unmapped, withdrawal

DAY = "2017-05-{:02d}T12:00:00+00:00"


def at(day: int, of: dict[str, object], name: str) -> dict[str, object]:
    return {**of, "time": DAY.format(day), "id": name}


def test_a_withdrawal_that_comes_first_cancels_an_approval_that_is_not_newer(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(at(10, withdrawal("A", None), "w"))
    assert desk.states() == {"w": "no_op:nothing_to_reverse"}
    desk.run(at(9, claim("A", None), "older"), at(10, claim("A", None), "same"))
    assert desk.balances() == {}
    desk.run(at(11, claim("A", None), "newer"))
    assert desk.states() == {
        "w": "no_op:nothing_to_reverse", "older": "no_op:superseded", "same": "no_op:superseded", "newer": "booked",
    }  # fmt: skip


def test_a_withdrawal_that_comes_late_leaves_a_newer_approval_alone(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(at(10, claim("A", None), "old"))
    desk.run(at(20, claim("A", None, "120.00"), "new"))
    desk.run(at(15, withdrawal("A", None), "w"))
    assert desk.states()["w"] == "no_op:superseded"
    assert desk.balances() == {"5000": 12000, "2100": -12000}


def test_an_approval_that_comes_late_leaves_a_newer_one_alone(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(at(20, claim("A", None, "120.00"), "new"))
    desk.run(at(10, claim("A", None, "90.00"), "old"))
    assert desk.states() == {"new": "booked", "old": "no_op:superseded"}
    assert desk.balances() == {"5000": 12000, "2100": -12000}


def test_all_orders_of_an_unnumbered_life_end_in_the_same_balances(store: SqlStore) -> None:
    """Approved, taken back, approved again, paid: only the last approval and the payment count at the end."""
    desk = Desk(store)
    life = [(10, claim, "a"), (12, withdrawal, "w"), (14, claim, "b"), (16, payment, "p")]
    orders = list(itertools.permutations(life))
    for turn in range(4):
        events = []
        for place, order in enumerate(orders):
            day, make, name = order[turn]
            events.append(at(day, make(f"D{place}", None, name=f"{name}{place}"), f"{name}{place}"))
        desk.run(*events)
    ends: dict[str, dict[str, int]] = {f"D{place}": {} for place in range(len(orders))}
    for document, *_, side, account, amount in desk.ledger():
        sums = ends[document]
        sums[account] = sums.get(account, 0) + (amount if side == "debit" else -amount)
    assert all(sums == {"1000": -10000, "2100": 0, "5000": 10000} for sums in ends.values()), ends
    assert desk.verify().sound
    assert set(desk.exceptions().values()) == {"PAID_DOCUMENT_WITHDRAWN"}, "these are for a person"
    assert {name for name in desk.exceptions() if name not in _withdrawn_after_payment(orders)} == set()


def test_a_failure_parks_what_is_newer_and_a_withdrawal_cancels_it(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(at(10, unmapped("A", None), "bad"), at(11, claim("A", None), "good"))
    assert desk.states() == {"bad": "held:MAP_MISSING", "good": "parked"}
    desk.run(at(12, withdrawal("A", None), "w"))
    assert desk.states()["bad"] == "no_op:superseded"
    assert desk.states()["w"] == "booked"
    assert desk.exceptions() == {}
    assert desk.balances() == {}


def test_an_event_behind_a_discarded_one_gets_its_turn_at_the_next_sweep(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(at(10, unmapped("A", None), "bad"), at(11, claim("A", None), "good"))
    desk.rows("SELECT 1")
    _discard(desk, "bad")
    assert desk.sweep() == 1
    desk.run()
    assert desk.states() == {"bad": "discarded:by a person", "good": "booked"}


def test_discarding_a_numbered_event_moves_the_document_on(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(unmapped("A", 1), claim("A", 2))
    _discard(desk, "A/1")
    assert desk.sweep() == 1
    desk.run()
    assert desk.states() == {"A/1": "discarded:by a person", "A/2": "booked"}


def _discard(desk: Desk, event_id: str) -> None:
    ((inbox_id,),) = desk.rows("SELECT id FROM inbox WHERE event_id = :e", e=event_id)
    with desk.store.begin() as uow:
        uow.inbox.settle([Settlement(inbox_id, "discarded", "by a person")])
        uow.exceptions.close([ClosedException(inbox_id, "discarded", "by a person")])


def _withdrawn_after_payment(orders: list[tuple[tuple[int, object, str], ...]]) -> set[str]:
    """Withdrawals that came when the first approval was already paid and the second not yet there."""
    names = ["".join(name for _, _, name in order) for order in orders]
    return {f"w{place}" for place, name in enumerate(names) if name.index("p") < name.index("w") < name.index("b")}
