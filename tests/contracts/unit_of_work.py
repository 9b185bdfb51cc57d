"""What every store does for inbox and documents, as tests. A store's test class inherits the contracts."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from bus.message import Event
from bus.records import DocumentResult, Settlement
from bus.store.unit_of_work import SqlStore
from bus.store_port import Store
from tests.papers import claim

LEASE_MS = 60_000


def events(*documents: str, sequence: int = 1) -> list[Event]:
    return [Event.from_cloudevent(claim(document, sequence)) for document in documents]


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Run the actions at the same moment, each in a thread with a connection of its own; their results in order."""
    barrier = threading.Barrier(len(actions))

    def started(action: Callable[[], Any]) -> Any:
        barrier.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result() for future in [pool.submit(started, action) for action in actions]]


def accepted(store: Store, *documents: str, sequence: int = 1) -> list[int]:
    """Put events into the inbox, routed; their row ids in the order of `documents`."""
    offered = events(*documents, sequence=sequence)
    with store.begin() as uow:
        uow.inbox.add(offered)
        due = {waiting.event.subject: waiting.id for waiting in uow.inbox.due(1000)}
        uow.inbox.woken(dict.fromkeys(due.values(), "journalize"))
    return [due[document] for document in documents]


class InboxContract:
    """Every event once, and what is due."""

    def test_an_event_is_accepted_once_and_known_for_ever(self, store: SqlStore) -> None:
        one, two = events("A", "B")
        with store.begin() as uow:
            assert uow.inbox.add([one]) == {(one.source, one.id)}
        with store.begin() as uow:
            assert uow.inbox.add([two, one]) == {(two.source, two.id)}
            known = uow.inbox.known([(one.source, one.id), ("nobody", "nothing")])
        assert known == {(one.source, one.id): (one.content_hash, "accepted")}

    def test_doors_that_offer_the_same_events_at_once_accept_each_of_them_once(self, store: SqlStore) -> None:
        offered = events(*(f"D{i:03d}" for i in range(200)))

        def offer(batch: list[Event]) -> set[tuple[str, str]]:
            with store.begin() as uow:
                return uow.inbox.add(batch)

        for turn in range(5):
            batch = offered[turn * 40 : turn * 40 + 40]
            found = together(*(lambda b=b: offer(b) for b in (batch, batch[::-1], batch[::2] + batch[1::2])))
            assert sum(map(len, found)) == 40
            assert set.union(*found) == {(e.source, e.id) for e in batch}

    def test_events_go_in_by_key_so_that_no_two_doors_wait_for_each_other(self, store: SqlStore) -> None:
        with store.begin() as uow:
            uow.inbox.add(events("C", "A", "B"))
        with store.engine.connect() as connection:
            found = connection.execute(text("SELECT document FROM inbox ORDER BY id")).scalars().all()
        assert found == ["A", "B", "C"]

    def test_what_a_unit_of_work_wrote_is_gone_when_it_fails(self, store: SqlStore) -> None:
        with pytest.raises(ZeroDivisionError), store.begin() as uow:
            assert uow.inbox.add(events("A")) == {1 // 0}
        with store.read() as uow:
            assert uow.totals.inbox_states() == {}

    def test_a_woken_event_is_not_due_and_a_postponed_one_is_soon(self, store: SqlStore) -> None:
        (row,) = accepted(store, "A")
        with store.begin() as uow:
            assert uow.inbox.due(10) == []
            assert uow.inbox.in_flight(10) == 1
            uow.inbox.postpone([row], 0)
            (waiting,) = uow.inbox.due(10)
        assert (waiting.id, waiting.queue, waiting.dispatches) == (row, "journalize", 1)

    def test_two_dispatchers_never_take_the_same_due_event(self, store: SqlStore) -> None:
        with store.begin() as uow:
            uow.inbox.add(events(*(f"D{i}" for i in range(60))))

        def take() -> list[int]:
            with store.begin() as uow:
                due = [waiting.id for waiting in uow.inbox.due(40)]
                uow.inbox.woken(dict.fromkeys(due, "journalize"))
                return due

        taken = [row for found in together(take, take, take) for row in found]
        assert len(taken) == len(set(taken))

    def test_a_copy_that_is_asked_for_twice_is_published_once(self, store: SqlStore) -> None:
        (row,) = accepted(store, "A")
        with store.begin() as uow:
            uow.copies.ask([(row, "audit", "tap"), (row, "erp", "publish")])
            uow.copies.ask([(row, "audit", "tap")])
            assert uow.copies.waiting()
            due = uow.copies.due(10, LEASE_MS)
            assert [(copy.channel, copy.kind, copy.event.subject) for copy in due] == [
                ("audit", "tap", "A"), ("erp", "publish", "A"),
            ]  # fmt: skip
            assert uow.copies.due(10, LEASE_MS) == []
            uow.copies.published([due[0].id])
        with store.read() as uow:
            assert uow.totals.unfinished()["copies_pending"] == 1
            assert not uow.copies.waiting()


class DocumentsContract:
    """A document is in one pair of hands at a time."""

    def test_a_claim_brings_every_routed_event_of_its_documents(self, store: SqlStore) -> None:
        first = accepted(store, "A", "B")
        accepted(store, "A", sequence=2)
        with store.begin() as uow:
            uow.inbox.add(events("A", sequence=3))
        with store.begin() as uow:
            claims = uow.documents.claim(first, "me", "t", LEASE_MS)
        assert [(c.key, c.next_sequence, sorted(r.event.sequence or 0 for r in c.rows)) for c in claims] == [
            ("A", 1, [1, 2]), ("B", 1, [1]),
        ]  # fmt: skip

    def test_claims_at_the_same_moment_never_overlap(self, store: SqlStore) -> None:
        rows = accepted(store, *(f"D{i:02d}" for i in range(60)))

        def claim_all(token: str, asked: list[int]) -> list[str]:
            with store.begin() as uow:
                return [c.key for c in uow.documents.claim(asked, token, token, LEASE_MS)]

        asked = (rows, rows[::-1], rows[30:] + rows[:30], rows[::2] + rows[1::2])
        found = together(*(lambda t=str(n), a=a: claim_all(t, a) for n, a in enumerate(asked)))
        taken = [key for keys in found for key in keys]
        assert len(taken) == len(set(taken)) == 60

    def test_a_leased_document_is_nobody_elses_until_its_lease_is_over(self, store: SqlStore) -> None:
        rows = accepted(store, "A")
        with store.begin() as uow:
            assert uow.documents.claim(rows, "me", "mine", LEASE_MS)
        with store.begin() as uow:
            assert uow.documents.claim(rows, "you", "yours", LEASE_MS) == []
            assert uow.documents.lock("mine") == {("EU01", "A")}
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE document SET lease_until = 1"))
        with store.begin() as uow:
            assert [c.key for c in uow.documents.claim(rows, "you", "yours", LEASE_MS)] == ["A"]
            assert uow.documents.lock("mine") == set(), "a stale token locks nothing"

    def test_a_lease_of_no_time_is_over_at_once(self, store: SqlStore) -> None:
        rows = accepted(store, "A")
        with store.begin() as uow:
            uow.documents.claim(rows, "me", "mine", 0)
        with store.begin() as uow:
            assert uow.documents.claim(rows, "you", "yours", LEASE_MS)

    def test_advancing_gives_the_lease_back_and_keeps_what_was_reached(self, store: SqlStore) -> None:
        rows = accepted(store, "A")
        with store.begin() as uow:
            uow.documents.claim(rows, "me", "mine", LEASE_MS)
            uow.inbox.settle([Settlement(rows[0], "booked")])
            uow.documents.advance([DocumentResult("EU01", "A", 2, 17)])
        rows = accepted(store, "A", sequence=2)
        with store.begin() as uow:
            (claimed,) = uow.documents.claim(rows, "you", "yours", LEASE_MS)
        assert (claimed.next_sequence, claimed.withdrawn_at) == (2, 17)

    def test_giving_back_frees_documents_and_counts_no_attempt(self, store: SqlStore) -> None:
        rows = accepted(store, "A")
        for token in ("first", "second"):
            with store.begin() as uow:
                (claimed,) = uow.documents.claim(rows, "me", token, LEASE_MS)
                assert claimed.rows[0].attempts == 0
                uow.documents.begin_attempt(token)
            with store.begin() as uow:
                uow.documents.give_back(token)

    def test_postponing_rows_that_another_worker_writes_waits_for_nobody(self, store: SqlStore) -> None:
        """Two workers that each hold a document the other asks for must not wait for each other."""
        one, two = accepted(store, "A", "B")

        def work(mine: int, other: int, token: str) -> None:
            for _ in range(20):
                with store.begin() as uow:
                    uow.documents.claim([mine], token, token, 0)
                    uow.documents.begin_attempt(token)
                    uow.inbox.postpone([other], 1)

        together(lambda: work(one, two, "t1"), lambda: work(two, one, "t2"))
