"""Periods: no entry gets into a closed one, whatever happens between evaluation and write."""

from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.interruption import between_evaluation_and_write
from tests.papers import claim, payment, withdrawal

MAY, JUNE = ("EU01", "GL", "2017-05"), ("EU01", "GL", "2017-06")


def close(store: SqlStore, *periods: tuple[str, str, str]) -> None:
    with store.begin() as uow:
        for period in periods:
            uow.periods.set_state(period, "closed")


def test_a_closed_period_holds_the_document_and_what_comes_after(store: SqlStore) -> None:
    desk = Desk(store)
    close(store, MAY)
    desk.run(claim("A"), payment("A", on="2017-06-02"), claim("B", on="2017-06-01"))
    assert desk.states() == {"A/1": "held:PERIOD_CLOSED", "A/2": "parked", "B/1": "booked"}
    assert desk.rows("SELECT cause FROM exception") == [("GL 2017-05",)]


def test_a_period_that_closes_between_evaluation_and_write_takes_no_entry(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("A"), claim("B", on="2017-06-01"))
    desk.route()
    with between_evaluation_and_write(desk, lambda: close(store, MAY)):
        desk.work()
    assert desk.states() == {"A/1": "held:PERIOD_CLOSED", "B/1": "booked"}
    assert desk.verify().sound


def test_a_period_that_opens_on_demand_is_opened_by_the_first_entry(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A"))
    assert desk.rows("SELECT company, book, name, state FROM period") == [(*MAY, "open")]


def test_a_book_with_explicit_periods_waits_for_a_person_to_open_one(store: SqlStore) -> None:
    desk = Desk(store, periods="explicit")
    desk.run(claim("A"))
    assert desk.states() == {"A/1": "held:PERIOD_CLOSED"}
    with store.begin() as uow:
        uow.periods.set_state(MAY, "open")
    desk.run(claim("B"))
    assert desk.states()["B/1"] == "booked"


def test_the_next_open_period_takes_the_entry_where_the_policy_says_so(store: SqlStore) -> None:
    desk = Desk(store, closed_period="next_open")
    close(store, MAY, JUNE)
    desk.run(claim("A"))
    assert desk.states() == {"A/1": "booked"}
    assert desk.rows("SELECT period, accounting_date, original_date, number FROM journal_entry") == [
        ("2017-07", "2017-07-01", "2017-05-02", 1)
    ]
    assert desk.verify().sound


def test_no_entry_moves_into_another_year_by_itself(store: SqlStore) -> None:
    desk = Desk(store, closed_period="next_open")
    close(store, *(("EU01", "GL", f"2017-{month:02d}") for month in range(5, 13)))
    desk.run(claim("A"))
    assert desk.exceptions() == {"A/1": "PERIOD_CLOSED"}


def test_a_reversal_goes_into_the_period_of_the_withdrawal(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A"))
    close(store, MAY)
    desk.run(withdrawal("A", on="2017-06-15"))
    assert desk.rows("SELECT period, number FROM journal_entry ORDER BY period") == [("2017-05", 1), ("2017-06", 1)]
    assert desk.balances() == {}
