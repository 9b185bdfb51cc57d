"""The hledger export, judged by the real hledger."""

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bus.errors import Invalid
from bus.exporting.hledger import write_hledger
from bus.money import from_minor
from bus.ports import LedgerPosting
from tests.contracts.postings import line, numbered, reversal, sums, unbalanced


def hledger(*arguments: str) -> str:
    program = shutil.which("hledger")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("hledger is not installed")
        pytest.skip("hledger is not installed")
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, encoding="utf-8", check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def balances(journal: Path, currency: str) -> dict[str, Decimal]:
    """Account code -> balance as hledger adds it up."""
    text = hledger("-f", str(journal), "balance", "--flat", "--no-total", "-O", "csv", f"cur:{currency}")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return {
        name.rsplit(":", 1)[1].split(" ")[0]: Decimal(amount.removesuffix(f" {currency}"))
        for name, amount in rows
        if amount != "0"
    }


def expected(postings: list[LedgerPosting], currency: str) -> dict[str, Decimal]:
    return {code: from_minor(total, currency) for code, total in sums(postings).items() if total}


@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
def test_hledger_accepts_the_export_and_its_balances_are_ours(tmp_path: Path, currency: str) -> None:
    postings = [numbered(i, currency=currency) for i in range(40)]
    postings += [reversal(posting) for posting in postings[:10]]
    journal = tmp_path / "book.journal"
    assert write_hledger(journal, "CN01", "statutory", iter(postings)) == 50
    hledger("-f", str(journal), "check", "--strict")
    assert balances(journal, currency) == expected(postings, currency)


def test_a_cent_changed_by_hand_is_refused_by_hledger(tmp_path: Path) -> None:
    journal = tmp_path / "book.journal"
    write_hledger(journal, "CN01", "statutory", [numbered(1)])
    text = journal.read_text(encoding="utf-8")
    assert "  0.38 CNY" in text
    journal.write_text(text.replace("  0.38 CNY", "  0.39 CNY"), encoding="utf-8")
    with pytest.raises(AssertionError, match="balance"):
        hledger("-f", str(journal), "check", "--strict")


def test_text_full_of_hledger_syntax_changes_no_date_account_or_balance(tmp_path: Path) -> None:
    hostile = "a;b:c, date:2020-01-01 [2020-01-01=2020-02-02] (x) | = 5 CNY  9.99 CNY\n    Assets:Stolen  1 CNY\n\x00"
    lines = tuple(
        replace(part, text=hostile, account_name=hostile, dimensions={hostile: hostile}) for part in numbered(1).lines
    )
    posting = replace(numbered(1), text=hostile, number=hostile, document=hostile, event_id=hostile, lines=lines)
    journal = tmp_path / "book.journal"
    write_hledger(journal, "CN01", "statutory", [posting])
    hledger("-f", str(journal), "check", "--strict")
    assert balances(journal, "CNY") == expected([posting], "CNY")
    assert hledger("-f", str(journal), "stats").count("2026-10-02") >= 1
    assert "2020" not in hledger("-f", str(journal), "register", "-O", "csv", "--date2", "date:2020")


def test_no_two_codes_share_an_account_and_the_first_name_stays(tmp_path: Path) -> None:
    codes = ["1221", "1221.03", "1221 03", "1221:03", "1221_20_03", "应收"]
    postings = [
        replace(numbered(i), lines=(line(code, i + 1, 0, name=f"名{i}"), line("2241", 0, i + 1)))
        for i, code in enumerate(codes)
    ]
    postings.append(replace(numbered(99), lines=(line("1221", 5, 0, name="改名"), line("2241", 0, 5))))
    journal = tmp_path / "book.journal"
    write_hledger(journal, "CN01", "statutory", postings)
    hledger("-f", str(journal), "check", "--strict")
    amounts = sorted(balances(journal, "CNY").values())
    assert amounts == sorted(expected(postings, "CNY").values())


def test_every_voucher_is_found_by_its_tag(tmp_path: Path) -> None:
    journal = tmp_path / "book.journal"
    write_hledger(journal, "CN01", "statutory", [numbered(i) for i in range(5)])
    found = hledger("-f", str(journal), "print", f"tag:voucher={numbered(3).number}")
    assert f"posting-id:{numbered(3).posting_id}" in found
    assert numbered(4).posting_id not in found


def test_an_empty_book_is_a_clean_journal(tmp_path: Path) -> None:
    journal = tmp_path / "book.journal"
    assert write_hledger(journal, "CN01", "statutory", []) == 0
    hledger("-f", str(journal), "check", "--strict")


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (unbalanced(numbered(2)), "UNBALANCED"),
        (numbered(2, company="EU01"), "POSTING_INVALID"),
        (numbered(2, currency="yuan"), "CURRENCY_INVALID"),
        (replace(numbered(2), lines=(line("1", 0, 0, kind="goodwill"),)), "ACCOUNT_TYPE_UNKNOWN"),
    ],
)
def test_a_posting_that_cannot_be_exported_leaves_the_former_file(
    tmp_path: Path, bad: LedgerPosting, code: str
) -> None:
    journal = tmp_path / "book.journal"
    write_hledger(journal, "CN01", "statutory", [numbered(1)])
    former = journal.read_bytes()

    def stream() -> Iterator[LedgerPosting]:
        yield numbered(1)
        yield bad

    with pytest.raises(Invalid) as caught:
        write_hledger(journal, "CN01", "statutory", stream())
    assert caught.value.code == code
    assert journal.read_bytes() == former
    assert list(tmp_path.iterdir()) == [journal]
