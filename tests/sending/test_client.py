"""A program elsewhere publishes: over either broker or HTTP, with the bus there or away."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import redis

from bus.broker.amqp_session import AmqpSession
from bus.broker.connection import is_amqp
from bus.channels import OA_EVENTS
from bus.client import BusClient
from bus.errors import Invalid, Transient
from bus.gateway.app import create_app
from bus.sending.courier import Patience
from tests.gateway.door import Inbox, Server
from tests.papers import claim, payment, withdrawal
from tests.sending.conftest import Bus, forget
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "redis://127.0.0.1:1/0"
IMPATIENT = Patience(resend_after=0.2)

PUBLISHER = """
import sys
from bus.client import BusClient
from tests.papers import claim
bus = BusClient(broker_url=sys.argv[1], spool=sys.argv[2], sender="oa.killed")
for n in range(1000):
    bus.publish(claim(f"BX-{n}"))
    print(n, flush=True)
"""


def child(*arguments: str, **more: Any) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, text=True, **more)


def test_events_are_accepted_and_the_spool_is_empty(bus: Bus, broker_url: str, tmp_path: Path) -> None:
    heard: list[str] = []
    with BusClient(
        broker_url=broker_url, spool=tmp_path / "spool", sender="oa.crm",
        on_receipt=lambda event, receipt: heard.append(f"{event['id']} {receipt['outcome']}"),
    ) as client:  # fmt: skip
        client.publish(claim("BX-1"), payment("BX-1"))
        client.publish(claim("BX-2"))
        assert client.flush(30)
        client.publish(claim("BX-1"))
        assert client.flush(30)
        assert client.pending() == 0
    assert sorted(bus.accepted()) == ["BX-1/1", "BX-1/2", "BX-2/1"]
    assert sorted(heard) == ["BX-1/1 accepted", "BX-1/1 duplicate", "BX-1/2 accepted", "BX-2/1 accepted"]


def test_refused_events_are_told_and_kept_until_they_are_published_again(
    bus: Bus, broker_url: str, tmp_path: Path
) -> None:
    told: list[str] = []
    wrong = {**claim("BX-1"), "company": "ZZ"}
    with BusClient(
        broker_url=broker_url, spool=tmp_path / "spool", sender="oa.crm",
        on_refused=lambda _event, receipt: told.append(receipt["code"]),
    ) as client:  # fmt: skip
        client.publish(wrong, claim("BX-2"))
        assert client.flush(30)
        assert [(event["id"], receipt["pointer"]) for event, receipt in client.refused()] == [("BX-1/1", "/company")]
        client.publish(claim("BX-1"))
        assert client.flush(30)
        assert client.refused() == []
    assert told == ["COMPANY_UNKNOWN"]
    assert sorted(bus.accepted()) == ["BX-1/1", "BX-2/1"]


def test_the_bus_is_away_and_everything_goes_out_when_it_is_back(bus: Bus, broker_url: str, tmp_path: Path) -> None:
    bus.stop()
    with BusClient(broker_url=broker_url, spool=tmp_path / "spool", sender="oa.crm", patience=IMPATIENT) as client:
        client.publish(*(claim(f"BX-{n}") for n in range(50)))
        assert not client.flush(1.0)
        bus.start()
        assert client.flush(30)
    assert sorted(bus.accepted()) == sorted(f"BX-{n}/1" for n in range(50))


def test_the_broker_forgets_everything_and_the_spool_sends_it_again(bus: Bus, broker_url: str, tmp_path: Path) -> None:
    bus.stop()
    with BusClient(broker_url=broker_url, spool=tmp_path / "spool", sender="oa.crm", patience=IMPATIENT) as client:
        client.publish(*(claim(f"BX-{n}") for n in range(20)))
        eventually(lambda: waiting(broker_url) >= 20)
        forget(broker_url)
        bus.start()
        assert client.flush(60)
    assert len(bus.accepted()) == 20


def waiting(url: str) -> int:
    """Messages on oa.events."""
    if not is_amqp(url):
        with redis.Redis.from_url(url) as server:
            return int(server.xlen(OA_EVENTS))
    session = AmqpSession(url)
    found = session.channel.queue_declare(OA_EVENTS, passive=True).message_count
    session.close()
    return int(found)


def test_events_of_a_document_arrive_in_the_order_they_were_published(
    bus: Bus, broker_url: str, tmp_path: Path
) -> None:
    events = [(claim if n % 2 else withdrawal)("BX-1", None, name=f"e{n}") for n in range(12)]
    with BusClient(broker_url=broker_url, spool=tmp_path / "spool", sender="oa.crm", patience=IMPATIENT) as client:
        client.publish(*events)
        assert client.flush(60)
    assert bus.accepted() == [event["id"] for event in events]


def test_publisher_is_killed_and_what_publish_returned_for_is_accepted(
    bus: Bus, broker_url: str, tmp_path: Path
) -> None:
    spool = str(tmp_path / "spool")
    publisher = child("-c", PUBLISHER, NOWHERE, spool, stdout=subprocess.PIPE)
    assert publisher.stdout is not None
    published = 0
    for line in publisher.stdout:
        published = int(line) + 1
        if published == 40:
            publisher.send_signal(signal.SIGKILL)
            break
    published += len(publisher.stdout.read().splitlines())
    publisher.wait()
    with BusClient(broker_url=broker_url, spool=spool, sender="oa.killed") as client:
        assert client.flush(60)
    assert set(bus.accepted()) >= {f"BX-{n}/1" for n in range(published)}


def test_two_programs_of_one_name_do_not_take_each_others_receipts(bus: Bus, broker_url: str, tmp_path: Path) -> None:
    never = Patience(resend_after=1e6)
    clients = [
        BusClient(broker_url=broker_url, spool=tmp_path / name, sender="oa.crm", patience=never) for name in "ab"
    ]
    for n in range(30):
        clients[n % 2].publish(claim(f"BX-{n}"))
    assert [client.flush(30) for client in clients] == [True, True]
    for client in clients:
        client.close()
    assert len(bus.accepted()) == 30


def test_what_cannot_be_an_event_is_refused_at_once(tmp_path: Path) -> None:
    with BusClient(broker_url=NOWHERE, spool=tmp_path, sender="oa.crm") as client:
        nameless = claim("BX-1")
        del nameless["id"]
        large = {**claim("BX-1"), "data": {"note": "x" * 1024 * 1024}}
        for event, code in [
            (nameless, "EVENT_INVALID"), ({**claim("BX-1"), "data": {"amount": 0.1}}, "MESSAGE_MALFORMED"),
            ({**claim("BX-1"), "data": object()}, "MESSAGE_MALFORMED"), (large, "TOO_LARGE"),
        ]:  # fmt: skip
            with pytest.raises(Invalid) as refusal:
                client.publish(event)
            assert refusal.value.code == code
        assert client.pending() == 0
        client.close(0)


@pytest.mark.parametrize("wrong", [{"sender": "no spaces"}, {"broker_url": None}, {"gateway_url": "http://h"}])
def test_a_client_that_is_put_together_wrongly_says_so(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give|name"):
        BusClient(**{"broker_url": NOWHERE, "sender": "oa.crm", "spool": tmp_path, **wrong})


def test_over_http_a_door_that_is_away_or_busy_is_waited_for(tmp_path: Path) -> None:
    inbox = Inbox()
    inbox.fault = Transient("DOOR_BUSY", "not now")
    server = Server(create_app(inbox.receive, lambda: {"ready": True}))
    refused: list[str] = []
    with BusClient(
        gateway_url=f"http://127.0.0.1:{server.port}", spool=tmp_path, sender="oa.crm",
        on_refused=lambda event, _receipt: refused.append(event["id"]),
    ) as client:  # fmt: skip
        client.publish(*(claim(f"BX-{n}") for n in range(300)), {**claim("bad"), "type": "no.such"})
        eventually(lambda: len(inbox.calls) > 1)
        assert client.pending() == 301
        inbox.fault = None
        assert client.flush(30)
    server.stop()
    assert len(inbox.kept) == 300
    assert refused == ["bad/1"]


def test_a_callback_that_fails_stops_nothing(bus: Bus, broker_url: str, tmp_path: Path) -> None:
    failing = threading.Event()

    def fail(*_: object) -> None:
        failing.set()
        raise RuntimeError("the program's own")

    with BusClient(broker_url=broker_url, spool=tmp_path / "spool", sender="oa.crm", on_receipt=fail) as client:
        client.publish(claim("BX-1"), claim("BX-2"))
        assert client.flush(30)
    assert failing.is_set()


def test_the_client_needs_nothing_of_the_bus_around_it(tmp_path: Path) -> None:
    script = (
        "import sys, bus.client; print([m for m in sys.modules if m.startswith(('sqlalchemy', 'celery', 'pydantic'))])"
    )
    done = child("-c", script, stdout=subprocess.PIPE)
    assert done.communicate(timeout=60)[0].strip() == "[]"


def test_the_example_publishes_its_event(bus: Bus, broker_url: str, tmp_path: Path) -> None:
    done = child("examples/publish_event.py", broker_url, str(tmp_path / "spool"), stdout=subprocess.PIPE)
    said, _ = done.communicate(timeout=60)
    assert (done.returncode, "'outcome': 'accepted'" in said) == (0, True)
    example = json.loads((ROOT / "schemas/examples/reimbursement.approved.zh.json").read_text("utf-8"))
    assert bus.accepted() == [example["id"]]
    assert len((ROOT / "examples/publish_event.py").read_text("utf-8").splitlines()) <= 16
