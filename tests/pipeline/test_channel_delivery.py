"""A posting is put on a channel first and marked after: a worker that dies in between loses nothing."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from bus.pipeline.confirm import Answer, Confirm, Sent
from bus.pipeline.deliver import Deliver
from bus.ports import LedgerPosting
from bus.recoverability import ask_again_in
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk, WakeUp
from tests.papers import claim

LEASE = 60


class WorkerDiedError(BaseException):
    """What a kill looks like from inside: nothing after it runs."""


class Channel:
    """A PostingChannel that keeps what it was given; while `dying`, it takes the worker down before it has anything."""

    confirm_within = 600

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.dying = False

    def send(self, postings: Sequence[LedgerPosting]) -> set[str]:
        if self.dying:
            raise WorkerDiedError
        self.sent += [posting.posting_id for posting in postings]
        return {posting.posting_id for posting in postings}

    def close(self) -> None:
        """Nothing to release."""


class HastyDeliver(Deliver):
    """Marks before it publishes: what the order is there to prevent."""

    def __call__(self, posting_ids: Sequence[str], token: str) -> dict[str, int]:
        with self._store.begin() as uow:
            taken = uow.postings.take(posting_ids, token, LEASE * 1000)
            vouchers = uow.ledger.of_postings(list(taken))
        Confirm(self._store)([Answer(Sent(posting_id, Channel.confirm_within), 1) for posting_id in taken], token)
        postings, _ = self._translate(vouchers)
        channel = self._adapters(postings[0].company, "beancount")
        assert isinstance(channel, Channel)
        channel.send(postings)
        return {}


def booked(store: SqlStore, channel: Channel) -> Desk:
    desk = Desk(store, lease=LEASE)
    desk.deliver = Deliver(store, desk.books, lambda *_: channel, Confirm(store), LEASE)
    desk.receive(claim("BX-1"))
    desk.route()
    desk.work()
    return desk


def relayed(desk: Desk) -> list[WakeUp]:
    desk.relay()
    return desk.post.fetch()


def pass_time(desk: Desk, seconds: int) -> None:
    with desk.store.engine.begin() as connection:
        connection.execute(text("UPDATE posting SET due_at = due_at - :ms"), {"ms": seconds * 1000})


def lost_after_a_death_in_between(store: SqlStore, deliver: type[Deliver]) -> bool:
    """Whether a posting whose worker died before it was published is not sent once the lease is over."""
    channel = Channel()
    desk = booked(store, channel)
    channel.dying = True
    dying = deliver(store, desk.books, lambda *_: channel, Confirm(store), LEASE)
    [wake_up] = relayed(desk)
    with pytest.raises(WorkerDiedError):
        dying(wake_up.ids, wake_up.token or "")
    channel.dying = False
    pass_time(desk, LEASE + 1)
    desk.work(relayed(desk))
    return channel.sent == []


def test_a_worker_that_dies_before_it_publishes_loses_nothing(store: SqlStore) -> None:
    assert not lost_after_a_death_in_between(store, Deliver)


def test_a_delivery_that_marks_before_it_publishes_is_caught(store: SqlStore) -> None:
    assert lost_after_a_death_in_between(store, HastyDeliver)


def test_a_sent_posting_waits_for_its_consumer_without_holding_up_others(store: SqlStore) -> None:
    channel = Channel()
    desk = booked(store, channel)
    desk.work(relayed(desk))
    assert desk.rows("SELECT state, attempts, lease_token FROM posting") == [("sent", 1, None)]
    with store.read() as uow:
        assert uow.postings.in_flight(10) == 0
        assert uow.postings.waiting(1).count == 0
    pass_time(desk, Channel.confirm_within + 1)
    desk.work(relayed(desk))
    assert len(channel.sent) == 2
    assert len(set(channel.sent)) == 1


def test_the_wait_for_an_answer_doubles_up_to_a_day() -> None:
    assert [ask_again_in(600, attempts) for attempts in (1, 2, 3, 8, 12)] == [600, 1200, 2400, 76_800, 86_400]
