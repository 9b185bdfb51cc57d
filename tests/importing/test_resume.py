"""Crashes, and imports run again."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bus.errors import Transient
from bus.importing.checkpoint import import_folder
from tests.importing.conftest import Crash, Door
from tests.importing.logs import PLAIN, plain_files


def log(folder: Path, documents: int = 30) -> list[Path]:
    """Documents whose steps lie far apart, so that every place is taken across batches; one amount is bad."""
    steps = [("1", "submit"), ("2", "approve"), ("3", "withdraw"), ("4", "approve"), ("5", "pay")]
    events = [(f"D{n}", step, what) for step, what in steps for n in range(documents)]
    return plain_files(folder, events, [(f"D{n}", "bad" if n == 7 else f"{n}.005") for n in range(documents)])


def outcome(door: Door) -> dict[str, tuple[str, str]]:
    return {e["id"]: (e["sequence"], e["data"].get("amount", "")) for e in door.offered}


@pytest.fixture
def calm(tmp_path: Path):
    """The same import without a crash: its store, its offers, its journals."""
    opened = Door(f"sqlite:///{tmp_path}/calm.db")
    files = log(tmp_path)
    yield opened, files, opened.run(PLAIN, files, tmp_path / "calm", 10)
    opened.store.close()


@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
@pytest.mark.parametrize("batch", [1, 5, 11])
def test_a_crash_between_batches_ends_as_if_it_had_not_been(moment, batch, calm, door: Door, tmp_path: Path) -> None:
    reference, files, told = calm
    setattr(door, moment, batch)
    with pytest.raises(Crash):
        door.run(PLAIN, files, tmp_path / "w", 10)
    report = door.run(PLAIN, files, tmp_path / "w", 10)
    assert outcome(door) == outcome(reference)
    assert door.accepted() == reference.accepted()
    assert door.documents() == reference.documents() == 30
    assert report.provenance.read_bytes() == told.provenance.read_bytes()
    assert report.rejects["events"].read_bytes() == told.rejects["events"].read_bytes()
    assert report.tally.offered == told.tally.offered
    if batch > 1:
        assert report.resumed_at > 0
        assert report.receipts_now.total() < told.receipts_now.total()


def test_a_checkpoint_that_runs_ahead_of_the_offers_is_caught(calm, door: Door, tmp_path: Path) -> None:
    reference, files, _ = calm
    door.dies_before = 5
    with pytest.raises(Crash):
        door.run(PLAIN, files, tmp_path / "w", 10)
    (checkpoint,) = (tmp_path / "w").glob("*/checkpoint.json")
    stored = json.loads(checkpoint.read_text())
    stored["tally"]["rows"] += 3
    checkpoint.write_text(json.dumps(stored))
    door.run(PLAIN, files, tmp_path / "w", 10)
    assert outcome(door) != outcome(reference)


def test_without_the_journals_that_the_checkpoint_speaks_of_the_import_starts_anew(calm, door: Door, tmp_path) -> None:
    reference, files, told = calm
    door.dies_before = 5
    with pytest.raises(Crash):
        door.run(PLAIN, files, tmp_path / "w", 10)
    (journal,) = (tmp_path / "w").glob("*/provenance.jsonl")
    journal.unlink()
    report = door.run(PLAIN, files, tmp_path / "w", 10)
    assert report.resumed_at == 0
    assert report.provenance.read_bytes() == told.provenance.read_bytes()
    assert door.accepted() == reference.accepted()


KILLED = """
    import os, sys
    from pathlib import Path
    from tests.importing.conftest import Door
    from tests.importing.logs import PLAIN
    door, work = Door(sys.argv[1]), Path(sys.argv[2])
    def kill(events, receive=door.offer):
        receipts = receive(events)
        if door.calls == 6:
            os.kill(os.getpid(), 9)
        return receipts
    door.offer = kill
    door.run(PLAIN, [Path(name) for name in sys.argv[3:]], work, 10)
"""


def test_a_process_killed_after_the_commit_and_before_the_checkpoint_loses_and_doubles_nothing(
    calm, sqlite_url: str, door: Door, tmp_path: Path
) -> None:
    reference, files, told = calm
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(KILLED), sqlite_url, str(tmp_path / "w"), *map(str, files)]
    killed = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert killed.returncode == -9
    report = door.run(PLAIN, files, tmp_path / "w", 10)
    assert report.receipts_now["duplicate"] == 10, "the batch that was committed but not written down"
    assert door.accepted() == reference.accepted()
    assert report.provenance.read_bytes() == told.provenance.read_bytes()


def test_a_finished_import_run_again_adds_only_duplicates(calm, tmp_path: Path) -> None:
    reference, files, told = calm
    before = reference.accepted()
    report = reference.run(PLAIN, files, tmp_path / "calm", 7)
    assert report.receipts_now == {"duplicate": before}
    assert reference.accepted() == before
    assert report.rejected == told.rejected


def test_a_finished_import_offers_nothing_where_it_is_not_asked_to(calm, tmp_path: Path) -> None:
    reference, files, told = calm
    report = reference.run(PLAIN, files, tmp_path / "calm", 10, again=False)
    assert report.receipts_now.total() == 0
    assert report.tally == told.tally
    assert (report.documents, report.rejected) == (told.documents, told.rejected)


def test_a_changed_log_is_another_import(calm, tmp_path: Path) -> None:
    reference, files, told = calm
    files[0].write_text(files[0].read_text() + "D1,6,withdraw,2025-04-01T10:00:00+01:00\n")
    report = reference.run(PLAIN, files, tmp_path / "calm", 10)
    assert report.folder != told.folder
    assert (report.receipts_now["accepted"], reference.offered[-1]["sequence"]) == (1, "5")


def test_the_same_import_twice_at_once_is_refused(calm, tmp_path: Path) -> None:
    reference, files, told = calm
    name, _, print_of = told.folder.name.rpartition("-")
    with import_folder(tmp_path / "calm", name, print_of), pytest.raises(Transient) as caught:
        reference.run(PLAIN, files, tmp_path / "calm", 10)
    assert caught.value.code == "IMPORT_RUNNING"
