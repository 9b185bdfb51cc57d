"""The month of samples is what its README says: valid but for one line, dense sequences, and the sums it promises."""

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bus.errors import Invalid
from bus.message import Event, read_json
from bus.money import parse_amount
from bus.schemas import EventSchemas

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "rules" / "samples"
EVENTS: list[Any] = [read_json(line) for line in (SAMPLES / "november-2026.jsonl").read_bytes().splitlines()]
README = (SAMPLES / "README.md").read_text(encoding="utf-8")
SCHEMAS = EventSchemas(
    {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "schemas" / "events").glob("*.json")}
)
HELD = {"BX-2026-1115", "BX-2026-1122"}
REFUSED = "BX-2026-1120"
REPEATED = "BX-2026-1106/2"


def accepted() -> list[Event]:
    """The first event of each id, the refused one left out."""
    first: dict[str, Event] = {}
    for attributes in EVENTS:
        if attributes["subject"] != REFUSED:
            first.setdefault(attributes["id"], Event.from_cloudevent(attributes))
    return list(first.values())


def total(events: list[Event], name: str) -> tuple[int, Decimal]:
    amounts = [parse_amount(event.data[name]) for event in events]
    booked = [amount for amount in amounts if amount]
    return len(booked), sum(booked, Decimal(0))


def test_one_event_is_invalid_and_its_amount_is_why() -> None:
    for attributes in EVENTS:
        if attributes["subject"] != REFUSED:
            SCHEMAS.check(attributes)
    [refused] = [attributes for attributes in EVENTS if attributes["subject"] == REFUSED]
    with pytest.raises(Invalid) as fault:
        SCHEMAS.check(refused)
    assert (fault.value.code, fault.value.where) == ("AMOUNT_INVALID", "/data/rows/0/gross")


def test_there_is_one_duplicate_and_one_conflict() -> None:
    hashes = defaultdict(list)
    for attributes in EVENTS:
        hashes[attributes["id"]].append(json.dumps(attributes, sort_keys=True))
    twice = {name: same for name, same in hashes.items() if len(same) > 1}
    assert set(twice) == {"BX-2026-1101/1", "BX-2026-1102/1"}
    assert len(set(twice["BX-2026-1101/1"])) == 1
    assert len(set(twice["BX-2026-1102/1"])) == 2
    assert "accepted 接收 47 · duplicate 重复 1 · conflict 冲突 1 · invalid 无效 1 | 50 |" in README
    assert (len(EVENTS), len(accepted())) == (50, 47)


def test_sequences_are_dense_from_one_in_the_order_of_the_file() -> None:
    lives: dict[str, list[int | None]] = defaultdict(list)
    for event in accepted():
        lives[event.subject].append(event.sequence)
    assert all(life == list(range(1, len(life) + 1)) for life in lives.values())


def test_everything_happens_in_november_in_the_company_of_the_samples() -> None:
    for event in accepted():
        assert event.time.strftime("%Y-%m") == "2026-11"
        assert event.data.get("accounting_date", "2026-11").startswith("2026-11")
        assert (event.source, event.company) == ("oa.demo", "CN01")


def test_each_claim_and_invoice_adds_up() -> None:
    for event in accepted():
        rows = event.data.get("rows", [])
        if event.type == "reimbursement.approved":
            assert parse_amount(event.data["total"]) == sum(parse_amount(row["gross"]) for row in rows)
        if event.type == "invoice.received":
            sums = [sum(parse_amount(row[name]) for row in rows) for name in ("net", "tax")]
            assert parse_amount(event.data["gross"]) == sum(sums)
            assert parse_amount(event.data["tax"]) == sums[1]


def test_the_sums_of_the_readme_follow_from_the_events() -> None:
    live = [event for event in accepted() if event.subject not in HELD and event.id != REPEATED]
    claims = [event for event in live if event.type == "reimbursement.approved"]
    withdrawn = {event.subject for event in accepted() if event.type == "document.withdrawn"}
    taken_back = [event for event in claims if event.subject in withdrawn and event.sequence == 1]
    figures = {
        "expense.reimbursement` 报销凭证": total(claims, "total"),
        "expense.payment` 付款凭证": total([event for event in live if event.type == "payment.made"], "amount"),
        "purchase.invoice` 发票凭证": total([event for event in live if event.type == "invoice.received"], "gross"),
    }
    for name, (count, amount) in figures.items():
        assert f"{name} | {count} | {amount} |" in README
    count, amount = total(taken_back, "total")
    assert f"reversals 红冲 | {count} | -{amount} |" in README
