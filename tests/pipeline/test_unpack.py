"""What comes over an open channel is read strictly, and what is kept of a refused message shows no business data."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bus.errors import Invalid
from bus.pipeline.open_channel import Incoming
from bus.pipeline.unpack import MESSAGE_LIMIT, STRUCTURED, quarantined, unpack
from tests.papers import claim


def message(body: bytes = b"{}", content_type: str = STRUCTURED, encoding: str = "", **headers: Any) -> Incoming:
    return Incoming(1, body, content_type, encoding, headers, "m-1", "", None)


@pytest.mark.parametrize("content_type", [STRUCTURED, f"{STRUCTURED}; charset=UTF-8", STRUCTURED.upper()])
@pytest.mark.parametrize("encoding", ["", "utf-8", "UTF-8", "binary"])
def test_a_structured_event_is_its_body(content_type: str, encoding: str) -> None:
    assert unpack(message(json.dumps(claim("BX-1")).encode(), content_type, encoding)) == claim("BX-1")


@pytest.mark.parametrize("prefix", ["cloudEvents:", "cloudEvents_"])
def test_a_binary_event_has_its_attributes_in_headers_of_either_prefix(prefix: str) -> None:
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    headers = {f"{prefix}id": "1", f"{prefix}sequence": 7, f"{prefix}time": at, "other": "x"}
    event = unpack(message(b'{"total": "1.00"}', "application/json", **headers))
    assert event == {
        "id": "1", "sequence": "7", "time": at.isoformat(), "datacontenttype": "application/json",
        "data": {"total": "1.00"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (message(b"x" * (MESSAGE_LIMIT + 1)), "TOO_LARGE"),
        (message(b"{}", "application/json"), "MEDIA_TYPE_UNSUPPORTED"),
        (message(b"{}", "application/cloudevents-batch+json"), "MEDIA_TYPE_UNSUPPORTED"),
        (message(b"{}", ""), "MEDIA_TYPE_UNSUPPORTED"),
        (message(b"{}", f"{STRUCTURED}; charset=gbk"), "MEDIA_TYPE_UNSUPPORTED"),
        (message(b"{}", STRUCTURED, "gzip"), "MEDIA_TYPE_UNSUPPORTED"),
        (message(b"[]"), "MESSAGE_MALFORMED"),
        (message(b'{"a": 1.5}'), "MESSAGE_MALFORMED"),
        (message(b"\xff"), "MESSAGE_MALFORMED"),
        (message(b"{}", "application/json", **{"cloudEvents:id": "1", "cloudEvents_id": "2"}), "MESSAGE_MALFORMED"),
        (message(b"{}", "application/json", **{"cloudEvents:id": True}), "MESSAGE_MALFORMED"),
        (message(b"{}", "application/json", **{"cloudEvents:id": "\ud800"}), "MESSAGE_MALFORMED"),
        (message(b"{}", "application/json", **{"cloudEvents:data": "1"}), "MESSAGE_MALFORMED"),
    ],
)
def test_what_is_no_event_is_refused_with_a_code(refused: Incoming, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        unpack(refused)
    assert refusal.value.code == code


def test_a_body_of_exactly_the_limit_is_read() -> None:
    padding = b" " * (MESSAGE_LIMIT - 2)
    assert unpack(message(b"{" + padding + b"}")) == {}


def test_of_a_refused_message_only_listed_headers_are_kept_and_as_text_that_every_store_holds() -> None:
    headers = {"cloudEvents_id": "1\x00\ud800", "task": "t" * 500, "argsrepr": "CANARY", "cloudEvents_salary": "CANARY"}
    kept = quarantined("oa.events", message(b"body", "x/y", **headers), Invalid("TOO_LARGE", "why"))
    assert "CANARY" not in kept.headers
    said = json.loads(kept.headers)
    assert set(said) == {"content_type", "content_encoding", "cloudEvents_id", "task"}
    assert len(said["task"]) == 200
    assert "\x00" not in said["cloudEvents_id"]
    kept.headers.encode()
