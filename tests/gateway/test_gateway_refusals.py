"""What the door refuses, and how it says so: RFC 9457 problems with a pointer, in English or Chinese, no payload."""

import json
import socket
from collections.abc import Callable, Iterator

import pytest

from bus.errors import Transient
from bus.gateway.body import BATCH_EVENTS, BATCH_LIMIT, EVENT_LIMIT
from bus.gateway.problems import preferred_language
from tests.gateway.door import BATCHED, STRUCTURED, Door, assert_problem, example


def test_a_conflict_is_a_409(door: Door) -> None:
    door.offer(example())
    said = assert_problem(door.offer(example(subject="other")), 409, "EVENT_CONFLICT")
    assert said["outcome"] == "conflict"
    assert len(door.inbox.kept) == 1


BAD_AMOUNTS = [
    "12,5",
    "NaN",
    "-0.00",
    "1e5",
    "１２",
    "١٢",
    "1_000",
    " 12 ",
    "0.1234567",
    "9" * 5000,
    12,
    None,
    True,
    ["1"],
]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=lambda amount: repr(amount)[:20])
def test_a_bad_amount_is_a_422_that_points_at_it(door: Door, amount: object) -> None:
    event = example()
    event["data"]["amount"] = amount
    said = assert_problem(door.offer(event), 422, "AMOUNT_INVALID")
    assert said["pointer"] == "/data/amount"
    assert not door.inbox.kept


def test_an_amount_sent_as_a_number_with_a_fraction_is_malformed(door: Door) -> None:
    event = example()
    event["data"]["amount"] = 12.5
    assert_problem(door.offer(event), 400, "MESSAGE_MALFORMED")


MALFORMED = [
    b"",
    b"{",
    b"NaN",
    b'{"id": 1, "id": 2}',
    b"\xff",
    b"[" * 100_000,
    b'{"a":' * 500,
    b'{"a": 1e400}',
    b"\x1f\x8b\x08",
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("headers", [STRUCTURED, BATCHED], ids=["structured", "batched"])
def test_malformed_json_is_a_400_with_its_position(door: Door, body: bytes, headers: dict[str, str]) -> None:
    said = assert_problem(door.post("/events", content=body, headers=headers), 400, "MESSAGE_MALFORMED")
    line, _, column = said["position"].partition(":")
    assert int(line) >= 1
    assert int(column) >= 1


@pytest.mark.parametrize(
    ("accepted", "title"), [("zh-CN,en;q=0.5", "事件不符合其模式"), ("en", "Event does not match its schema")]
)
def test_the_title_is_in_the_readers_language(door: Door, accepted: str, title: str) -> None:
    answer = door.offer(example(sequence="0"), **{"accept-language": accepted})
    assert assert_problem(answer, 422, "EVENT_INVALID")["title"] == title
    assert answer.headers["content-language"] == accepted[:2]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("zh", "zh"),
        ("de, zh-TW;q=0.3", "zh"),
        ("zh;q=0.1, en;q=0.2", "en"),
        ("zh;q=nan", "en"),
    ],
)
def test_language_follows_the_ranking(accepted: str, language: str) -> None:
    assert preferred_language(accepted) == language


def test_no_refusal_repeats_the_payload(door: Door) -> None:
    event = example(id="CANARY-1", sequence="CANARY-2")
    event["data"] |= {"payee": "CANARY-3\u0001", "CANARY-4 ": "CANARY-5"}
    answers = [
        door.offer(event),
        door.offer({**event, "sequence": "1"}),
        door.offer_binary(event, **{"ce-id": "CANARY%FF"}),
    ]
    answers.append(door.post("/events", content=b'{"CANARY": tru}', headers=STRUCTURED))
    assert all(answer.is_client_error for answer in answers)
    assert not any("CANARY" in answer.text for answer in answers)


def padded(size: int) -> bytes:
    """A valid event of exactly `size` bytes."""
    body = json.dumps(example(), ensure_ascii=False).encode()
    return body + b" " * (size - len(body))


def in_pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


@pytest.mark.parametrize("send", [bytes, in_pieces], ids=["with its length", "chunked"])
def test_an_event_may_have_one_mebibyte_and_not_a_byte_more(door: Door, send: Callable[[bytes], bytes]) -> None:
    accepted = door.post("/events", content=send(padded(EVENT_LIMIT)), headers=STRUCTURED)
    assert accepted.status_code == 202, accepted.text
    refused = door.post("/events", content=send(padded(EVENT_LIMIT + 1)), headers=STRUCTURED)
    assert_problem(refused, 413, "TOO_LARGE")


@pytest.mark.parametrize("send", [bytes, in_pieces], ids=["with its length", "chunked"])
def test_a_refusal_before_the_body_is_read_reaches_the_sender(door: Door, send: Callable[[bytes], bytes]) -> None:
    for _ in range(5):
        answer = door.post("/events", content=send(b" " * BATCH_LIMIT), headers={"content-type": "text/plain"})
        assert_problem(answer, 415, "MEDIA_TYPE_UNSUPPORTED")


def test_an_announced_giant_is_refused_before_it_is_sent(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port)) as raw:
        raw.sendall(
            b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        assert raw.recv(65536).startswith(b"HTTP/1.1 413")


def test_an_endless_chunked_body_is_cut_off(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port)) as raw:
        raw.sendall(
            b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents-batch+json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        for _ in range(BATCH_LIMIT // 65536 + 1):
            raw.sendall(piece)
        assert raw.recv(65536).startswith(b"HTTP/1.1 413")


def test_one_oversized_event_in_a_batch_is_refused_alone(door: Door) -> None:
    giant = example("payment.made.en", traceparent="x" * (EVENT_LIMIT + 1))
    receipts = door.offer_batch([example(), giant]).json()["receipts"]
    assert [receipt["outcome"] for receipt in receipts] == ["accepted", "invalid"]
    assert receipts[1]["code"] == "TOO_LARGE"


def test_a_batch_holds_at_most_a_thousand_events(door: Door) -> None:
    events = [example(id=f"{number}") for number in range(BATCH_EVENTS + 1)]
    assert_problem(door.offer_batch(events), 413, "TOO_LARGE")
    assert not door.inbox.kept
    assert len(door.offer_batch(events[1:]).json()["receipts"]) == BATCH_EVENTS
    assert len(door.inbox.kept) == BATCH_EVENTS


def test_a_busy_store_is_a_503_and_the_same_event_is_taken_later(door: Door) -> None:
    door.inbox.fault = Transient("DOOR_BUSY", "locked")
    answer = door.offer(example())
    assert_problem(answer, 503, "DOOR_BUSY")
    assert int(answer.headers["retry-after"]) >= 1
    door.inbox.fault = None
    assert door.offer(example()).json()["outcome"] == "accepted"


def test_a_defect_is_a_500_without_a_traceback_and_the_door_stays_open(door: Door) -> None:
    door.inbox.fault = ValueError("CANARY")
    answer = door.offer(example())
    assert_problem(answer, 500, "DEFECT")
    assert "CANARY" not in answer.text
    door.inbox.fault = None
    assert door.offer(example()).status_code == 202


def test_a_receive_that_loses_a_receipt_is_caught_and_never_answered_as_accepted(
    open_door: Callable[..., Door],
) -> None:
    forgetful = open_door(receive=lambda events: [])
    assert_problem(forgetful.offer(example()), 500, "DEFECT")
