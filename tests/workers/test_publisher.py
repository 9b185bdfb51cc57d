"""A wake-up reaches its queue with ids only, or the caller is told at once."""

import base64
import json
import socket
import time
from pathlib import Path

import pytest
import redis

from bus.broker.connection import queue_depths
from bus.config import Settings
from bus.errors import Transient
from workers.app import create_app
from workers.publisher import CeleryPublisher


def test_a_wake_up_names_rows_and_shows_documents(valkey: str, tmp_path: Path) -> None:
    publisher = CeleryPublisher(create_app(Settings(home=tmp_path, broker_url=valkey)))
    publisher.wake("deliver.test", "ledgerbus.deliver", [7, 8], ["BX-7", "BX-8"], token="t")
    assert queue_depths(valkey, ["deliver.test"]) == {"deliver.test": 1}
    raw = redis.Redis.from_url(valkey).lpop("deliver.test")
    message = json.loads(raw)
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (args, kwargs) == ([], {"ids": [7, 8], "token": "t"})
    headers = message["headers"]
    assert (headers["task"], headers["argsrepr"], headers["kwargsrepr"]) == (
        "ledgerbus.deliver", "()", "{'BX-7': 1, 'BX-8': 1}",
    )  # fmt: skip
    assert headers["ignore_result"] is True


def test_without_a_broker_the_sender_knows_within_seconds(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"redis://:CANARY@127.0.0.1:{unused.getsockname()[1]}/0"
        publisher = CeleryPublisher(create_app(Settings(home=tmp_path, broker_url=url)))
        started = time.monotonic()
        with pytest.raises(Transient) as refusal:
            publisher.wake("journalize", "ledgerbus.journalize", [1], ["BX-1"])
    assert time.monotonic() - started < 10
    assert refusal.value.code == "BROKER_UNAVAILABLE"
    assert "CANARY" not in str(refusal.value)


def test_without_a_home_that_runs_the_sender_is_told_so(tmp_path: Path) -> None:
    publisher = CeleryPublisher(create_app(Settings(home=tmp_path)))
    with pytest.raises(Transient):
        publisher.wake("journalize", "ledgerbus.journalize", [1], ["BX-1"])
