"""Twenty kills during an import change no figure; and what a kill could have done wrong would have been seen."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.command import PROJECT, environment
from tests.faults.kill_import import FIRST, LAST, ROLES, differences, moments
from tests.faults.survivors import wrong_at_rest


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One run of the script: its home, and what it printed. Small batches leave room for the kills."""
    home = tmp_path_factory.mktemp("kills") / "home"
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.kill_import", "--seed", "7", "--documents", "2500", "--home", str(home)],
        cwd=PROJECT,
        env=environment(batch_size="50", lease_seconds="10"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return home, done


@pytest.mark.timeout(600)
def test_an_import_under_twenty_kills_ends_with_the_figures_of_one_left_in_peace(survived) -> None:
    _, done = survived
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["figures_equal"]
    assert told["findings"] == 0
    assert told["kills"] == 20
    assert told["uncommitted"] >= 5
    assert min(told["by_role"].values()) >= 6
    assert done.stdout.count("  pid ") == 20


def test_a_voucher_lost_from_the_ledger_or_written_twice_would_have_been_seen(survived, tmp_path: Path) -> None:
    home, _ = survived
    for folder in ("lost", "twice"):
        shutil.copytree(home / "ledger", tmp_path / folder / "ledger")
        shutil.copy(home / "store.db", tmp_path / folder / "store.db")
        period = next((tmp_path / folder / "ledger").glob("*/*/20*.beancount"))
        first, *rest = period.read_text(encoding="utf-8").split("\n\n")
        kept = rest if folder == "lost" else [first, first, *rest]
        period.write_text("\n\n".join(kept), encoding="utf-8")
    assert [line.split(":")[0] for line in wrong_at_rest(tmp_path / "lost")] == ["confirmed, but not at the target"]
    assert [line.split(":")[0] for line in wrong_at_rest(tmp_path / "twice")] == ["twice at the target"]


def test_the_same_seed_kills_at_the_same_moments_and_roles_take_turns() -> None:
    planned = moments(3, 20)
    assert planned == moments(3, 20) != moments(4, 20)
    assert all(FIRST <= moment <= LAST for moment, _ in planned)
    assert Counter(role for _, role in planned) == {ROLES[0]: 7, ROLES[1]: 7, ROLES[2]: 6}


def test_a_figure_that_is_off_by_a_cent_is_named() -> None:
    expected = {"reversals": {"count": 1, "sum": "-1.00"}, "chain": "ok"}
    assert differences(expected | {"seconds": 3}, expected) == {}
    found = {"reversals": {"count": 1, "sum": "-1.01"}, "chain": "ok"}
    assert differences(found, expected) == {"reversals": (found["reversals"], expected["reversals"])}
