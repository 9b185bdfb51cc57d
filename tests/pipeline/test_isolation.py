"""One bad document never fails its batch: it is isolated and named, and the rest is booked."""

import pytest
from sqlalchemy import text

from bus.accounting.engine import Engine
from bus.accounting.outcome import LedgerView, Outcome
from bus.errors import Permanent
from bus.message import Event
from bus.routing import RoutingRules
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk, rules
from tests.papers import CN, EU, chinese_claim, claim, payment, unmapped

TOO_LARGE = "999999999999999999"


class Breaking(Engine):
    """An engine with a defect: it breaks on one document."""

    def journalize(self, event: Event, ledger: LedgerView) -> Outcome:
        if event.subject == "POISON":
            raise ZeroDivisionError
        return super().journalize(event, ledger)


def good(count: int) -> list[dict[str, object]]:
    return [claim(f"G{i}", total=f"{i + 1}.00") for i in range(count)]


def booked(desk: Desk) -> int:
    return sum(state == "booked" for state in desk.states().values())


def test_a_missing_map_row_holds_its_document_and_no_other(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(*good(5), unmapped("BAD"), claim("BAD", 2), *(chinese_claim(f"BX{i}", category="未知") for i in range(2)))
    assert desk.exceptions() == {"BAD/1": "MAP_MISSING", "BX0/1": "MAP_MISSING", "BX1/1": "MAP_MISSING"}
    assert booked(desk) == 5
    causes = desk.rows("SELECT cause, count(*) FROM exception GROUP BY cause ORDER BY 2")
    assert [count for _, count in causes] == [1, 2], "equal causes are grouped"


def test_a_document_on_which_the_rules_break_is_held_alone(store: SqlStore) -> None:
    desk = Desk(store)
    desk.books._engines[EU] = Breaking(desk.books.pack(EU), desk.books.companies[EU])
    desk.run(*good(5), claim("POISON"), payment("POISON"))
    assert desk.states()["POISON/1"] == "held:EVALUATION_FAILED"
    assert desk.states()["POISON/2"] == "parked"
    assert booked(desk) == 5
    assert desk.verify().sound


def test_an_entry_that_the_store_cannot_hold_is_refused_alone(store: SqlStore) -> None:
    """18 digits and two decimals are more than a column of 64 bits: the write itself fails."""
    desk = Desk(store)
    desk.run(*good(6), claim("HUGE", total=TOO_LARGE), payment("HUGE"))
    assert desk.states()["HUGE/1"] == "held:BOOKING_REFUSED"
    assert desk.states()["HUGE/2"] == "parked"
    assert desk.exceptions() == {"HUGE/1": "BOOKING_REFUSED"}
    assert desk.rows("SELECT amount, currency FROM exception") == [(None, None)]
    assert booked(desk) == 6
    assert desk.verify().sound


def test_a_constraint_that_one_document_breaks_fails_only_that_document(store: SqlStore) -> None:
    """The number of a voucher that is not in the counter's run is there already: every try conflicts."""
    desk = Desk(store)
    desk.run(*good(3), claim("OTHER", on="2017-06-01"))
    _set_counter(desk, "2017-06", 1)
    desk.run(claim("CLASH", on="2017-06-02"), claim("FINE", on="2017-05-03"))
    assert desk.states()["CLASH/1"] == "held:BOOKING_REFUSED"
    assert desk.states()["FINE/1"] == "booked"


def _set_counter(desk: Desk, period: str, number: int) -> None:
    with desk.store.engine.begin() as connection:
        connection.execute(
            text("UPDATE voucher_counter SET next_number = :n WHERE period = :p"), {"n": number, "p": period}
        )


def test_an_amount_beyond_the_columns_does_not_stop_the_dispatcher(store: SqlStore) -> None:
    """No route and an amount that no column holds: the event is shown, and the loop goes on."""
    desk = Desk(store, routing=RoutingRules(()))
    desk.run(claim("HUGE", total=TOO_LARGE), claim("A"))
    assert desk.exceptions() == {"HUGE/1": "NO_ROUTE", "A/1": "NO_ROUTE"}


def test_an_event_that_takes_its_workers_down_goes_in_smaller_batches_and_then_to_a_person(store: SqlStore) -> None:
    """A worker that dies has claimed its documents and left no outcome; its lease runs out."""
    desk = Desk(store)
    desk.receive(claim("POISON"), claim("GOOD"))
    for deaths in range(1, 9):
        desk.route()
        messages = desk.post.fetch()
        together = any(len(message.ids) == 2 for message in messages)
        assert together == (deaths <= 4), "after four deaths each goes alone"
        for message in messages:
            with store.begin() as uow:
                uow.documents.claim(message.ids, "doomed", f"token{deaths}", 60_000)
                uow.documents.begin_attempt(f"token{deaths}")
        desk.later()
    desk.run()
    assert desk.exceptions() == {"POISON/1": "EVENT_POISONED", "GOOD/1": "EVENT_POISONED"}


def test_a_failure_that_says_itself_over_is_no_attempt(store: SqlStore) -> None:
    """A store that goes away at the write is not the event's fault: the lease is given back, nothing is counted."""
    desk = Desk(store)
    desk.receive(claim("A"))
    desk.route()
    (message,) = desk.post.fetch()
    with store.begin() as uow:
        assert uow.documents.claim(message.ids, "w", "t", 60_000)
        uow.documents.begin_attempt("t")
    assert desk.rows("SELECT attempts FROM inbox") == [(1,)]
    with store.begin() as uow:
        uow.documents.give_back("t")
    assert desk.rows("SELECT attempts FROM inbox") == [(0,)]
    desk.work([message])
    assert desk.states() == {"A/1": "booked"}


def test_a_company_that_is_gone_is_a_failure_with_a_name() -> None:
    with pytest.raises(Permanent) as refusal:
        rules().books.engine("GONE")
    assert refusal.value.code == "COMPANY_UNKNOWN"
    assert rules().books.engine(CN) is not None
