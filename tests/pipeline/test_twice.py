"""Running anything twice, or in two places at once, changes nothing; batches of any size give the same ledger."""

import itertools
import threading

import pytest
from sqlalchemy import text

from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.interruption import between_evaluation_and_write
from tests.papers import claim, contract, payment, unmapped, withdrawal


def month() -> list[dict[str, object]]:
    """Some documents with everything in them."""
    events: list[dict[str, object]] = []
    for i in range(6):
        events += [claim(f"C{i}", total=f"{i + 1}0.00"), payment(f"C{i}", amount=f"{i + 1}0.00")]
        events += [claim(f"W{i}"), withdrawal(f"W{i}"), contract(f"K{i}"), claim(f"K{i}", 2), claim(f"K{i}", 3, "7.00")]
    return [*events, unmapped("U"), claim("U", 2), payment("N", 1)]


def test_every_task_may_run_twice(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(*month())
    messages = []
    while desk.route() + desk.relay():
        waiting = desk.post.fetch()
        messages += waiting
        desk.work(waiting)
        desk.work(waiting)
    once = (desk.ledger(), desk.states(), desk.exceptions(), dict(desk.shelf.kept))
    desk.work(messages)
    desk.receive(*month())
    desk.run()
    desk.sweep()
    assert (desk.ledger(), desk.states(), desk.exceptions(), dict(desk.shelf.kept)) == once
    assert desk.shelf.posted == len(desk.shelf.kept)
    assert desk.verify().sound


def test_the_size_of_batches_changes_nothing(sqlite_store: SqlStore) -> None:
    ends = []
    for size in (1, 3, 500):
        desk = Desk(sqlite_store, batch=size)
        named = [{**e, "subject": f"{e['subject']}-{size}", "id": f"{e['id']}-{size}"} for e in month()]
        desk.run(*named)
        found = [
            (row[0].split("-")[0], row[1].split("-")[0], *row[2:]) for row in desk.ledger() if f"-{size}" in row[0]
        ]
        states = {k.split("-")[0]: v for k, v in desk.states().items() if k.endswith(f"-{size}")}
        ends.append((sorted(found), states))
    assert ends[0] == ends[1] == ends[2]
    assert Desk(sqlite_store).verify().sound


def test_two_workers_on_overlapping_wake_ups_book_each_event_once(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(*(claim(f"D{i}") for i in range(40)), *(payment(f"D{i}") for i in range(40)))
    desk.route()
    (message,) = desk.post.fetch()
    barrier, failures = threading.Barrier(4), []

    def worker(ids: tuple[int, ...]) -> None:
        barrier.wait()
        try:
            desk.journalize(ids)
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    shuffled = [message.ids, message.ids[::-1], message.ids[::2], message.ids[1::2]]
    threads = [threading.Thread(target=worker, args=(ids,)) for ids in shuffled]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    desk.later()
    desk.run()
    assert set(desk.states().values()) == {"booked"}
    assert desk.rows("SELECT count(*) FROM journal_entry") == [(80,)]
    assert desk.verify().sound


def test_a_lease_that_is_lost_between_evaluation_and_write_writes_nothing(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("LOST"), claim("KEPT"))
    desk.route()
    (message,) = desk.post.fetch()

    def steal() -> None:
        ((lost,),) = desk.rows("SELECT id FROM inbox WHERE document = 'LOST'")
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE document SET lease_until = 0 WHERE key = 'LOST'"))
        with store.begin() as uow:
            assert [each.key for each in uow.documents.claim([lost], "thief", "stolen", 60_000)] == ["LOST"]

    with between_evaluation_and_write(desk, steal):
        desk.work([message])
    assert desk.states() == {"LOST/1": "accepted", "KEPT/1": "booked"}
    assert desk.rows("SELECT lease_token FROM document ORDER BY key") == [(None,), ("stolen",)]
    with store.begin() as uow:
        uow.documents.give_back("stolen")
    desk.later()
    desk.run()
    assert desk.states() == {"LOST/1": "booked", "KEPT/1": "booked"}
    assert desk.verify().sound


@pytest.mark.parametrize("lost", range(3))
def test_a_lost_wake_up_costs_time_and_nothing_else(store: SqlStore, lost: int) -> None:
    desk = Desk(store, batch=2)
    desk.receive(*(claim(f"D{i}") for i in range(5)))
    for turn in itertools.count():
        if not desk.route() + desk.relay():
            if not desk.rows("SELECT 1 FROM inbox WHERE state = 'accepted'"):
                break
            desk.later()
        messages = desk.post.fetch()
        desk.work(messages if turn != lost else [])
        assert turn < 20
    assert set(desk.states().values()) == {"booked"}


def test_an_event_is_not_woken_again_before_its_time_and_later_each_time(store: SqlStore) -> None:
    desk = Desk(store)
    desk.receive(claim("A"))
    waits = []
    for _ in range(7):
        assert desk.route() == 1
        assert desk.route() == 0
        ((wait,),) = desk.rows(f"SELECT due_at - {_now(desk)} FROM inbox")
        waits.append(round(wait / 1000))
        desk.later()
    assert waits == [15, 30, 60, 120, 240, 300, 300]


def test_wake_ups_are_kept_in_the_store_while_the_broker_is_away(store: SqlStore) -> None:
    desk = Desk(store)
    desk.post.away = True
    desk.receive(claim("A"))
    assert desk.route() == 1
    desk.post.away = False
    desk.later()
    desk.run()
    assert desk.states() == {"A/1": "booked"}


def _now(desk: Desk) -> str:
    if desk.store.engine.dialect.name == "sqlite":
        return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)"
