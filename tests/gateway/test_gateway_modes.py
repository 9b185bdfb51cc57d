"""The three content modes of the CloudEvents HTTP binding, over a real connection."""

import json

import pytest

from tests.gateway.door import BATCHED, STRUCTURED, Door, assert_problem, example


def test_the_same_event_is_the_same_by_every_mode(door: Door) -> None:
    event = example("reimbursement.approved.zh")
    answers = [door.offer(event), door.offer_binary(event), door.offer_batch([event])]
    first, second, [third] = answers[0].json(), answers[1].json(), answers[2].json()["receipts"]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert [first["outcome"], second["outcome"], third["outcome"]] == ["accepted", "duplicate", "duplicate"]
    assert first["hash"] == second["hash"] == third["hash"]
    assert len(door.inbox.kept) == 1


def test_an_accepted_event_is_answered_with_its_receipt(door: Door) -> None:
    event = example()
    answer = door.offer(event)
    assert answer.headers["content-type"] == "application/json"
    receipt = answer.json()
    assert (receipt["source"], receipt["id"], receipt["outcome"]) == (event["source"], event["id"], "accepted")
    assert len(receipt["hash"]) == 64


@pytest.mark.parametrize("media_type", ["application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8"])
def test_structured_mode_is_known_by_its_media_type(door: Door, media_type: str) -> None:
    assert door.offer(example(), **{"content-type": media_type}).status_code == 202


def test_binary_attributes_are_percent_decoded(door: Door) -> None:
    event = example(id="报销 100%/“甲”", subject="单据/1", traceparent="00-abc-01")
    assert door.offer_binary(event).json()["id"] == event["id"]
    assert list(door.inbox.kept) == [(event["source"], event["id"])]


def test_binary_attributes_may_be_quoted_strings(door: Door) -> None:
    assert door.offer_binary(example(), **{"ce-id": r'"a\"b c"'}).json()["id"] == 'a"b c'


BAD_BINARY = [
    {"ce-id": "%FF"},
    {"ce-id": "%E6%8A"},
    {"ce-data": "{}"},
    {"ce-datacontenttype": "application/json"},
    {"ce-my-attribute": "x"},
]


@pytest.mark.parametrize("headers", BAD_BINARY, ids=str)
def test_a_binary_header_that_is_no_attribute_is_malformed(door: Door, headers: dict[str, str]) -> None:
    assert_problem(door.offer_binary(example(), **headers), 400, "MESSAGE_MALFORMED")


def test_a_binary_attribute_given_twice_is_malformed(door: Door) -> None:
    event = example()
    headers = [
        ("content-type", "application/json"),
        *((f"ce-{name}", event[name]) for name in ("source", "id", "type")),
    ]
    answer = door.post("/events", content=json.dumps(event["data"]), headers=[*headers, ("ce-id", "another")])
    assert_problem(answer, 400, "MESSAGE_MALFORMED")


def test_line_breaks_in_a_decoded_attribute_are_refused(door: Door) -> None:
    said = assert_problem(door.offer_binary(example(), **{"ce-id": "a%0D%0AX-Internal:%201"}), 422, "EVENT_INVALID")
    assert said["pointer"] == "/id"


def test_a_batch_has_one_receipt_an_event_in_order_whatever_becomes_of_each(door: Door) -> None:
    good, other = example(), example("payment.made.en")
    conflict = {**good, "data": {**good["data"], "amount": "1.00"}}
    invalid = {**other, "id": "x", "data": {**other["data"], "amount": "12,5"}}
    answer = door.offer_batch([good, invalid, "no object", conflict, other, good])
    assert answer.status_code == 202
    receipts = answer.json()["receipts"]
    assert [receipt["outcome"] for receipt in receipts] == [
        "accepted", "invalid", "invalid", "conflict", "accepted", "duplicate",
    ]  # fmt: skip
    assert (receipts[1]["code"], receipts[1]["pointer"]) == ("AMOUNT_INVALID", "/data/amount")
    assert receipts[2]["code"] == "MESSAGE_MALFORMED"
    assert receipts[4]["id"] == other["id"]


def test_an_empty_batch_has_no_receipts(door: Door) -> None:
    assert door.offer_batch([]).json() == {"receipts": []}


@pytest.mark.parametrize(
    ("headers", "body"),
    [(STRUCTURED, "[]"), (STRUCTURED, '"text"'), (STRUCTURED, "null"), (BATCHED, "{}"), (BATCHED, "1")],
)
def test_a_body_of_another_shape_is_malformed(door: Door, headers: dict[str, str], body: str) -> None:
    assert_problem(door.post("/events", content=body, headers=headers), 400, "MESSAGE_MALFORMED")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/cloudevents+xml"},
        {"content-type": "application/cloudevents-batch+xml"},
        {"content-type": "application/json"},
        {"content-type": "text/plain", "ce-id": "1", "ce-specversion": "1.0"},
        {"content-type": "application/cloudevents+json; charset=gb18030"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/cloudevents+json", "content-encoding": "gzip"},
        {},
    ],
    ids=str,
)
def test_another_media_type_is_not_taken(door: Door, headers: dict[str, str]) -> None:
    answer = door.post("/events", content=json.dumps(example()).encode(), headers=headers)
    assert_problem(answer, 415, "MEDIA_TYPE_UNSUPPORTED")
    assert not door.inbox.kept
