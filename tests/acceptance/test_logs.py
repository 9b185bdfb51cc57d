"""Approval logs from files to vouchers, in one command: every figure, exactly, and the same again.

Figures of the public logs were computed apart from this product; LEDGERBUS_REAL_DATA names the folder that holds
bpic2020/ and oracle.json. The invented log takes the same way on any machine.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.acceptance.command import ledgerbus
from tests.acceptance.conftest import REAL, Fed
from tests.acceptance.stored import oracle_figures, rows

Fetch = Callable[[str], Fed]
LOGS = ("invented", *REAL)


def test_the_invented_log_ends_with_the_figures_known_beforehand(fed: Fetch) -> None:
    run = fed("invented")
    found, expected = run.run.result, run.log.expected
    assert {name: found[name] for name in expected} == expected
    assert found["events"] == {"accepted": run.log.events, "duplicate": 0, "conflict": 0, "invalid": 0}
    assert expected["exceptions"]["NO_LIVE_APPROVAL"] > 5
    assert set(expected["no_op"]) == {"zero_amount", "already_live", "nothing_to_reverse"}


@pytest.mark.parametrize("log", REAL)
def test_a_public_log_ends_with_every_figure_of_its_oracle(fed: Fetch, log: str) -> None:
    run = fed(log)
    found = oracle_figures(run.run.result, run.home)
    assert {name: found[name] for name in run.log.expected} == run.log.expected
    beyond = {name: found[name] for name in found if name not in run.log.expected}
    assert set(beyond) <= {"payment_zero"}
    assert set(beyond.values()) <= {0}


@pytest.mark.parametrize("log", LOGS)
def test_the_books_are_whole_and_every_voucher_is_in_the_ledger(fed: Fetch, log: str) -> None:
    figures = fed(log).run.result
    assert (figures["trial_balance"], figures["chain"], figures["voucher_gaps"]) == ("0.00", "ok", 0)
    vouchers = sum(of_rule["count"] for of_rule in figures["entries"].values()) + figures["reversals"]["count"]
    settled = {"confirmed": vouchers, "rejected": 0, "in_doubt": 0, "pending": 0}
    assert figures["postings"] == {"beancount": settled}
    assert ledgerbus("audit", "verify", "--json", "--home", fed(log).home).code == 0


@pytest.mark.parametrize("log", LOGS)
def test_feeding_the_same_files_again_adds_only_duplicates(fed: Fetch, log: str) -> None:
    run = fed(log)
    vouchers = rows(run.home, "SELECT entry_id, hash FROM journal_entry ORDER BY entry_id")
    before, again = run.run.result, run.again()
    assert again.code == 0, again.err
    after = again.result
    assert after.pop("events") == {
        "accepted": 0,
        "duplicate": before["events"]["accepted"],
        "conflict": 0,
        "invalid": 0,
    }
    kept = {name: before[name] for name in before if name not in ("events", "seconds")}
    assert {name: after[name] for name in after if name != "seconds"} == kept
    assert rows(run.home, "SELECT entry_id, hash FROM journal_entry ORDER BY entry_id") == vouchers


def test_a_cent_moved_in_the_store_is_caught(fed: Fetch, tmp_path) -> None:
    run = fed("invented")
    (tmp_path / "home").mkdir()
    shutil.copy(run.home / "store.db", tmp_path / "home" / "store.db")
    with closing(sqlite3.connect(tmp_path / "home" / "store.db")) as store:
        names = store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            store.execute(f'DROP TRIGGER "{name}"')
        store.execute("UPDATE journal_line SET amount = amount + 1, base_amount = base_amount + 1 WHERE rowid = 7")
        store.commit()
    verified = ledgerbus("audit", "verify", "--json", "--home", tmp_path / "home")
    assert verified.code == 1
    assert verified.result["chain"] != "ok"


def test_an_event_changed_in_the_log_is_a_conflict_and_changes_no_figure(fed: Fetch, tmp_path) -> None:
    run = fed("invented")
    steps, claims = run.log.files
    changed = tmp_path / claims.name
    lines = claims.read_text(encoding="utf-8").splitlines(keepends=True)
    [(booked,)] = rows(run.home, "SELECT MIN(document) FROM journal_entry")
    victim = next(place for place, line in enumerate(lines) if line.startswith(f"{booked};"))
    lines[victim] = lines[victim].replace(";S", ";T")
    changed.write_text("".join(lines), encoding="utf-8")
    before = run.run.result
    told = ledgerbus("import", "--json", "--mapping", run.log.mapping, steps, changed, "--home", run.home)
    assert told.code == 1
    receipts = told.result["receipts"]
    approved = told.result["rejected_by_code"]["EVENT_CONFLICT"]
    assert receipts == {"duplicate": before["events"]["accepted"] - approved, "conflict": approved}
    assert rows(run.home, "SELECT COUNT(*) FROM inbox") == [(before["events"]["accepted"],)]
