"""The journal is append-only in the database itself, numbered without gaps, and no entry is taken back twice."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import chinese_claim, claim, payment, withdrawal

TABLES = ("journal_entry", "journal_line", "audit")


@pytest.fixture
def desk(store: SqlStore) -> Desk:
    """A desk with two vouchers and a line in the audit trail."""
    desk = Desk(store)
    desk.run(claim("A"), payment("A"))
    with store.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO audit (at, actor, action, subject, detail) VALUES (0, 'a', 'b', 'c', '{}')")
        )
    return desk


def refused(store: SqlStore, statement: str) -> str:
    with pytest.raises(DBAPIError) as refusal, store.engine.begin() as connection:
        connection.execute(text(statement))
    return str(refusal.value.orig)


@pytest.mark.parametrize("table", TABLES)
def test_a_booked_row_is_never_changed_nor_deleted(desk: Desk, table: str) -> None:
    column = "detail" if table == "audit" else "text"
    assert "append-only" in refused(desk.store, f"UPDATE {table} SET {column} = {column}")
    assert "append-only" in refused(desk.store, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_sqlite_replaces_no_booked_row(sqlite_store: SqlStore, table: str) -> None:
    desk = Desk(sqlite_store)
    desk.run(claim("A"))
    with sqlite_store.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO audit (at, actor, action, subject, detail) VALUES (0, 'a', 'b', 'c', '{}')")
        )
    before = desk.rows(f"SELECT * FROM {table}")
    assert "append-only" in refused(sqlite_store, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert "append-only" in refused(sqlite_store, f"REPLACE INTO {table} SELECT * FROM {table}")
    assert desk.rows(f"SELECT * FROM {table}") == before


def test_sqlite_replaces_no_booked_row_that_is_in_the_way_by_another_key(sqlite_store: SqlStore) -> None:
    desk = Desk(sqlite_store)
    desk.run(claim("A"), withdrawal("A"))
    columns = [row[1] for row in desk.rows("PRAGMA table_info(journal_entry)")]
    for kept in ({"number"}, {"event_id"}, {"reverses"}):
        new = {"entry_id": "'new'", "event_id": "'new'", "number": "77", "reverses": "NULL"}
        values = ", ".join(new.get(c, c) if c not in kept else c for c in columns)
        where = "reverses IS NOT NULL" if kept == {"reverses"} else "reverses IS NULL"
        what = f"INSERT OR REPLACE INTO journal_entry SELECT {values} FROM journal_entry WHERE {where}"
        assert "append-only" in refused(sqlite_store, what)


@pytest.mark.parametrize("table", TABLES)
def test_postgresql_truncates_no_journal(postgres_store: SqlStore, table: str) -> None:
    Desk(postgres_store).run(claim("A"))
    assert "append-only" in refused(postgres_store, f"TRUNCATE {table} CASCADE")


def test_an_entry_is_not_taken_back_twice(store: SqlStore) -> None:
    desk = Desk(store)
    desk.run(claim("A"), withdrawal("A"))
    columns = _columns(store)
    new = {"entry_id": "'again'", "event_id": "'again'", "number": "number + 1"}
    values = ", ".join(new.get(c, c) for c in columns)
    insert = f"INSERT INTO journal_entry SELECT {values} FROM journal_entry WHERE reverses IS NOT NULL"
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(text(insert))
    with store.engine.begin() as connection:
        connection.execute(text(insert.replace(" reverses,", " NULL,", 1)))


def _columns(store: SqlStore) -> list[str]:
    with store.engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM journal_entry LIMIT 0")).keys())


def test_voucher_numbers_have_no_gap_under_four_workers(store: SqlStore) -> None:
    """Several months, two companies, batches that meet in the same counters."""
    desk = Desk(store, batch=7)
    days = ("2017-05-02", "2017-06-02", "2017-07-02")
    desk.receive(*(claim(f"D{i}", on=days[i % 3]) for i in range(90)), *(chinese_claim(f"BX{i}") for i in range(30)))
    desk.receive(*(withdrawal(f"D{i}", on=days[(i + 1) % 3]) for i in range(30)))
    desk.route()
    messages, failures = desk.post.fetch(), []

    def worker() -> None:
        while messages:
            try:
                desk.work([messages.pop()])
            except IndexError:
                return
            except BaseException as error:  # noqa: BLE001 - shown below
                failures.append(error)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    desk.later()
    desk.run()
    counted = desk.rows(
        "SELECT e.company, e.book, e.period, e.word, count(*), min(number), max(number), c.next_number "
        "FROM journal_entry e JOIN voucher_counter c ON c.company = e.company AND c.book = e.book "
        "AND c.period = e.period AND c.word = e.word GROUP BY 1, 2, 3, 4, 8"
    )
    assert sum(row[4] for row in counted) == 150
    assert len(counted) == 4
    assert all(first == 1 and count == last == following - 1 for *_, count, first, last, following in counted)
    assert desk.verify().sound
