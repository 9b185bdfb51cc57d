"""Who watches the store is woken by a commit of work, and by nothing that was rolled back."""

import threading
import time

import pytest

from bus.message import Event
from bus.store.unit_of_work import SqlStore
from tests.papers import claim

LONG = 60.0
SHORT = 0.2


def offer(store: SqlStore, name: str) -> None:
    with store.begin() as uow:
        uow.inbox.add([Event.from_cloudevent(claim(name))])


def offer_and_fail(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.inbox.add([Event.from_cloudevent(claim("A"))])
        raise ZeroDivisionError


def test_a_commit_of_events_ends_the_wait(store: SqlStore) -> None:
    watch = store.watch()
    watch.wait(SHORT)
    waiter = threading.Thread(target=watch.wait, args=(LONG,))
    waiter.start()
    offer(store, "A")
    waiter.join(LONG / 2)
    assert not waiter.is_alive()
    watch.close()


def test_work_committed_between_two_waits_is_noticed(store: SqlStore) -> None:
    watch = store.watch()
    watch.wait(SHORT)
    offer(store, "A")
    started = time.monotonic()
    watch.wait(LONG)
    assert time.monotonic() - started < LONG / 2
    watch.close()


def test_what_is_rolled_back_wakes_nobody(store: SqlStore) -> None:
    watch = store.watch()
    watch.wait(SHORT)
    watch.wait(SHORT)
    with pytest.raises(ZeroDivisionError):
        offer_and_fail(store)
    started = time.monotonic()
    watch.wait(SHORT)
    assert time.monotonic() - started >= SHORT
    watch.close()


def test_a_store_that_is_away_is_waited_for(store: SqlStore) -> None:
    watch = store.watch()
    watch.wait(SHORT)
    watch._connection.close()
    watch.wait(SHORT)
    offer(store, "A")
    watch.wait(SHORT)
    watch.close()
