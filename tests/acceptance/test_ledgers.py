"""What the finance side reads: bean-check and hledger accept it, and their balances are the store's to the cent."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import REAL, Fed
from tests.acceptance.ledgers import bean_check, beancount_balances, hledger, hledger_balances
from tests.acceptance.stored import balances

Fetch = Callable[[str], Fed]
LOGS = ("invented", *REAL)
BOOK = ("EU01", "GL")


def ledger_of(run: Fed) -> Path:
    return run.home / "ledger" / "EU01" / "GL" / "main.beancount"


@pytest.mark.parametrize("log", LOGS)
def test_beancount_accepts_the_ledger_and_adds_up_what_the_store_adds_up(fed: Fetch, log: str, tmp_path: Path) -> None:
    run = fed(log)
    folder = tmp_path / "ledger"
    shutil.copytree(ledger_of(run).parent, folder)  # its loader leaves a cache beside what it reads
    checked = bean_check(folder / "main.beancount")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    assert balances(run.home) == {BOOK: beancount_balances(folder / "main.beancount")}


@pytest.mark.parametrize("log", LOGS)
def test_hledger_accepts_the_export_and_adds_up_what_the_store_adds_up(fed: Fetch, log: str) -> None:
    run = fed(log)
    journal = run.home / "exports" / "EU01-GL.journal"
    checked = hledger("-f", str(journal), "check", "--strict")
    assert checked.returncode == 0, checked.stderr
    assert balances(run.home) == {BOOK: hledger_balances(journal)}


def test_a_cent_changed_on_one_side_is_refused_by_both_programs(fed: Fetch, tmp_path: Path) -> None:
    run = fed("invented")
    folder = tmp_path / "ledger"
    shutil.copytree(ledger_of(run).parent, folder)
    period = next(folder.glob("20*.beancount"))
    period.write_text(_a_cent_more(period.read_text(encoding="utf-8")), encoding="utf-8")
    assert bean_check(folder / "main.beancount").returncode != 0

    journal = tmp_path / "book.journal"
    exported = run.home / "exports" / "EU01-GL.journal"
    journal.write_text(_a_cent_more(exported.read_text(encoding="utf-8")), encoding="utf-8")
    assert hledger("-f", str(journal), "check").returncode != 0


def test_a_voucher_missing_from_a_ledger_shows_in_its_balances(fed: Fetch, tmp_path: Path) -> None:
    run = fed("invented")
    folder = tmp_path / "ledger"
    shutil.copytree(ledger_of(run).parent, folder)
    period = next(folder.glob("20*.beancount"))
    vouchers = period.read_text(encoding="utf-8").split("\n\n")
    period.write_text("\n\n".join(vouchers[1:]), encoding="utf-8")
    assert bean_check(folder / "main.beancount").returncode == 0
    assert balances(run.home) != {BOOK: beancount_balances(folder / "main.beancount")}


def _a_cent_more(text: str) -> str:
    """The first amount with another last digit."""
    changed, count = re.subn(r"(\d\.\d)(\d)( EUR)", lambda m: f"{m[1]}{(int(m[2]) + 1) % 10}{m[3]}", text, count=1)
    if " EUR\n\n" in text[: text.index(" EUR") + 8]:  # hledger's own directive of the commodity comes first
        head, rest = text.split(" EUR\n\n", 1)
        return f"{head} EUR\n\n{_a_cent_more(rest)}"
    assert count == 1
    return changed
