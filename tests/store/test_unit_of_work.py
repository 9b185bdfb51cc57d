"""The SQL store keeps the contracts of its port, on SQLite and on PostgreSQL."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from bus.errors import Permanent, Transient
from bus.message import Event
from bus.store.schema import upgrade
from bus.store.unit_of_work import SqlStore
from tests.contracts.bookkeeping import (
    CountersContract,
    ExceptionsContract,
    PeriodsContract,
    PostingsContract,
    RefusalsContract,
)
from tests.contracts.unit_of_work import DocumentsContract, InboxContract, together
from tests.papers import claim
from tests.store.child import COUNT
from tests.store.processes import side_by_side


class TestInbox(InboxContract):
    pass


class TestDocuments(DocumentsContract):
    pass


class TestPeriods(PeriodsContract):
    pass


class TestCounters(CountersContract):
    pass


class TestPostings(PostingsContract):
    pass


class TestExceptions(ExceptionsContract):
    pass


class TestRefusals(RefusalsContract):
    pass


def test_two_processes_that_offer_the_same_events_accept_each_of_them_once(store_url: str) -> None:
    store = SqlStore.open(store_url)
    upgrade(store.engine)
    assert sum(int(said) for said in side_by_side("offer", store_url)) == COUNT
    with store.read() as uow:
        assert uow.totals.inbox_states() == {"accepted": COUNT}
        assert uow.totals.documents() == COUNT
    store.close()


def test_a_text_that_is_too_long_for_its_column_is_refused_for_good(postgres_store: SqlStore) -> None:
    long = {**claim("A"), "id": "x" * 201}
    with pytest.raises(Permanent) as refusal, postgres_store.begin() as uow:
        uow.inbox.add([Event.from_cloudevent(long)])
    assert refusal.value.code == "STORE_REFUSED"


def test_two_units_of_work_that_wait_for_each_other_end_as_a_conflict(postgres_store: SqlStore) -> None:
    with postgres_store.begin() as uow:
        for month in ("2017-01", "2017-02"):
            uow.periods.set_state(("EU01", "GL", month), "open")
    met = threading.Barrier(2)

    def cross(first: str, second: str) -> str:
        try:
            with postgres_store.begin() as uow:
                uow.periods.set_state(("EU01", "GL", first), "open")
                met.wait()
                uow.periods.set_state(("EU01", "GL", second), "open")
        except Transient as error:
            return error.code
        return "done"

    ends = together(lambda: cross("2017-01", "2017-02"), lambda: cross("2017-02", "2017-01"))
    assert sorted(ends) == ["STORE_CONFLICT", "done"]


def test_a_store_that_is_not_there_is_transient(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/no/such/place.db", "postgresql://nobody@127.0.0.1:1/nothing"):
        store = SqlStore.open(url)
        with pytest.raises(Transient) as refusal, store.begin():
            pass
        assert refusal.value.code == "STORE_UNAVAILABLE"


def test_a_reader_waits_for_no_writer(store: SqlStore) -> None:
    with store.begin() as writing:
        writing.inbox.add([Event.from_cloudevent(claim("A"))])
        with store.read() as reading:
            assert reading.totals.inbox_states() == {}


def test_a_commit_survives_a_power_cut(store: SqlStore) -> None:
    with store.engine.connect() as connection:
        if store.engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2, "FULL"
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        else:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
