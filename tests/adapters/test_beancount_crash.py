"""Beancount files after cut writes, meddling, full disks and with other writers."""

import fcntl
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from adapters.finance.beancount import BeancountAdapter, open_adapter
from adapters.ledgerfiles.batches import sealed
from bus.errors import Permanent, Transient
from bus.ports import DeliveryResult, LedgerPosting, Outcome
from tests.adapters.test_beancount import bean_check, mains, transactions
from tests.contracts.postings import numbered

BEFORE = [numbered(i) for i in (0, 3, 6)]
LAST = [numbered(i) for i in (9, 12)]


def opened(directory: Path, timeout: str = "10") -> BeancountAdapter:
    adapter = open_adapter({"directory": str(directory), "lock_timeout_seconds": timeout})
    assert isinstance(adapter, BeancountAdapter)
    return adapter


def ids(directory: Path) -> list[str]:
    return sorted(entry.meta["posting-id"] for entry in transactions(directory))


def period_file(directory: Path) -> Path:
    return directory / "CN01/statutory/2026-09.beancount"


def test_a_tail_torn_at_any_byte_is_cut_off_kept_and_posted_anew(tmp_path: Path) -> None:
    opened(tmp_path).post(BEFORE)
    good = period_file(tmp_path).read_bytes()
    opened(tmp_path).post(LAST)
    whole = period_file(tmp_path).read_bytes()
    lengths = [*range(len(good), len(whole), 37), len(whole) - 2, len(whole) - 1]
    for n, length in enumerate(lengths):
        period_file(tmp_path).write_bytes(whole[:length])
        adapter = opened(tmp_path)
        assert period_file(tmp_path).read_bytes() == good
        assert adapter.look_up([posting.posting_id for posting in LAST]) == {}
        if length > len(good):
            kept = period_file(tmp_path).with_name(f"2026-09.beancount.torn-{n}")
            assert kept.read_bytes() == whole[len(good) : length]
        assert [result.outcome for result in adapter.post(BEFORE + LAST)] == (
            [Outcome.ALREADY_POSTED] * 3 + [Outcome.POSTED] * 2
        )
        assert period_file(tmp_path).read_bytes() == whole
    assert ids(tmp_path) == sorted(posting.posting_id for posting in BEFORE + LAST)


@pytest.mark.parametrize("name", ["main.beancount", "accounts.beancount"])
def test_a_first_start_cut_short_in_any_file_begins_again(tmp_path: Path, name: str) -> None:
    file = tmp_path / "CN01/statutory" / name
    opened(tmp_path).post(BEFORE)
    period_file(tmp_path).write_bytes(b"")
    whole = file.read_bytes()
    for length in range(0, len(whole), 61):
        file.write_bytes(whole[:length])
        if name == "accounts.beancount":
            file.with_name("main.beancount").unlink(missing_ok=True)
        opened(tmp_path).post(BEFORE)
        assert ids(tmp_path) == sorted(posting.posting_id for posting in BEFORE)
        period_file(tmp_path).write_bytes(b"")


def test_appending_behind_a_torn_tail_without_cutting_it_would_be_noticed(tmp_path: Path) -> None:
    opened(tmp_path).post(BEFORE)
    with period_file(tmp_path).open("ab") as file:
        file.write(b'2026-09-01 * "torn')
        file.write(sealed(b"; a batch that did not look at the tail\n", 1))
    with pytest.raises(Permanent) as caught:
        opened(tmp_path)
    assert caught.value.code == "LEDGER_FILE_DAMAGED"
    assert caught.value.where.startswith("2026-09.beancount:byte ")


def test_a_batch_copied_into_the_file_by_hand_is_seen_by_the_exactly_once_check(tmp_path: Path) -> None:
    opened(tmp_path).post(BEFORE)
    with period_file(tmp_path).open("ab") as file:
        file.write(period_file(tmp_path).read_bytes())
    assert len(ids(tmp_path)) == 2 * len(set(ids(tmp_path)))


def test_an_amount_changed_inside_an_earlier_batch_stops_the_target(tmp_path: Path) -> None:
    adapter = opened(tmp_path)
    adapter.post(BEFORE)
    adapter.post(LAST)
    changed = period_file(tmp_path).read_bytes().replace(b"  1.12 CNY", b"  1.13 CNY")
    period_file(tmp_path).write_bytes(changed)
    os.utime(period_file(tmp_path), (2_000_000_000, 2_000_000_000))
    for act in (lambda: adapter.post(LAST), lambda: opened(tmp_path)):
        with pytest.raises(Permanent, match="LEDGER_FILE_DAMAGED"):
            act()
    assert period_file(tmp_path).read_bytes() == changed


def test_a_period_file_taken_away_stops_the_target_until_it_is_back(tmp_path: Path) -> None:
    adapter = opened(tmp_path)
    adapter.post(BEFORE)
    aside = period_file(tmp_path).rename(tmp_path / "aside")
    with pytest.raises(Permanent, match="LEDGER_FILE_DAMAGED"):
        adapter.post(BEFORE)
    aside.rename(period_file(tmp_path))
    assert {result.outcome for result in adapter.post(BEFORE)} == {Outcome.ALREADY_POSTED}


def test_a_period_that_main_has_lost_is_never_written_twice(tmp_path: Path) -> None:
    opened(tmp_path).post(BEFORE)
    mains(tmp_path)[0].unlink()
    results = opened(tmp_path).post(BEFORE)
    assert {(result.outcome, result.code) for result in results} == {(Outcome.REJECTED, "LEDGER_FILE_DAMAGED")}
    assert len(period_file(tmp_path).read_bytes().split(b"posting-id")) == len(BEFORE) + 1


def test_a_lock_held_by_another_process_is_worth_another_try(tmp_path: Path) -> None:
    adapter = opened(tmp_path, "0.1")
    program = (
        "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); print(1, flush=True); input()"
    )
    lock = str(tmp_path / ".lock")
    with subprocess.Popen(
        [sys.executable, "-c", program, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
        for act in (lambda: adapter.post(BEFORE), lambda: adapter.look_up(["x"]), lambda: opened(tmp_path, "0.1")):
            with pytest.raises(Transient, match="LEDGER_LOCKED"):
                act()
        holder.kill()
    assert {result.outcome for result in adapter.post(BEFORE)} == {Outcome.POSTED}


class Interrupted(BeancountAdapter):
    """Between its look at the files and its write, another adapter posts the same."""

    def _write(self, postings: Sequence[LedgerPosting]) -> dict[str, DeliveryResult]:
        opened(self._directory, "0.1").post(postings)
        return super()._write(postings)


def test_another_writer_between_look_up_and_append_is_kept_out_by_the_lock(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="LEDGER_LOCKED"):
        Interrupted(tmp_path, 10).post(BEFORE)
    assert ids(tmp_path) == []


def test_without_the_lock_that_writer_would_have_posted_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.finance.beancount.directory_lock", lambda *_: nullcontext())
    Interrupted(tmp_path, 10).post(BEFORE)
    assert len(ids(tmp_path)) == 2 * len(BEFORE)


def test_the_lock_is_free_between_calls(tmp_path: Path) -> None:
    adapter = opened(tmp_path)
    adapter.post(BEFORE)
    with (tmp_path / ".lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_write_cut_short_by_a_full_disk_leaves_no_trace_and_other_files_go_in(tmp_path: Path) -> None:
    adapter = opened(tmp_path)
    adapter.post([numbered(0), numbered(1)])
    for i in range(3, 60, 3):
        adapter.post([numbered(i)])
    before = period_file(tmp_path).read_bytes()
    # A limit on file size stands for a full disk: the write of the long file stops in its middle.
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
    try:
        results = adapter.post([numbered(60), numbered(61)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert [(r.outcome, r.code) for r in results] == [(Outcome.TRANSIENT, "LEDGER_IO_FAILED"), (Outcome.POSTED, None)]
    assert period_file(tmp_path).read_bytes() == before
    assert list(period_file(tmp_path).parent.glob("*.torn-*")) == []
    assert [r.outcome for r in adapter.post([numbered(60), numbered(61)])] == [Outcome.POSTED, Outcome.ALREADY_POSTED]
    assert bean_check(mains(tmp_path)[0]).returncode == 0


def test_the_cost_of_a_batch_does_not_grow_with_the_ledger_when_two_write_in_turn(tmp_path: Path) -> None:
    writers = opened(tmp_path), opened(tmp_path)
    costs = []
    for start in range(0, 6000, 100):
        begin = time.process_time()
        writers[start // 100 % 2].post([numbered(i) for i in range(start, start + 100)])
        costs.append(time.process_time() - begin)
    early, late = sorted(costs[:15])[7], sorted(costs[-15:])[7]
    assert late < 2 * early, f"{early:.4f} s grew to {late:.4f} s"
    for writer in writers:
        assert len(writer.look_up([numbered(i).posting_id for i in range(6000)])) == 6000
