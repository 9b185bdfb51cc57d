"""The benchmark runs, books the same on both sides, and does not let a wrong row pass."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.baseline_celery.rule import voucher_lines
from benchmarks.engine import by_engine, by_hand
from benchmarks.events import COMPANY, claimed, reimbursements
from benchmarks.rows import Rows, differences, findings
from bus.bootstrap import Runtime
from bus.config import Settings
from bus.message import Event

ROOT = Path(__file__).parents[2]


def measure(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=280)


def test_both_sides_book_the_same_documents_and_the_last_line_is_the_ratio(
    postgres_server: str, tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    sizes = ("--events", "200", "--runs", "1", "--latency-seconds", "1")
    done = measure("benchmarks.run", "--store", postgres_server, *sizes, "--json", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(file.read_text())
    assert done.stdout.splitlines()[-1] == f"ratio={figures['ratio']:.2f}"
    ours, baseline = (figures["runs"][name][0]["rows"] for name in ("ledgerbus", "baseline"))
    assert ours == baseline
    assert ours["confirmed"] == ours["target_entries"] == 240
    assert set(figures["latency_ms"]) == {"ledgerbus", "baseline", "one Celery task"}


def test_the_engine_and_the_rule_written_by_hand_give_the_same_vouchers() -> None:
    engine = Runtime(Settings(home=Path("unused"))).books.engine(COMPANY)
    events = [Event.from_cloudevent(attributes) for attributes in reimbursements(300)]
    assert [by_engine(engine, event) for event in events] == [by_hand(event) for event in events]


def test_a_voucher_that_differs_by_a_cent_is_told_from_the_other() -> None:
    engine = Runtime(Settings(home=Path("unused"))).books.engine(COMPANY)
    [attributes] = reimbursements(1)
    event = Event.from_cloudevent(attributes)
    row = attributes["data"]["rows"][0]
    changed = {**row, "tax": f"{float(row['tax']) + 0.01:.2f}", "deductible": True}
    data = {**attributes["data"], "rows": [changed, *attributes["data"]["rows"][1:]]}
    assert by_engine(engine, event) != by_hand(replace(event, data=data))


def test_the_load_is_the_same_each_time_and_about_as_large_as_it_says() -> None:
    events = reimbursements(500)
    assert events == reimbursements(500)
    assert len({event["subject"] for event in events}) == 500
    sizes = [len(json.dumps(event, ensure_ascii=False).encode()) for event in events]
    assert 1_300 < sum(sizes) / len(sizes) < 1_700
    assert 5.5 < sum(len(voucher_lines(event["data"])) for event in events) / len(events) < 6.5


SUMS = {"6602.10": (500, 0), "2241.03": (0, 500)}
SOUND = Rows(2, 4, 2, 0, 2, 4, SUMS, SUMS)


def test_sound_rows_pass() -> None:
    assert findings("side", SOUND, 2, 500) == []
    assert differences(SOUND, SOUND) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"entries": 1},
        {"confirmed": 3},
        {"unbalanced": 1},
        {"target_entries": 1},
        {"target_lines": 5},
        {"there": {**SUMS, "6602.10": (501, 0)}},
        {"here": {}, "there": {}},
        {"here": {"6602.10": (400, 0), "2241.03": (0, 400)}, "there": {"6602.10": (400, 0), "2241.03": (0, 400)}},
    ],
)
def test_a_row_too_few_or_too_many_or_a_wrong_amount_is_caught(broken: dict[str, Any]) -> None:
    assert findings("side", replace(SOUND, **broken), 2, 500)


def test_sides_that_booked_on_other_accounts_are_caught() -> None:
    other = {"6602.11": (500, 0), "2241.03": (0, 500)}
    assert differences(SOUND, replace(SOUND, here=other, there=other)) == [
        "account 6602.10: (500, 0) and None",
        "account 6602.11: None and (500, 0)",
    ]
    assert claimed(reimbursements(1)) > 0
