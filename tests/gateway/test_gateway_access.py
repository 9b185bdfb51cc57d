"""Keys, correlation ids, health, readiness and the trace of a document."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from bus.errors import Transient
from bus.gateway.identity import Identity
from tests.gateway.door import Door, assert_problem, example

OA = Identity("oa", frozenset({"oa.demo"}), frozenset({"payment.made", "document.withdrawn"}), frozenset({"CN01"}))
ALL = Identity("all", frozenset("*"), frozenset("*"), frozenset("*"))
KEYS = {"key-of-oa": OA, "key-of-all": ALL}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@pytest.fixture
def locked(open_door: Callable[..., Door]) -> Door:
    """A door with keys, and one document to look at in company CN01."""

    def trace(company: str, document: str) -> dict[str, Any] | None:
        return {"document": document} if (company, document) == ("CN01", "报销/1") else None

    return open_door(keys=KEYS, trace=trace)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("wrong"),
        bearer("key-of-o"),
        {"authorization": "Basic key-of-oa"},
        {"authorization": "key-of-oa"},
    ],
    ids=str,
)
def test_without_a_valid_key_nothing_is_read(locked: Door, headers: dict[str, str]) -> None:
    answer = locked.offer(example(), **headers)
    assert_problem(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert_problem(locked.get("/documents/CN01/报销/1", headers=headers), 401, "UNAUTHENTICATED")
    assert not locked.inbox.calls


def test_a_key_lets_its_own_events_in(locked: Door) -> None:
    assert locked.offer(example(), **bearer("key-of-oa")).status_code == 202
    assert locked.offer(example("payment.made.en"), **bearer("key-of-all")).status_code == 202


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("source", "oa.other"), ("type", "reimbursement.approved"), ("company", "EU01"), ("company", "*")],
)
def test_a_key_does_not_let_other_events_in(locked: Door, attribute: str, value: str) -> None:
    event = example(**{attribute: value})
    assert assert_problem(locked.offer(event, **bearer("key-of-oa")), 403, "FORBIDDEN")["pointer"] == f"/{attribute}"
    [refused, taken] = locked.offer_batch([event, example()], **bearer("key-of-oa")).json()["receipts"]
    assert (refused["outcome"], refused["code"], refused["pointer"]) == ("invalid", "FORBIDDEN", f"/{attribute}")
    assert taken["outcome"] == "accepted"
    assert len(locked.inbox.kept) == 1


@pytest.mark.parametrize("value", [None, 1, ["CN01"]])
def test_an_event_that_names_no_company_is_invalid_for_a_key(locked: Door, value: object) -> None:
    said = assert_problem(locked.offer(example(company=value), **bearer("key-of-oa")), 422, "EVENT_INVALID")
    assert said["pointer"] == "/company"


def test_a_trace_is_shown_to_who_may_see_the_company(locked: Door) -> None:
    assert locked.get("/documents/CN01/报销/1", headers=bearer("key-of-oa")).json() == {"document": "报销/1"}
    assert_problem(locked.get("/documents/CN01/none", headers=bearer("key-of-oa")), 404, "NOT_FOUND")
    assert_problem(locked.get("/documents/EU01/报销/1", headers=bearer("key-of-oa")), 403, "FORBIDDEN")


def test_what_is_not_served_is_a_problem_too(door: Door) -> None:
    assert_problem(door.get("/nowhere"), 404, "NOT_FOUND")
    assert_problem(door.get("/documents/CN01/BX-1"), 404, "NOT_FOUND")
    assert_problem(door.get("/events"), 405, "METHOD_NOT_ALLOWED")


def test_health_needs_no_key_and_readiness_says_what_is_missing(open_door: Callable[..., Door]) -> None:
    unready = open_door(keys=KEYS, readiness=lambda: {"ready": False, "store": "locked"})
    assert unready.get("/health").json() == {"status": "live"}
    answer = unready.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "store": "locked"})


def test_a_readiness_that_cannot_be_found_out_is_a_503(open_door: Callable[..., Door]) -> None:
    def unreachable() -> dict[str, Any]:
        raise Transient("DOOR_BUSY", "no store")

    assert_problem(open_door(readiness=unreachable).get("/ready"), 503, "DOOR_BUSY")


def test_the_correlation_id_is_the_events_own_first_then_the_requests_then_a_new_one(door: Door) -> None:
    own = example(correlationid="BX-2026-1")
    assert door.offer(own, **{"x-correlation-id": "req-1"}).headers["x-correlation-id"] == "BX-2026-1"
    assert door.offer_binary(own).headers["x-correlation-id"] == "BX-2026-1"
    del own["correlationid"]
    assert door.offer(own, **{"x-correlation-id": "req-1"}).headers["x-correlation-id"] == "req-1"
    assert re.fullmatch("[0-9a-f]{32}", door.offer(own).headers["x-correlation-id"])
    assert door.get("/health", headers={"x-correlation-id": "h-1"}).headers["x-correlation-id"] == "h-1"


@pytest.mark.parametrize("offered", ["a b", "<script>", "x" * 129, "", "a;b"])
def test_an_insane_correlation_id_is_replaced(door: Door, offered: str) -> None:
    answer = door.offer(example(correlationid="报销 1"), **{"x-correlation-id": offered})
    assert answer.status_code == 202
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-correlation-id"])
