"""The hash of an event is over what it says, in RFC 8785 form, so that any language can compute it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from bus.message import Event, canonical_json

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
VECTORS: dict[str, str] = json.loads((EXAMPLES / "hashes.json").read_text(encoding="utf-8"))


def example(name: str) -> dict[str, Any]:
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def test_each_example_has_a_vector_and_each_vector_an_example() -> None:
    assert set(VECTORS) == {path.stem for path in EXAMPLES.glob("*.json")} - {"hashes"}
    assert len(VECTORS) == 16


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_hash_is_the_computed_hash(name: str) -> None:
    assert Event.from_cloudevent(example(name)).content_hash == VECTORS[name]


@pytest.mark.parametrize("name", VECTORS)
def test_an_event_survives_the_way_there_and_back(name: str) -> None:
    event = Event.from_cloudevent(example(name))
    assert Event.from_cloudevent(json.loads(json.dumps(event.to_cloudevent()))) == event
    assert event.to_cloudevent() == example(name)


def test_travel_does_not_change_the_hash_and_content_does() -> None:
    event = Event.from_cloudevent(example("payment.made.en"))
    travelled = replace(event, time=datetime(2031, 1, 1, tzinfo=UTC), correlation_id="other", causation_id="other")
    assert travelled.content_hash == event.content_hash
    changed = [
        replace(event, data={**event.data, "amount": "187.36"}),
        replace(event, sequence=3),
        replace(event, sequence=None),
        replace(event, company="EU02"),
        replace(event, subject="EXP-302"),
        replace(event, id="other"),
        replace(event, source="other"),
        replace(event, type="payment.sent"),
    ]
    assert len({event.content_hash, *(one.content_hash for one in changed)}) == 9


BELOW_SURROGATES = st.text(st.characters(max_codepoint=0xD7FF))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(BELOW_SURROGATES, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_json_is_that_of_the_reference_library(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_only_names_beyond_the_basic_plane_would_sort_otherwise() -> None:
    """Why the schemas allow ASCII names only: here the two orders part."""
    value = {"\uffee": 1, "\U0001f600": 2}
    assert canonical_json(value) != rfc8785.dumps(value)
