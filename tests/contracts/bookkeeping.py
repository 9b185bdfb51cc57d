"""What every store does for periods, counters, postings and exceptions, as tests."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from bus.errors import Transient
from bus.records import ClosedException, PostingChange, RaisedException
from bus.store.unit_of_work import SqlStore
from tests.contracts.unit_of_work import LEASE_MS, accepted, together
from tests.desk import Desk
from tests.papers import claim

PERIOD = ("EU01", "GL", "2017-05")
COUNTERS = [("EU01", "GL", f"2017-{month:02d}", "GJ") for month in range(1, 13)]


def booked(store: SqlStore, count: int) -> list[str]:
    """Book entries and return the ids of their postings, which nobody has looked at yet."""
    desk = Desk(store)
    desk.receive(*(claim(f"D{i}") for i in range(count)))
    desk.route()
    desk.work()
    return [posting_id for (posting_id,) in desk.rows("SELECT posting_id FROM posting ORDER BY posting_id")]


def problem(row: int, code: str, posting_id: str | None = None) -> RaisedException:
    return RaisedException(row, code, "EU01", "A", 100, "EUR", "cause", "message", {"key": 1}, posting_id)


class PeriodsContract:
    """No entry gets into a closed period."""

    def test_a_closed_period_is_not_opened_on_demand(self, store: SqlStore) -> None:
        with store.begin() as uow:
            uow.periods.set_state(PERIOD, "closed")
            uow.periods.open_missing([PERIOD, ("EU01", "GL", "2017-06")])
            assert uow.periods.share([PERIOD, ("EU01", "GL", "2017-07")]) == {PERIOD: "closed"}
            assert uow.periods.states() == {PERIOD: "closed", ("EU01", "GL", "2017-06"): "open"}

    def test_no_race_lets_an_entry_into_a_closed_period(self, store: SqlStore) -> None:
        """Each race closes a month while two workers book into it; the entry's mark is its counter."""
        races = 40 if store.engine.dialect.name == "postgresql" else 15
        for race in range(races):
            month = ("EU01", "GL", f"{2000 + race}-01")

            def book(word: str, month: tuple[str, str, str] = month) -> int:
                with store.begin() as uow:
                    uow.periods.open_missing([month])
                    if uow.periods.share([month]).get(month) != "open":
                        return 0
                    uow.journal.lock_counters([(*month, word)])
                    return 1

            def close(month: tuple[str, str, str] = month) -> int:
                with store.begin() as uow:
                    uow.periods.set_state(month, "closed")
                    return sum(key[:3] == month for key in uow.totals.counters())

            one, at_close, two = together(lambda: book("A"), close, lambda: book("B"))
            with store.read() as uow:
                there = sum(key[:3] == month for key in uow.totals.counters())
            assert one + two == there == at_close, "what is booked was booked before the close"


class CountersContract:
    """Numbers and heads under one row lock."""

    def test_counters_locked_in_opposite_order_do_not_deadlock(self, store: SqlStore) -> None:
        def lock(keys: Sequence[tuple[str, str, str, str]]) -> int:
            taken = 0
            for _ in range(10):
                with store.begin() as uow:
                    taken += len(uow.journal.lock_counters(list(keys)))
            return taken

        assert together(lambda: lock(COUNTERS), lambda: lock(COUNTERS[::-1])) == [120, 120]

    def test_a_new_counter_starts_at_one_with_an_empty_chain(self, store: SqlStore) -> None:
        with store.begin() as uow:
            assert uow.journal.lock_counters(COUNTERS[:1]) == {COUNTERS[0]: (1, "0" * 64)}


class PostingsContract:
    """The outbox: leased, handed over, settled; only by who holds it."""

    def test_a_posting_goes_from_lease_to_confirmation(self, store: SqlStore) -> None:
        ids = booked(store, 3)
        with store.begin() as uow:
            (leased,) = uow.postings.lease("me", "t", 10, LEASE_MS)
            assert (leased.target, sorted(leased.posting_ids)) == ("beancount", ids)
            assert sorted(leased.documents) == ["D0", "D1", "D2"]
            assert uow.postings.lease("you", "u", 10, LEASE_MS) == []
            assert uow.postings.take(ids, "t", LEASE_MS) == dict.fromkeys(ids, ("beancount", 1))
            assert uow.postings.take(ids, "t", LEASE_MS) == {}, "handed over once"
            done = [PostingChange(i, "confirmed", "ref") for i in ids]
            assert sorted(uow.postings.change(done, "t")) == ids
            assert uow.postings.change(done, "t") == []
        with store.read() as uow:
            assert uow.totals.postings() == {"beancount": {"confirmed": 3}}

    def test_a_stale_token_writes_nothing(self, store: SqlStore) -> None:
        ids = booked(store, 2)
        with store.begin() as uow:
            uow.postings.lease("me", "old", 10, 0)
        with store.begin() as uow:
            (again,) = uow.postings.lease("you", "new", 10, LEASE_MS)
            assert sorted(again.posting_ids) == ids, "an expired lease is anyone's"
            assert uow.postings.take(ids, "old", LEASE_MS) == {}
            uow.postings.take(ids, "new", LEASE_MS)
            assert uow.postings.change([PostingChange(i, "rejected") for i in ids], "old") == []
        with store.read() as uow:
            assert uow.totals.postings() == {"beancount": {"sent": 2}}

    def test_what_was_handed_over_and_never_answered_is_leased_again(self, store: SqlStore) -> None:
        ids = booked(store, 1)
        for attempt in (1, 2, 3):
            with store.begin() as uow:
                uow.postings.lease("me", f"t{attempt}", 10, LEASE_MS)
                assert uow.postings.take(ids, f"t{attempt}", 0) == {ids[0]: ("beancount", attempt)}

    def test_a_posting_that_is_to_be_tried_again_waits_for_its_time(self, store: SqlStore) -> None:
        ids = booked(store, 1)
        with store.begin() as uow:
            uow.postings.lease("me", "t", 10, LEASE_MS)
            uow.postings.take(ids, "t", LEASE_MS)
            uow.postings.change([PostingChange(ids[0], "pending", None, "LEDGER_LOCKED", "busy", retry_in=60)], "t")
            assert uow.postings.waiting(1).count == 0
            assert uow.postings.lease("me", "u", 10, LEASE_MS) == []

    def test_relays_at_the_same_moment_lease_nothing_twice(self, store: SqlStore) -> None:
        ids = booked(store, 30)

        def lease(token: str) -> list[str]:
            with store.begin() as uow:
                return [i for batch in uow.postings.lease(token, token, 20, LEASE_MS) for i in batch.posting_ids]

        found = together(*(lambda t=t: lease(t) for t in ("a", "b", "c")))
        taken = [i for part in found for i in part]
        assert len(taken) == len(set(taken))
        assert set(taken) <= set(ids)

    def test_targets_that_confirm_the_same_events_at_once_do_not_deadlock(self, store: SqlStore) -> None:
        ids = booked(store, 40)

        def note(order: list[str]) -> None:
            for _ in range(10):
                with store.begin() as uow:
                    uow.inbox.note_vouchers(order)

        together(lambda: note(ids), lambda: note(ids[::-1]))
        with store.engine.connect() as connection:
            assert (
                connection.execute(text("SELECT count(*) FROM inbox WHERE voucher LIKE 'GJ-2017-05-00%'")).scalar()
                == 40
            )


class ExceptionsContract:
    """One live exception for one cause of one event."""

    def test_a_cause_that_is_found_again_stays_one_exception(self, store: SqlStore) -> None:
        (row,) = accepted(store, "A")
        with store.begin() as uow:
            uow.exceptions.raise_all([problem(row, "MAP_MISSING")])
            uow.exceptions.raise_all([problem(row, "MAP_MISSING"), problem(row, "PERIOD_CLOSED")])
            assert uow.totals.exceptions() == {"MAP_MISSING": 1, "PERIOD_CLOSED": 1}

    def test_a_cause_that_comes_back_after_it_was_over_is_a_new_exception(self, store: SqlStore) -> None:
        (row,) = accepted(store, "A")
        with store.begin() as uow:
            for state in ("released", "discarded"):
                uow.exceptions.raise_all([problem(row, "MAP_MISSING")])
                uow.exceptions.close([ClosedException(row, state, "done")])
            assert uow.totals.exceptions() == {}
            uow.exceptions.raise_all([problem(row, "MAP_MISSING")])
            assert uow.totals.exceptions() == {"MAP_MISSING": 1}

    def test_closing_an_events_exceptions_leaves_those_of_its_postings(self, store: SqlStore) -> None:
        ids = booked(store, 1)
        with store.begin() as uow:
            uow.exceptions.raise_all([problem(1, "MAP_MISSING"), problem(1, "TARGET_REJECTED", ids[0])])
            uow.exceptions.close([ClosedException(1, "released", "done")])
            assert uow.totals.exceptions() == {"TARGET_REJECTED": 1}

    def test_workers_that_find_the_same_cause_at_once_make_one_exception(self, store: SqlStore) -> None:
        (row,) = accepted(store, "A")

        def find() -> None:
            with store.begin() as uow:
                uow.exceptions.raise_all([problem(row, "MAP_MISSING")])

        together(find, find, find)
        with store.read() as uow:
            assert uow.totals.exceptions() == {"MAP_MISSING": 1}


class RefusalsContract:
    """A store that cannot do what it is asked says so in the bus's own words, and wrote nothing."""

    def test_a_row_that_breaks_a_constraint_is_a_conflict(self, store: SqlStore) -> None:
        with pytest.raises(Transient) as refusal, store.begin() as uow:
            uow.exceptions.raise_all([problem(4711, "MAP_MISSING")])
        assert refusal.value.code == "STORE_CONFLICT"
