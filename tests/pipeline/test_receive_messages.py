"""One message that breaks its batch is refused alone; the others are accepted, and the channel goes on."""

import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis

from bus.broker.door_redis import RedisDoor
from bus.errors import Permanent
from bus.pipeline.receive import Receipt
from bus.pipeline.receive_messages import ReceiveMessages
from bus.pipeline.unpack import STRUCTURED
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk
from tests.papers import claim


@pytest.fixture
def door(valkey: str) -> Iterator[RedisDoor]:
    opened = RedisDoor(valkey, f"door.{secrets.token_hex(4)}", f"receipts.{secrets.token_hex(4)}", "one")
    assert opened.take(1, 0.01) == []
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("failure", "code", "answered"),
    [(Permanent("STORE_REFUSED", "why"), "STORE_REFUSED", True), (RuntimeError("a defect"), "DEFECT", False)],
)
def test_an_event_that_breaks_the_commit_of_its_batch_is_refused_alone(
    store: SqlStore, valkey: str, door: RedisDoor, failure: Exception, code: str, answered: bool
) -> None:
    desk = Desk(store)

    def accept(events: Sequence[dict[str, Any]]) -> list[Receipt]:
        if any(event["id"] == "BX-3/1" for event in events):
            raise failure
        return desk.receive(*events)

    with redis.Redis.from_url(valkey) as client:
        for n in range(6):
            said = {"content_type": STRUCTURED, "reply_to": "me", "message_id": f"m{n}"}
            client.xadd(door.channel, {"body": json.dumps(claim(f"BX-{n}")), **said})
        assert ReceiveMessages(door, accept, store, 100)() == 6
        receipts: Any = client.xrange(f"{door._receipts}.me")
        assert client.xlen(door.channel) == 0
    outcomes = {r["id"]: r["outcome"] for _, fields in receipts for r in [json.loads(fields[b"body"])]}
    expected = {f"BX-{n}/1": "accepted" for n in range(6) if n != 3} | ({"BX-3/1": "invalid"} if answered else {})
    assert outcomes == expected
    assert sorted(desk.states()) == [f"BX-{n}/1" for n in range(6) if n != 3]
    assert desk.rows("SELECT message_id, code FROM quarantine") == [("m3", code)]
