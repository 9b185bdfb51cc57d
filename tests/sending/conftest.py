"""A bus that listens on a broker of its own, in a thread of the test."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bus.bootstrap import Runtime
from bus.broker.amqp_session import AmqpSession
from bus.broker.connection import is_amqp
from bus.channels import OA_EVENTS
from bus.config import Settings
from bus.dispatcher import Loop
from tests.brokers import broker_of


@pytest.fixture(params=["rabbitmq", "redis"], scope="session")
def broker_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of each kind, empty at first."""
    with broker_of(request.param, tmp_path_factory.mktemp("broker")) as url:
        yield url


def forget(url: str) -> None:
    """What a FLUSHALL, or a lost disk, does."""
    if is_amqp(url):
        session = AmqpSession(url)
        if session.has_queue(OA_EVENTS):
            session.channel.queue_purge(OA_EVENTS)
        session.close()
    else:
        with redis.Redis.from_url(url) as server:
            server.flushall()


class Bus:
    """The broker door over a store of its own, in the dispatcher's own loop; may be stopped and started."""

    def __init__(self, home: Path, broker_url: str) -> None:
        self._settings = Settings(home=home, broker_url=broker_url)
        self.runtime = Runtime(self._settings)
        self.runtime.upgrade_store()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        self.runtime = Runtime(self._settings)
        loop = Loop("door", self.runtime.receive_messages, 0.01, 0.01)
        self._thread = threading.Thread(target=loop.run, args=(self._stop,))
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        self.runtime.close()

    def accepted(self) -> list[str]:
        """Ids in the order in which they were accepted."""
        with self.runtime.store.engine.connect() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT event_id FROM inbox ORDER BY id")]


@pytest.fixture
def bus(broker_url: str, tmp_path: Path) -> Iterator[Bus]:
    """A bus that runs."""
    forget(broker_url)  # what an earlier test may have sent twice
    running = Bus(tmp_path / "home", broker_url)
    running.start()
    yield running
    running.stop()
