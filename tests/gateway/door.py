"""A real door on a free port, in front of an inbox in memory that keeps the promises of the real one."""

import copy
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from bus.errors import Invalid
from bus.message import Event
from bus.pipeline.receive import Receipt, ReceiptOutcome
from bus.schemas import EventSchemas

SCHEMAS_DIR = Path(__file__).parents[2] / "schemas"
SCHEMAS = EventSchemas(
    {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (SCHEMAS_DIR / "events").glob("*.json")}
)
STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCHED = {"content-type": "application/cloudevents-batch+json"}


def example(name: str = "payment.made.zh", **attributes: Any) -> dict[str, Any]:
    """A complete event of schemas/examples with other attributes."""
    event = json.loads((SCHEMAS_DIR / "examples" / f"{name}.json").read_text(encoding="utf-8"))
    return copy.deepcopy({**event, **attributes})


class Inbox:
    """Checks, deduplicates and keeps events; `fault` is raised instead while it is set."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.calls: list[int] = []
        self.fault: Exception | None = None

    def receive(self, events: Sequence[dict[str, Any]]) -> list[Receipt]:
        self.calls.append(len(events))
        if self.fault is not None:
            raise self.fault
        return [self._receive(event) for event in events]

    def _receive(self, attributes: dict[str, Any]) -> Receipt:
        try:
            SCHEMAS.check(attributes)
        except Invalid as refused:
            why = (refused.code, refused.message, refused.where)
            return Receipt("", "", ReceiptOutcome.INVALID, None, *why)
        event = Event.from_cloudevent(attributes)
        known = self.kept.get((event.source, event.id))
        if known not in (None, event.content_hash):
            return Receipt(event.source, event.id, ReceiptOutcome.CONFLICT, known, "EVENT_CONFLICT")
        self.kept[event.source, event.id] = event.content_hash
        outcome = ReceiptOutcome.DUPLICATE if known else ReceiptOutcome.ACCEPTED
        return Receipt(event.source, event.id, outcome, event.content_hash, state="accepted")


class Server:
    """uvicorn in a thread; the socket listens before the thread starts, so a client never has to wait for it."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


class Door(httpx2.Client):
    """An HTTP client of one running door, and the inbox behind it."""

    def __init__(self, inbox: Inbox, port: int) -> None:
        super().__init__(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        self.inbox = inbox
        self.port = port

    def offer(self, event: Any, **headers: str) -> httpx2.Response:
        """POST one event in structured mode."""
        return self.post("/events", content=json.dumps(event), headers=STRUCTURED | headers)

    def offer_batch(self, events: Any, **headers: str) -> httpx2.Response:
        """POST events in batched mode."""
        return self.post("/events", content=json.dumps(events), headers=BATCHED | headers)

    def offer_binary(self, event: dict[str, Any], **headers: str) -> httpx2.Response:
        """POST one event in binary mode, its attributes percent-encoded."""
        names = set(event) - {"data", "datacontenttype"}
        attributes = {f"ce-{name}": percent_encoded(event[name]) for name in names}
        return self.post(
            "/events",
            content=json.dumps(event["data"]),
            headers={"content-type": "application/json"} | attributes | headers,
        )


def percent_encoded(value: str) -> str:
    """An attribute as the HTTP binding wants it: printable ASCII stays, the rest and quote and percent are encoded."""
    encoded = (
        letter if "!" <= letter <= "~" and letter not in '"%' else "".join(f"%{byte:02X}" for byte in letter.encode())
        for letter in value
    )
    return "".join(encoded)


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem document of this status and code, whole and without a traceback."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["type"] == "urn:ledgerbus:problem:" + code.lower().replace("_", "-")
    assert (said["status"], said["code"]) == (status, code)
    assert said["correlation_id"] == answer.headers["x-correlation-id"]
    assert said["title"]
    assert said["remedy"]
    assert "Traceback" not in answer.text
    return said
