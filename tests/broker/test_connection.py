"""A broker that answers is known to answer; one that does not is Transient, soon, and without its password."""

import socket
import time

import pytest
from kombu import Connection

from bus.broker.connection import ping, queue_depths, transport_options
from bus.errors import Transient


def test_depths_count_what_waits_and_an_unknown_queue_is_empty(valkey: str) -> None:
    with Connection(valkey) as connection:
        waiting = connection.SimpleQueue("depth-of-three")
        for n in range(3):
            waiting.put({"n": n})
        waiting.close()
    assert queue_depths(valkey, ["depth-of-three", "never-declared"]) == {"depth-of-three": 3, "never-declared": 0}


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_transient_within_seconds(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"{scheme}://operator:CANARY@127.0.0.1:{unused.getsockname()[1]}/"
        started = time.monotonic()
        with pytest.raises(Transient) as refusal:
            ping(url)
    assert time.monotonic() - started < 10
    assert refusal.value.code == "BROKER_UNAVAILABLE"
    assert "CANARY" not in str(refusal.value)


def test_a_broker_that_accepts_and_then_says_nothing_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(Transient):
        ping(f"redis://127.0.0.1:{deaf.getsockname()[1]}/")


def test_each_transport_gets_the_options_it_understands() -> None:
    assert transport_options("redis://h/0")["health_check_interval"] == 5
    assert transport_options("sentinel://h/0")["socket_timeout"] == 10
    assert transport_options("amqps://h//")["confirm_publish"] is True
    assert "visibility_timeout" not in transport_options("pyamqp://h//")
