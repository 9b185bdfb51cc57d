"""Two independent validators give one verdict, whatever is done to an example."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.errors import Invalid
from bus.schemas import EventSchemas, _wording

ROOT = Path(__file__).parents[2] / "schemas"
DOCUMENTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "events").glob("*.json")}
EXAMPLES = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "examples").glob("*.??.json"))]
SCHEMAS = EventSchemas(DOCUMENTS)
RUST = {stem: jsonschema_rs.Draft202012Validator(text, validate_formats=True) for stem, text in DOCUMENTS.items()}
PYTHON = {stem: _wording(text) for stem, text in DOCUMENTS.items()}

AMOUNTISH = st.text(alphabet="0123456789.-+eE_ \n１", max_size=22)
DATEISH = st.from_regex(
    r"(19|20|21)[0-9]{2}-[0-3][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,10})?(Z|\+0[0-9]:00)?)?\n?",
    fullmatch=True,
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=30), AMOUNTISH, DATEISH,
    st.sampled_from(["x" * 201, "x" * 501, ""]),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every member of a JSON value."""
    steps: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [inner for step, member in steps for inner in [(*path, step), *places(member, (*path, step))]]


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, Any]:
    """An example with a member changed, taken away or added; sometimes nothing is done."""
    event = copy.deepcopy(draw(st.sampled_from(EXAMPLES)))
    for _ in range(draw(st.integers(0, 2))):
        path = draw(st.sampled_from(places(event)))
        holder: Any = event
        for step in path[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["set", "drop", "add"])):
            case "set":
                holder[path[-1]] = draw(VALUES)
            case "drop":
                del holder[path[-1]]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = draw(VALUES)
    return event


def verdicts(event: dict[str, Any]) -> tuple[bool, bool]:
    stem = f"{event.get('type')}.v1"
    pairs = [("envelope.v1", event), *([(stem, event.get("data"))] if stem in DOCUMENTS else [])]
    rust = all(RUST[name].is_valid(instance) for name, instance in pairs)
    python = all(PYTHON[name].is_valid(instance) for name, instance in pairs)
    return rust, python


def code_of(event: dict[str, Any]) -> str:
    try:
        SCHEMAS.check(event)
    except Invalid as refused:
        return refused.code
    return "ACCEPTED"


@settings(max_examples=600, deadline=None)
@given(mutations())
def test_both_validators_agree(event: dict[str, Any]) -> None:
    rust, python = verdicts(event)
    assert rust == python
    code = code_of(event)
    assert code in (
        {"ACCEPTED", "EVENT_TYPE_UNKNOWN"} if rust else {"EVENT_INVALID", "AMOUNT_INVALID", "EVENT_TYPE_UNKNOWN"}
    )


def test_a_schema_with_a_looser_amount_is_caught_by_the_comparison() -> None:
    """The comparison is no tautology: one validator on a loosened schema differs."""
    loose = copy.deepcopy(DOCUMENTS["payment.made.v1"])
    loose["$defs"]["amount"]["pattern"] = "^[-0-9.,]+$"
    data = {**next(event for event in EXAMPLES if event["type"] == "payment.made")["data"], "amount": "12,5"}
    assert _wording(loose).is_valid(data) != RUST["payment.made.v1"].is_valid(data)


@pytest.mark.parametrize("text", ["12\n", "2026-11-05\n"])
def test_a_last_line_break_is_seen_by_both(text: str) -> None:
    event = copy.deepcopy(next(event for event in EXAMPLES if event["type"] == "payment.made"))
    event["data"]["amount" if text.startswith("12") else "accounting_date"] = text
    assert verdicts(event) == (False, False)
