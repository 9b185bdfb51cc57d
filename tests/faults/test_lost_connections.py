"""Connections that go silent, half-open or away: the door goes on or says so, and everything accepted is booked."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import make_url

from bus.bootstrap import Runtime
from bus.cli.services import free_port, service_commands
from bus.cli.supervisor import Supervisor
from bus.config import PROJECT, Settings
from tests.brokers import broker_of
from tests.faults.proxy import Proxy
from tests.waiting import eventually

# What a deaf worker or dispatcher may take to notice, on a machine that has more to do than this.
DEAF_SECONDS = 60
AWAY_SECONDS = 20


@dataclass
class Bus:
    """A running bus whose every connection goes through a proxy."""

    to_store: Proxy
    to_broker: Proxy
    url: str
    runtime: Runtime
    sent: int = 0

    def offer(self) -> int:
        """The HTTP status of one more event."""
        self.sent += 1
        line = (PROJECT / "rules" / "samples" / "november-2026.jsonl").read_text(encoding="utf-8").splitlines()
        event = json.loads(next(each for each in line if '"reimbursement.approved"' in each))
        number = f"BX-LOST-{self.sent}"
        event |= {"id": f"{number}/1", "subject": number, "sequence": "1", "correlationid": number}
        event["data"]["doc_no"] = number
        body = json.dumps(event).encode()
        request = urllib.request.Request(
            f"{self.url}/events", body, {"Content-Type": "application/cloudevents+json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def booked(self) -> int:
        """Events that are vouchers."""
        with self.runtime.store.read() as uow:
            return sum(count for _, _, count, _ in uow.totals.entries())

    def at_rest(self) -> bool:
        """Whether every posting is confirmed."""
        with self.runtime.store.read() as uow:
            return not uow.totals.unfinished()


@pytest.fixture(params=["rabbitmq", "redis"])
def bus(request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path) -> Iterator[Bus]:
    """Gateway, dispatcher and worker; the test looks at the store past the proxies."""
    with broker_of(request.param, tmp_path) as broker:
        direct = Runtime(Settings(home=tmp_path / "home", store_url=postgres_url, broker_url=broker))
        direct.upgrade_store()
        direct.set_up_broker()
        url, there = make_url(postgres_url), urlsplit(broker)
        folder = url.query.get("host")
        target = f"{folder}/.s.PGSQL.{url.port or 5432}" if folder else (url.host or "127.0.0.1", url.port or 5432)
        with Proxy(target) as to_store, Proxy((there.hostname or "", there.port or 0)) as to_broker:
            seen = url.difference_update_query(["host"]).set(host="127.0.0.1", port=to_store.port)
            login = there.netloc.rpartition("@")[0]
            settings = Settings(
                home=tmp_path / "home",
                store_url=seen.render_as_string(hide_password=False),
                broker_url=there._replace(netloc=f"{login}@127.0.0.1:{to_broker.port}").geturl(),
                gateway_port=free_port("127.0.0.1", 0),
                worker_concurrency=1,
            )
            services = [one for one in service_commands(settings, direct.queues) if one.name != "flower"]
            with Supervisor(settings.home, services):
                running = Bus(to_store, to_broker, f"http://127.0.0.1:{settings.gateway_port}", direct)
                assert running.offer() == 202
                eventually(lambda: running.booked() == 1, 90)
                yield running
        direct.close()


def test_a_half_open_broker_connection_is_noticed_and_what_was_accepted_is_booked(bus: Bus) -> None:
    bus.to_broker.forget()
    began = time.monotonic()
    assert bus.offer() == 202
    eventually(lambda: bus.booked() == bus.sent, DEAF_SECONDS)
    print(f"deaf for {time.monotonic() - began:.1f} s after the connections went dead")


def test_a_broker_that_is_silent_for_a_while_is_heard_again_and_the_door_never_closes(bus: Bus) -> None:
    bus.to_broker.stall()
    assert [bus.offer() for _ in range(5)] == [202] * 5
    threading.Event().wait(AWAY_SECONDS)  # the fault itself
    bus.to_broker.flow()
    began = time.monotonic()
    eventually(lambda: bus.booked() == bus.sent, DEAF_SECONDS)
    print(f"deaf for {time.monotonic() - began:.1f} s after the silence")


def test_while_the_broker_is_away_the_door_accepts_and_the_backlog_drains(bus: Bus) -> None:
    bus.to_broker.away()
    ended = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < ended:
        assert bus.offer() == 202
    bus.to_broker.back()
    began = time.monotonic()
    eventually(lambda: bus.booked() == bus.sent and bus.at_rest(), DEAF_SECONDS)
    print(f"{bus.sent} events accepted, all booked {time.monotonic() - began:.1f} s after the broker came back")


def test_a_lost_database_is_said_at_the_door_and_the_door_recovers(bus: Bus) -> None:
    bus.to_store.reset()
    eventually(lambda: bus.offer() == 202, DEAF_SECONDS)
    bus.to_store.away()
    assert bus.offer() == 503
    bus.to_store.back()
    eventually(lambda: bus.offer() == 202, DEAF_SECONDS)
    accepted = bus.runtime.store
    with accepted.read() as uow:
        documents = uow.totals.documents()
    eventually(lambda: bus.booked() == documents and bus.at_rest(), 2 * DEAF_SECONDS)
