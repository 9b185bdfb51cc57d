"""A journal entry balances or does not exist; taking back what was taken back gives the original."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bus.accounting import journal
from bus.accounting.journal import MIRROR, RED, JournalEntry, JournalLine, entry_id
from bus.errors import Permanent


def _line(side: str, amount: Any, account: str = "5000", line_id: str = "a") -> dict[str, Any]:
    fixed = {"currency": "EUR", "dims": {}, "text": "", "explain": {}}
    return {"line_id": line_id, "side": side, "account": account, "amount": amount, "base_amount": amount, **fixed}


def _entry(module: Any, *lines: dict[str, Any]) -> Any:
    return module.JournalEntry(
        entry_id="0" * 32,
        part="entry",
        book="GL",
        rule="claim",
        rule_version=1,
        pack_hash="h",
        event_type="reimbursement.approved",
        document="R-1",
        life_key="",
        accounting_date=date(2017, 5, 2),
        word="GJ",
        text="Claim",
        currency="EUR",
        lines=tuple(module.JournalLine(**line) for line in lines),
    )


def _refuses_a_cent_of_difference(module: Any) -> bool:
    try:
        _entry(module, _line("debit", 1000), _line("credit", 999, "2100"))
    except Permanent as error:
        return error.code == "UNBALANCED"
    return False


def _mutated(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    source = Path(journal.__file__).read_text("utf-8")
    assert source.count(old) == 1
    module = ModuleType("bus.accounting.journal_mutated")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source.replace(old, new), "journal_mutated.py", "exec"), module.__dict__)
    return module


def test_an_entry_that_is_a_cent_out_cannot_be_built() -> None:
    assert _refuses_a_cent_of_difference(journal)


def test_taking_the_balance_check_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = _mutated("if any(totals.values()):", "if False:", monkeypatch)
    assert not _refuses_a_cent_of_difference(mutant)


def test_an_entry_whose_base_amounts_do_not_balance_cannot_be_built() -> None:
    uneven = {**_line("credit", 1000, "2100"), "base_amount": 999}
    with pytest.raises(Permanent, match="UNBALANCED"):
        _entry(journal, _line("debit", 1000), uneven)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [_line("debit", 10.0), _line("credit", 10.0)],
        [_line("debit", True), _line("credit", True)],
        [_line("debit", 0), _line("credit", 0)],
        [_line("debit", -10), _line("credit", -10)],
        [_line("left", 10), _line("right", 10)],
    ],
    ids=["no lines", "floats", "booleans", "zero", "red without a reversal", "no sides"],
)
def test_what_is_no_entry_cannot_be_built(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(Permanent):
        _entry(journal, *lines)


@pytest.fixture
def booked() -> JournalEntry:
    lines = (_line("debit", 1000), _line("debit", 200, "1300", "b"), _line("credit", 1200, "2100", "c"))
    entry: JournalEntry = _entry(journal, *lines)
    return entry


def _taken_back(entry: JournalEntry, number: str, kind: str, moved: Callable[[str], str] | None = None) -> JournalEntry:
    day = date(2017, 6, 1)
    return entry.reversed(
        source="s", event_id=number, event_type="document.withdrawn", on=day, text="t", kind=kind, moved=moved
    )


def test_a_red_reversal_keeps_the_sides_and_turns_the_sign(booked: JournalEntry) -> None:
    red = _taken_back(booked, "1", RED)
    assert [(line.side, line.account, line.amount) for line in red.lines] == [
        ("debit", "5000", -1000),
        ("debit", "1300", -200),
        ("credit", "2100", -1200),
    ]
    assert (red.reverses, red.part) == (booked.entry_id, f"reversal:{booked.entry_id}")
    assert red.debit_total() == red.credit_total() == -1200


def test_a_mirror_swaps_the_sides_and_stays_above_zero(booked: JournalEntry) -> None:
    mirror = _taken_back(booked, "1", MIRROR, lambda account: "5990" if account == "5000" else account)
    assert [(line.side, line.account, line.amount) for line in mirror.lines] == [
        ("credit", "5990", 1000),
        ("credit", "1300", 200),
        ("debit", "2100", 1200),
    ]


@pytest.mark.parametrize("kind", [RED, MIRROR])
def test_taking_back_the_taking_back_gives_the_original_lines(booked: JournalEntry, kind: str) -> None:
    again = _taken_back(_taken_back(booked, "1", kind), "2", kind)
    assert again.lines == booked.lines


def test_the_key_of_an_entry_depends_on_event_book_and_part_alone() -> None:
    keys = {
        entry_id(*parts) for parts in [("s", "1", "GL", "entry"), ("s", "1", "M", "entry"), ("s1", "", "GL", "entry")]
    }
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)


def test_an_explanation_does_not_make_lines_differ(booked: JournalEntry) -> None:
    line: JournalLine = booked.lines[0]
    assert replace(line, explain={"line": "other"}) == line
