"""Taking in confirmations costs the same number of statements whatever the batch, and nothing for a foreign one."""

import json
from typing import Any

import pytest
from sqlalchemy import event

from bus.accounting.company import Target
from bus.broker.doors import open_door
from bus.pipeline.acknowledge import CONFIRMATION_TYPE, Acknowledge
from bus.pipeline.confirm import Confirm
from bus.pipeline.consumers import Consumers
from bus.pipeline.deliver import Deliver
from bus.pipeline.open_channel import Incoming
from bus.schemas import EventSchemas
from bus.store.unit_of_work import SqlStore
from tests.desk import Desk, rules
from tests.papers import claim
from tests.pipeline.test_channel_delivery import Channel


def acknowledge(store: SqlStore, desk: Desk) -> Acknowledge:
    file = rules().settings.schemas_dir / "ledger" / "confirmation.v1.json"
    # The euro company's target of files, taken over by a program.
    company = desk.books.companies["EU01"]
    [target] = company.targets
    consumer = Target(target.name, "channel", target.books)
    companies = {"EU01": type(company)(**{**_fields(company), "targets": (consumer,)})}
    consumers = Consumers(companies, lambda each: each.settings, "keys", lambda _: None)
    door = open_door("redis://127.0.0.1:1/0", "ledger.confirmations", "none", "test", 500)
    return Acknowledge(door, store, EventSchemas({CONFIRMATION_TYPE: json.loads(file.read_bytes())}), consumers, 500)


def _fields(company: Any) -> dict[str, Any]:
    return {name: getattr(company, name) for name in company.__dataclass_fields__}


def said(posting_id: str, outcome: str) -> Incoming:
    data = {"posting_id": posting_id, "outcome": outcome}
    body = {"specversion": "1.0", "id": "1", "source": "urn:test", "type": CONFIRMATION_TYPE, "data": data}
    raw = json.dumps(body).encode()
    return Incoming(1, raw, "application/cloudevents+json", "", {}, posting_id, "", "beancount")


def sent(store: SqlStore, count: int) -> tuple[Desk, list[str]]:
    channel = Channel()
    desk = Desk(store)
    desk.deliver = Deliver(store, desk.books, lambda *_: channel, Confirm(store), 60)
    desk.run(*(claim(f"BX-{n}") for n in range(count)))
    return desk, channel.sent


@pytest.mark.parametrize("outcome", ["posted", "rejected"])
def test_statements_do_not_grow_with_the_batch(store: SqlStore, outcome: str) -> None:
    desk, postings = sent(store, 111)
    use_case = acknowledge(store, desk)
    counted: list[int] = []
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda _c, _k, statement, *_: statements.append(statement))
    for size in (1, 10, 100):
        batch, postings = postings[:size], postings[size:]
        statements.clear()
        assert sum(use_case.settle([said(each, outcome) for each in batch]).values()) == size
        counted.append(len(statements))
    assert counted[0] == counted[1] == counted[2]


def test_one_bad_confirmation_does_not_keep_the_others_from_counting(store: SqlStore) -> None:
    desk, postings = sent(store, 3)
    batch = [said(postings[0], "posted"), said("0" * 32, "posted"), said(postings[1], "nonsense")]
    assert acknowledge(store, desk).settle([*batch, said(postings[2], "posted")]) == {"confirmed": 2, "refused": 2}
    assert sorted(desk.rows("SELECT state FROM posting")) == [("confirmed",), ("confirmed",), ("sent",)]
    assert sorted(desk.rows("SELECT code FROM quarantine")) == [("CONFIRMATION_FOREIGN",), ("CONFIRMATION_MALFORMED",)]
