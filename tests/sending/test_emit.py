"""`ledgerbus emit` sends a file of events and shows what became of each."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bus.cli.app import app
from bus.gateway.app import create_app
from tests.gateway.door import Inbox, Server
from tests.papers import claim
from tests.sending.conftest import Bus
from tests.sending.test_client import child


def emit(*arguments: str, text: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["emit", "--language", "en", *arguments], input=text)


def lines(*events: dict[str, Any] | str) -> bytes:
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in events).encode()


def test_every_line_gets_its_receipt_in_order_and_a_refused_one_makes_it_fail(
    bus: Bus, broker_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    wrong = {**claim("BX-2"), "company": "ZZ"}
    file.write_bytes(lines(claim("BX-1"), "", wrong, '{"id": NaN}', claim("BX-3")))
    done = emit(str(file), "--broker", broker_url, "--json")
    said = json.loads(done.stdout.splitlines()[-1])
    outcomes = [(r["id"], r["outcome"], r.get("code"), r.get("pointer")) for r in said["receipts"]]
    assert outcomes == [
        ("BX-1/1", "accepted", None, None),
        ("BX-2/1", "invalid", "COMPANY_UNKNOWN", "/company"),
        ("", "invalid", "MESSAGE_MALFORMED", "4: 1:8"),
        ("BX-3/1", "accepted", None, None),
    ]
    assert (done.exit_code, said["unanswered"]) == (1, 0)
    assert sorted(bus.accepted()) == ["BX-1/1", "BX-3/1"]


def test_standard_input_is_read_and_what_is_there_already_is_no_failure(bus: Bus, broker_url: str) -> None:
    text = lines(claim("BX-1"), claim("BX-2"))
    assert emit("-", "--broker", broker_url, text=text).exit_code == 0
    again = emit("-", "--broker", broker_url, text=text)
    assert (again.exit_code, again.stdout.count("duplicate")) == (0, 2)


def test_without_a_bus_it_says_what_is_unanswered_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines(claim("BX-1")))
    done = emit(str(file), "--broker", "redis://127.0.0.1:1/0", "--wait", "1")
    assert done.exit_code == 1
    assert "NOT_ANSWERED" in done.output
    assert "Traceback" not in done.output


def test_it_goes_over_http_too(tmp_path: Path) -> None:
    inbox = Inbox()
    server = Server(create_app(inbox.receive, lambda: {"ready": True}))
    done = emit("-", "--url", f"http://127.0.0.1:{server.port}", text=lines(claim("BX-1")))
    server.stop()
    assert done.exit_code == 0
    assert len(inbox.kept) == 1


@pytest.mark.parametrize("arguments", [["no-such-file"], ["-", "--broker", "redis://h", "--url", "http://h"]])
def test_bad_usage_is_told_apart(arguments: list[str]) -> None:
    assert emit(*arguments).exit_code in (1, 2)


def test_as_a_process_it_ends_with_one_json_object(bus: Bus, broker_url: str) -> None:
    done = child(
        "-m", "bus.cli.app", "emit", "-", "--broker", broker_url, "--json",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    said, _ = done.communicate(lines(claim("BX-9")).decode(), timeout=60)
    assert (done.returncode, json.loads(said)["receipts"][0]["outcome"]) == (0, "accepted")
