"""A log line says which document and what happened, in UTC, and never carries a payload."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from bus import logs
from bus.errors import Permanent

CANARY = "王小明-6222020200112233"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.configure("DEBUG", as_json=True, stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    root.handlers[:], root.level = before[0], before[1]


def test_a_line_names_the_document_and_its_correlation_id(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(correlation_id="c-1"):
        structlog.get_logger("bus.pipeline").info("booked", document="BX-1", count=2)
    (line,) = lines()
    assert (line["event"], line["document"], line["count"], line["correlation_id"]) == ("booked", "BX-1", 2, "c-1")
    assert (line["level"], line["logger"]) == ("info", "bus.pipeline")
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)


@pytest.mark.parametrize("key", ["employee", "amount", "payload", "name", "data", "body", "password", "url", "detail"])
def test_a_value_under_a_key_that_is_not_allowed_is_masked(lines: Lines, key: str) -> None:
    structlog.get_logger("bus").warning("refused", **{key: CANARY}, document="BX-1")
    (line,) = lines()
    assert line[key] == "…"
    assert CANARY not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize("value", [{"payee": CANARY}, [{"payee": CANARY}], object(), ("a", {"b": CANARY})])
def test_a_structure_under_an_allowed_key_is_masked(lines: Lines, value: object) -> None:
    structlog.get_logger("bus").info("seen", document=value)
    assert CANARY not in json.dumps(lines(), ensure_ascii=False)


def test_a_foreign_exception_shows_its_type_and_place_but_not_its_words(lines: Lines) -> None:
    def fail() -> None:
        raise ValueError(f"bad row {CANARY}")

    for logger in (structlog.get_logger("bus"), logging.getLogger("celery.worker")):
        try:
            fail()
        except ValueError:
            logger.exception("failed")
    for line in lines():
        assert line["error"] == "ValueError"
        assert line["error_at"][-1].endswith(" fail")
        assert CANARY not in json.dumps(line, ensure_ascii=False)


def test_an_error_of_our_own_is_shown_whole(lines: Lines) -> None:
    def fail() -> None:
        raise Permanent("COMPANY_UNKNOWN", "no such company", "/company")

    try:
        fail()
    except Permanent:
        structlog.get_logger("bus").exception("failed")
    (line,) = lines()
    assert line["code"] == "COMPANY_UNKNOWN"
    assert line["error"] == "COMPANY_UNKNOWN at /company: no such company"


def test_lines_of_libraries_take_the_same_way(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "level", logging.NOTSET)  # a server of another test set it
    logging.getLogger("uvicorn.error").manager._clear_cache()
    logging.getLogger("uvicorn.error").info("running on %s", "127.0.0.1")
    logging.getLogger("celery.app.trace").info(
        "Task %(name)s[%(id)s] %(args)s", {"name": "t", "id": "7", "args": CANARY}
    )
    logging.getLogger("celery.worker").warning("unknown message: %s, %d bytes", CANARY, 9)
    logging.getLogger("some_package").warning(f"row {CANARY}")
    assert [line["event"] for line in lines()] == [
        "running on 127.0.0.1",
        "Task t[7] …",
        "unknown message: …, 9 bytes",
        "…",
    ]


def test_without_redaction_the_canary_is_seen(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search above can fail: with the key allowed, the canary reaches the line."""
    monkeypatch.setattr(logs, "ALLOWED_KEYS", logs.ALLOWED_KEYS | {"employee"})
    structlog.get_logger("bus").info("seen", employee=CANARY)
    assert CANARY in json.dumps(lines(), ensure_ascii=False)


def test_the_console_form_is_redacted_too() -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.configure("INFO", stream=stream)
    structlog.get_logger("bus").info("seen", employee=CANARY, document="BX-9")
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()
    assert "BX-9" in stream.getvalue()
    assert CANARY not in stream.getvalue()
