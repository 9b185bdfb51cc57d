"""Vouchers an accountant can read: for each case, the events that came in and the vouchers that go out."""

import json
import os
from pathlib import Path

import pytest

from bus.accounting.engine import Engine
from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import Booked, Failure
from bus.message import Event
from bus.money import format_minor
from tests.unit.accounting.packs import SHIPPED, MemoryLedger, engine

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/*/event.json") if path.parts[-3] in SHIPPED)
REWRITE = os.environ.get("LEDGERBUS_REWRITE_GOLDEN") == "1"


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_vouchers_of_a_case_are_as_an_accountant_approved_them(case: Path) -> None:
    got = _vouchers(engine(case.parent.name), json.loads((case / "event.json").read_text("utf-8")))
    approved = case / "voucher.txt"
    if REWRITE:
        approved.write_text(got, "utf-8")
    assert got == approved.read_text("utf-8")


def test_both_packs_have_cases() -> None:
    assert {case.parent.name for case in CASES} == set(SHIPPED)


def _vouchers(booking: Engine, documents: list[dict[str, object]]) -> str:
    ledger = MemoryLedger()
    parts = []
    for document in documents:
        event = Event.from_cloudevent(document)
        outcome = ledger.book(booking, event)
        parts.append(f"# {event.type} {event.subject} ({event.id})\n")
        if isinstance(outcome, Booked):
            parts.extend(_voucher(entry, booking) for entry in outcome.entries)
        elif isinstance(outcome, Failure):
            parts.append(f"held: {outcome.code}: {outcome.message}\n")
        else:
            parts.append(f"nothing to book: {outcome.reason}\n")
    return "\n".join(parts)


def _voucher(entry: JournalEntry, booking: Engine) -> str:
    chart = booking.pack.charts[booking.pack.books[entry.book]]
    rows = [f"{entry.book} {entry.word} {entry.accounting_date} {entry.text}  [{entry.rule}@{entry.rule_version}]"]
    for line in entry.lines:
        account = chart.accounts[line.account]
        name = account.name_zh if booking.company.locale == "zh" else account.name_en
        side = {"debit": "借", "credit": "贷"}[line.side] if booking.company.locale == "zh" else line.side
        amount = format_minor(line.amount, line.currency)
        dims = " ".join(f"{key}={value}" for key, value in sorted(line.dims.items()))
        rows.append(f"  {side} {line.account} {name} {amount} {line.currency} {dims} {line.text}".rstrip())
    return "\n".join(rows) + "\n"
