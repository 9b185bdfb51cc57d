"""Whatever a validating document holds: balanced entries, a no-op or a coded failure; and it can be taken back."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import Booked, Failure, NoOp
from bus.errors import words_of
from tests.unit.accounting.documents import consistent, data_of, event_of
from tests.unit.accounting.packs import SHIPPED, MemoryLedger, engine, schemas


def _check(entry: JournalEntry) -> None:
    assert entry.debit_total() == entry.credit_total()
    assert sum(line.base_amount if line.side == "debit" else -line.base_amount for line in entry.lines) == 0
    assert all(line.amount > 0 or entry.reverses for line in entry.lines)
    again = _back(_back(entry, "x"), "y")
    assert again.lines == entry.lines


def _back(entry: JournalEntry, number: str) -> JournalEntry:
    return entry.reversed(source="t", event_id=number, event_type="e", on=entry.accounting_date, text="t")


@pytest.mark.parametrize("name", SHIPPED)
@given(data=st.data())
@settings(max_examples=250, deadline=None)
def test_a_document_gives_balanced_entries_or_a_coded_failure(name: str, data: st.DataObject) -> None:
    ledger, booking = MemoryLedger(), engine(name)
    kinds = data.draw(st.lists(st.sampled_from(sorted(set(schemas()) - {"envelope"})), min_size=1, max_size=4))
    for number, kind in enumerate(kinds):
        drawn = data.draw(data_of(kind))
        if kind == "reimbursement.approved" and data.draw(st.booleans()):
            drawn = consistent({**drawn, "currency": booking.company.base_currency})
        event = event_of(kind, number, drawn)
        outcome = ledger.book(booking, event)
        assert booking.journalize(event, MemoryLedger()) == booking.journalize(event, MemoryLedger())
        if isinstance(outcome, Booked):
            assert outcome.entries
            for entry in outcome.entries:
                _check(entry)
        elif isinstance(outcome, Failure):
            assert words_of(outcome.code).remedy_zh
        else:
            assert isinstance(outcome, NoOp)
            assert outcome.reason


@given(data=data_of("reimbursement.approved").map(consistent))
@settings(max_examples=100, deadline=None)
def test_a_claim_and_its_withdrawal_leave_every_account_at_zero(data: dict[str, Any]) -> None:
    ledger, booking = MemoryLedger(), engine("cn-gaap")
    totals: Counter[str] = Counter()
    claim = event_of("reimbursement.approved", 1, {**data, "currency": "CNY"})
    back = event_of("document.withdrawn", 2, {"doc_no": "X", "withdrawn_on": "2026-12-01"})
    outcomes = [ledger.book(booking, claim), ledger.book(booking, back)]
    for outcome in outcomes:
        for entry in outcome.entries if isinstance(outcome, Booked) else ():
            for line in entry.lines:
                totals[line.account] += line.amount if line.side == "debit" else -line.amount
    assert set(totals.values()) <= {0}
    assert isinstance(outcomes[0], Booked) == isinstance(outcomes[1], Booked)
    assert ledger.live("X") == []
