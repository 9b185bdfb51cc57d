"""Whatever a validating document holds: balanced entries, a no-op or a coded failure; and it can be taken back."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import Booked, Failure, NoOp
from bus.errors import words_of
from bus.message import Event
from tests.unit.accounting.packs import SHIPPED, MemoryLedger, engine, made, schemas

CATEGORIES = st.sampled_from(["差旅费", "办公费", "业务招待费", "goods", "services", "商品", "未知", ""])
TEXTS = st.one_of(
    CATEGORIES, st.sampled_from(["管理", "销售", "D1", "{voucher}"]), st.text("aé张\U0001f600 {}\"'", max_size=8)
)
AMOUNTS = st.one_of(
    st.sampled_from(["0", "0.01", "0.005", "-1", "100.00", "999999999999.999999", "0.000001"]),
    st.integers(0, 10**7).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
)
RATES = st.sampled_from(["0", "0.13", "33", "34", "100", "-5", "0.0000000001"])
DAYS = st.dates().filter(lambda day: 1900 <= day.year < 2100).map(str) | st.sampled_from(["2026-02-30", "2026-11-05"])


def _values(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        schema = {
            **root["$defs"][schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    marked = {"amount": AMOUNTS, "rate": RATES, "date": DAYS}.get(schema.get("x-ledgerbus", ""))
    if marked is not None:
        return marked
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return st.lists(_values(schema["items"], root), min_size=schema.get("minItems", 0), max_size=4)
    if kind == "object":
        fields = {name: _values(value, root) for name, value in schema["properties"].items()}
        required = set(schema.get("required", ()))
        optional = {name: value for name, value in fields.items() if name not in required}
        return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional)
    return {"boolean": st.booleans(), "integer": st.integers(1, 9999)}.get(kind or "", TEXTS)


def _data(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    currency = st.sampled_from(["CNY", "EUR", "EUR", "CNY", "JPY", "ZZZ"])
    plain = _values(schemas()[kind], schemas()[kind])
    whole = st.tuples(plain, currency).map(lambda pair: {**pair[0], "currency": pair[1]})
    return plain if kind == "document.withdrawn" else whole


def _consistent(data: dict[str, Any]) -> dict[str, Any]:
    """The same document with a total that its rows add up to, so that many examples reach the ledger."""
    rows = [{**row, "gross": "12.30", "category": "办公费", "dept_kind": "管理", "dept": "D1"} for row in data["rows"]]
    total = f"{1230 * len(rows) // 100}.{1230 * len(rows) % 100:02}"
    return {**data, "rows": rows, "total": total, "accounting_date": "2026-11-05", "employee": "E"}


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
        drawn = data.draw(_data(kind))
        if kind == "reimbursement.approved" and data.draw(st.booleans()):
            drawn = _consistent({**drawn, "currency": booking.company.base_currency})
        event = _event(kind, number, drawn)
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


@given(data=_data("reimbursement.approved").map(_consistent))
@settings(max_examples=100, deadline=None)
def test_a_claim_and_its_withdrawal_leave_every_account_at_zero(data: dict[str, Any]) -> None:
    ledger, booking = MemoryLedger(), engine("cn-gaap")
    totals: Counter[str] = Counter()
    claim = _event("reimbursement.approved", 1, {**data, "currency": "CNY"})
    back = _event("document.withdrawn", 2, {"doc_no": "X", "withdrawn_on": "2026-12-01"})
    outcomes = [ledger.book(booking, claim), ledger.book(booking, back)]
    for outcome in outcomes:
        for entry in outcome.entries if isinstance(outcome, Booked) else ():
            for line in entry.lines:
                totals[line.account] += line.amount if line.side == "debit" else -line.amount
    assert set(totals.values()) <= {0}
    assert isinstance(outcomes[0], Booked) == isinstance(outcomes[1], Booked)
    assert ledger.live("X") == []


def _event(kind: str, number: int, data: dict[str, Any]) -> Event:
    event = made(kind, "X", str(number), {**data, "accounting_date": "2026-11-05"}, company="CN01")
    return Event(event.source, event.id, event.type, "X", event.company, event.time, data)
