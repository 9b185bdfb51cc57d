"""Delivery is at least once and once in effect, whatever the target does; every failure gets a name."""

import pytest

from bus.errors import BusError, Invalid, Permanent, Transient
from bus.ports import DeliveryResult, FinanceAdapter, Outcome
from bus.recoverability import LAST_ATTEMPT
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim, withdrawal
from tests.shelf import Shelf, failure
from tests.tampering import past_the_triggers


def postings(desk: Desk) -> list[tuple[object, ...]]:
    return desk.rows("SELECT state, attempts, code FROM posting ORDER BY posting_id")


def test_a_confirmed_posting_puts_the_voucher_on_its_event(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A"), withdrawal("A"))
    assert desk.rows("SELECT event_id, voucher FROM inbox ORDER BY event_id") == [
        ("A/1", "GJ-2017-05-0001"), ("A/2", "GJ-2017-05-0002"),
    ]  # fmt: skip
    (red,) = [posting for posting in desk.shelf.kept.values() if posting.reverses]
    assert (red.reverses, red.lines[0].debit, red.lines[1].credit) == ("GJ-2017-05-0001", -10000, -10000)


def test_a_target_that_dies_after_it_kept_a_posting_keeps_it_once(store: SqlStore) -> None:
    desk = Desk(store)
    desk.shelf.fails, desk.shelf.late = RuntimeError("after the commit"), True
    desk.run(claim("A"))
    assert postings(desk) == [("pending", 1, "ADAPTER_FAILED")]
    desk.shelf.fails = None
    desk.later()
    desk.run()
    assert postings(desk) == [("confirmed", 2, None)]
    assert desk.shelf.posted == 1


def test_a_worker_that_dies_with_postings_in_hand_loses_none(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("A"))
    desk.route()
    desk.work()
    desk.relay()
    (message,) = desk.post.fetch()
    with store.begin() as uow:
        uow.postings.take([str(i) for i in message.ids], message.token or "", 60_000)
    assert postings(desk) == [("sent", 1, None)]
    desk.later()
    desk.run()
    assert postings(desk) == [("confirmed", 2, None)]


@pytest.mark.parametrize("kind", [Transient, Permanent, Invalid])
def test_a_failing_target_is_asked_again_and_then_a_person(store: SqlStore, kind: type[BusError]) -> None:
    desk = Desk(store)
    desk.shelf.fails = failure(kind, "LEDGER_LOCKED")
    desk.run(claim("A"))
    for _ in range(LAST_ATTEMPT):
        desk.later()
        desk.run()
    code = "DELIVERY_FAILED"
    assert postings(desk) == [("in_doubt", LAST_ATTEMPT, code)]
    assert desk.exceptions() == {"A/1": code}
    assert "LEDGER_LOCKED" in str(desk.rows("SELECT message FROM posting"))


def test_a_posting_whose_worker_dies_every_time_goes_to_a_person(store: SqlStore) -> None:
    desk = Desk(store)
    desk.shelf.fails = SystemExit()
    desk.receive(claim("A"))
    desk.route()
    desk.work()
    for _ in range(LAST_ATTEMPT):
        desk.later()
        desk.relay()
        with pytest.raises(SystemExit):
            desk.work()
    desk.later()
    desk.run()
    assert postings(desk) == [("in_doubt", LAST_ATTEMPT + 1, "DELIVERY_FAILED")]


def test_each_posting_gets_its_own_answer(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(*(claim(f"D{i}") for i in range(5)))
    desk.route()
    desk.work()
    ids = [str(i) for (i,) in desk.rows("SELECT posting_id FROM posting ORDER BY posting_id")]
    outcomes = (Outcome.REJECTED, Outcome.EXISTS_WITH_DIFFERENT_AMOUNT, Outcome.IN_DOUBT)
    desk.shelf.answers = {i: DeliveryResult(i, outcome) for i, outcome in zip(ids, outcomes, strict=False)}
    desk.shelf.silent = {ids[3]}
    desk.run()
    assert postings(desk) == [
        ("rejected", 1, "TARGET_REJECTED"), ("rejected", 1, "TARGET_DIFFERS"), ("in_doubt", 1, "POSTING_IN_DOUBT"),
        ("pending", 1, "ADAPTER_FAILED"), ("confirmed", 1, None),
    ]  # fmt: skip
    assert sorted(desk.exceptions().values()) == ["POSTING_IN_DOUBT", "TARGET_DIFFERS", "TARGET_REJECTED"]
    assert desk.rows("SELECT DISTINCT amount, currency FROM exception") == [(10000, "EUR")]


@pytest.mark.parametrize("code", ["TARGET_UNKNOWN", "ADAPTER_UNKNOWN"])
def test_a_target_without_an_adapter_is_shown_to_a_person(store: SqlStore, code: str) -> None:
    desk = Desk(store)

    def missing(_company: str, _target: str) -> FinanceAdapter:
        raise Permanent(code, "gone")

    desk.deliver._adapters = missing
    desk.run(claim("A"))
    assert postings(desk) == [("rejected", 1, code)]
    assert desk.exceptions() == {"A/1": code}


def test_an_account_that_left_the_chart_is_named_and_the_rest_delivered(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("A"), claim("B"))
    desk.route()
    desk.work()
    ((bad,),) = desk.rows("SELECT posting_id FROM posting p JOIN journal_entry e ON e.entry_id = p.entry_id "
                          "WHERE e.document = 'A'")  # fmt: skip
    with past_the_triggers(store) as connection:
        connection.exec_driver_sql(
            "UPDATE journal_line SET account = '9999' WHERE line_no = 1 AND entry_id IN "
            "(SELECT entry_id FROM journal_entry WHERE document = 'A')"
        )
    desk.run()
    assert sorted(postings(desk), key=str) == [("confirmed", 1, None), ("rejected", 1, "ACCOUNT_UNKNOWN")]
    assert list(desk.shelf.kept) != [bad]


def test_a_lost_wake_up_of_a_posting_is_sent_again(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("A"))
    desk.route()
    desk.work()
    desk.post.away = True
    assert desk.relay() == 1
    desk.post.away = False
    assert desk.relay() == 0
    desk.later()
    desk.run()
    assert postings(desk) == [("confirmed", 1, None)]


def test_the_shelf_can_be_one_that_cannot_be_asked(store: SqlStore) -> None:
    desk = Desk(store)
    desk.shelf = Shelf(finds=False)
    desk.run(claim("A"))
    assert postings(desk) == [("confirmed", 1, None)]
