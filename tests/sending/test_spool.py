"""The spool keeps what was published until it is answered, and hands out the events of a document one by one."""

import sqlite3
from pathlib import Path

import pytest

from bus.errors import Invalid, Permanent
from bus.sending.spool import Parcel, Spool

ACCEPTED = {"outcome": "accepted"}
INVALID = {"outcome": "invalid", "code": "EVENT_INVALID"}


def parcel(name: str, document: str = "D", body: bytes = b"{}") -> Parcel:
    return Parcel("oa.test", name, document, body)


def numbers(spool: Spool, now: float = 0.0, window: int = 100) -> list[int]:
    return [n for n, _ in spool.due(now, window, 100)]


def test_a_later_event_of_a_document_waits_for_the_answer_to_the_one_before(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel("1", "A"), parcel("2", "A"), parcel("3", "B")])
    assert numbers(spool) == [1, 3]
    spool.sent([1, 3], 0.0, 10.0, 300.0)
    assert numbers(spool, 5.0) == []
    spool.answered([(3, ACCEPTED)])
    assert numbers(spool, 5.0) == []
    spool.answered([(1, ACCEPTED)])
    assert numbers(spool, 5.0) == [2]


def test_an_unanswered_event_is_due_again_after_twice_the_time_each_time_up_to_the_longest(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel("1")])
    for wait in (10.0, 20.0, 40.0, 50.0, 50.0):
        spool.sent([1], 0.0, 10.0, 50.0)
        assert numbers(spool, wait - 0.01) == []
        assert numbers(spool, wait) == [1]


def test_no_more_than_the_window_is_on_its_way(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel(str(n), str(n)) for n in range(10)])
    first = numbers(spool, window=4)
    assert len(first) == 4
    spool.sent(first, 0.0, 10.0, 300.0)
    assert numbers(spool, window=4) == []
    spool.answered([(first[0], ACCEPTED)])
    assert len(numbers(spool, window=4)) == 1


def test_large_events_are_sent_a_few_at_a_time_and_one_at_least(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel(str(n), str(n), b"x" * 1024 * 1024) for n in range(6)])
    assert len(numbers(spool)) == 4


def test_the_process_ends_and_the_next_one_sends_at_once_what_was_not_answered(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel("1"), parcel("2", "E")])
    spool.sent([1, 2], 1e9, 10.0, 300.0)
    spool.answered([(2, ACCEPTED)])
    name = spool.name
    spool.close()
    again = Spool(tmp_path)
    assert (again.name, again.pending(), numbers(again)) == (name, 1, [1])


def test_a_number_is_never_given_twice_so_an_old_receipt_answers_nothing_new(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel("1")])
    spool.answered([(1, INVALID)])
    spool.add([parcel("1", body=b'{"corrected": 1}')])
    assert spool.answered([(1, INVALID)]) == []
    assert (spool.pending(), spool.refused(), numbers(spool)) == (1, [], [2])


def test_the_same_event_waits_once_and_another_of_its_name_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel("1"), parcel("1")])
    assert spool.pending() == 1
    with pytest.raises(Invalid) as refusal:
        spool.add([parcel("2"), parcel("1", body=b"[]")])
    assert refusal.value.code == "EVENT_CONFLICT"
    assert spool.pending() == 1, "all or none"


def test_refused_events_are_kept_apart_with_why(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([parcel("1"), parcel("2")])
    assert spool.answered([(1, INVALID), (1, INVALID)]) == [(b"{}", INVALID)]
    assert (spool.pending(), spool.refused()) == (1, [(b"{}", INVALID)])


def test_a_second_process_is_told_that_the_spool_is_taken(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(Permanent) as refusal:
        Spool(tmp_path)
    assert refusal.value.code == "SPOOL_BUSY"
    spool.close()
    Spool(tmp_path).close()


def test_a_spool_that_cannot_be_written_takes_nothing_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    blocker = sqlite3.connect(tmp_path / "spool.db")
    blocker.execute("DROP TABLE outgoing")
    blocker.commit()
    with pytest.raises(Permanent) as failure:
        spool.add([parcel("1")])
    assert failure.value.code == "SPOOL_FAILED"
