"""What the event schemas take and refuse, and how a refusal reads."""

import copy
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from bus.errors import Invalid, words_of
from bus.money import AMOUNT_PATTERN, RATE_PATTERN
from bus.ports import DeliveryResult, LedgerLine, LedgerPosting, Outcome
from bus.schemas import EventSchemas

ROOT = Path(__file__).parents[2] / "schemas"
DOCUMENTS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "events").glob("*.json"))
}
LEDGER: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "ledger").glob("*.json"))
}
EXAMPLES = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "examples").glob("*.??.json"))
}
SCHEMAS = EventSchemas(DOCUMENTS)
MISSING = object()


def changed(where: str, value: object, name: str = "reimbursement.approved.zh") -> dict[str, Any]:
    """The example with the member at the JSON pointer set, or taken away."""
    event = copy.deepcopy(EXAMPLES[name])
    *parents, last = where.lstrip("/").split("/")
    holder: Any = event
    for step in parents:
        holder = holder[int(step) if isinstance(holder, list) else step]
    if value is MISSING:
        del holder[last]
    else:
        holder[last] = value
    return event


def refusal(event: dict[str, Any]) -> Invalid:
    with pytest.raises(Invalid) as refused:
        SCHEMAS.check(event)
    return refused.value


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_accepted(name: str) -> None:
    SCHEMAS.check(EXAMPLES[name])


REFUSALS = [
    ("/data/rows/0/gross", "12,5", "AMOUNT_INVALID"),
    ("/data/rows/2/tax", "-0.00", "AMOUNT_INVALID"),
    ("/data/total", 2166, "AMOUNT_INVALID"),
    ("/data/total", 2166.0, "AMOUNT_INVALID"),
    ("/data/total", None, "AMOUNT_INVALID"),
    ("/data/total", "2166.00\n", "AMOUNT_INVALID"),
    ("/data/total", "２１６６", "AMOUNT_INVALID"),
    ("/data/total", "1234567890123.123456", "AMOUNT_INVALID"),
    ("/data/total", "9" * 5000, "AMOUNT_INVALID"),
    ("/data/doc_no", MISSING, "EVENT_INVALID"),
    ("/data/doc_no", "", "EVENT_INVALID"),
    ("/data/employee", "x" * 201, "EVENT_INVALID"),
    ("/data/employee", "a\u0000b", "EVENT_INVALID"),
    ("/data/salary", "1.00", "EVENT_INVALID"),
    ("/data/rows", [], "EVENT_INVALID"),
    ("/data/rows/1/certified", "false", "EVENT_INVALID"),
    ("/data/accounting_date", "2026-02-29", "EVENT_INVALID"),
    ("/data/accounting_date", "20261105", "EVENT_INVALID"),
    ("/data/currency", "cny", "EVENT_INVALID"),
    ("/data", [], "EVENT_INVALID"),
    ("/specversion", "0.3", "EVENT_INVALID"),
    ("/source", "", "EVENT_INVALID"),
    ("/id", "a\r\nX-Internal: 1", "EVENT_INVALID"),
    ("/id", "a\n", "EVENT_INVALID"),
    ("/id", "x" * 201, "EVENT_INVALID"),
    ("/company", "../CN01", "EVENT_INVALID"),
    ("/time", "2026-11-05T09:30:00", "EVENT_INVALID"),
    ("/time", "2026-02-30T09:30:00Z", "EVENT_INVALID"),
    ("/sequence", "0", "EVENT_INVALID"),
    ("/sequence", "1" * 10, "EVENT_INVALID"),
    ("/sequence", 1, "EVENT_INVALID"),
    ("/subject", MISSING, "EVENT_INVALID"),
    ("/traceparent", 2**40, "EVENT_INVALID"),
    ("/dataschema", "urn:ledgerbus:schema:payment.made:v1", "EVENT_TYPE_UNKNOWN"),
]


@pytest.mark.parametrize(("where", "value", "code"), REFUSALS)
def test_a_refusal_points_at_the_field(where: str, value: object, code: str) -> None:
    fault = refusal(changed(where, value))
    assert (fault.where, fault.code) == (where, code)
    assert words_of(fault.code).zh
    assert words_of(fault.code).en


def test_an_unknown_version_is_refused_at_the_type() -> None:
    fault = refusal(changed("/dataschema", "urn:ledgerbus:schema:reimbursement.approved:v2"))
    assert (fault.where, fault.code) == ("/type", "EVENT_TYPE_UNKNOWN")


def test_an_unknown_type_is_refused_at_the_type() -> None:
    event = changed("/dataschema", MISSING)
    event["type"] = "reimbursement.rejected"
    assert (refusal(event).where, refusal(event).code) == ("/type", "EVENT_TYPE_UNKNOWN")


def test_an_unknown_field_with_a_strange_name_is_not_repeated() -> None:
    event = changed("/data/memo", "x")
    event["data"]["<script>"] = "x"
    assert refusal(event).where == "/data"


@pytest.mark.parametrize("text", ["SECRET-77\u0001", "SECRET-77" * 100])
@pytest.mark.parametrize("where", ["/data/employee", "/id", "/data/total", "/data/rows/0/category", "/company"])
def test_a_refusal_never_quotes_the_value(where: str, text: str) -> None:
    fault = refusal(changed(where, text))
    assert "SECRET" not in f"{fault}{fault.message}{fault.detail}"


def test_half_a_surrogate_pair_is_refused_and_does_not_crash() -> None:
    assert refusal(changed("/data/employee", "\ud800")).code == "EVENT_INVALID"


def test_other_extension_attributes_pass() -> None:
    SCHEMAS.check(changed("/traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))


def definitions(node: Any) -> list[dict[str, Any]]:
    """Every object inside a JSON document."""
    if isinstance(node, list):
        return [inner for item in node for inner in definitions(item)]
    if not isinstance(node, dict):
        return []
    return [node, *(inner for item in node.values() for inner in definitions(item))]


@pytest.mark.parametrize("document", [*DOCUMENTS.values(), *LEDGER.values()], ids=[*DOCUMENTS, *LEDGER])
def test_every_schema_is_closed_bounded_and_bilingual(document: dict[str, Any]) -> None:
    for node in definitions(document):
        if node.get("type") == "object" and "properties" in node:
            assert node["additionalProperties"] is not True
            assert all(name.isascii() for name in node["properties"])
            assert all(" / " in inner.get("title", "") for inner in node["properties"].values())
        if node.get("type") == "string":
            assert "maxLength" in node or node["pattern"].endswith("$")
        if node.get("x-ledgerbus") in {"amount", "rate"}:
            assert node["pattern"] == {"amount": AMOUNT_PATTERN, "rate": RATE_PATTERN}[node["x-ledgerbus"]]


def test_optional_amounts_flags_and_texts_have_a_default() -> None:
    wanted = {"#/$defs/amount": "0", "#/$defs/text": "", "#/$defs/flag": False}
    for document in DOCUMENTS.values():
        for node in definitions(document):
            for name, inner in node.get("properties", {}).items():
                if name not in node.get("required", []) and inner.get("$ref") in wanted:
                    assert inner["default"] == wanted[inner["$ref"]]


def test_ledger_messages_mirror_the_ports() -> None:
    posting, confirmation = LEDGER["posting.v1"], LEDGER["confirmation.v1"]
    line = posting["properties"]["lines"]["items"]
    assert list(posting["properties"]) == [one.name for one in fields(LedgerPosting)]
    assert list(line["properties"]) == [one.name for one in fields(LedgerLine)]
    assert list(confirmation["properties"]) == [one.name for one in fields(DeliveryResult)]
    assert confirmation["properties"]["outcome"]["enum"] == [one.value for one in Outcome]
