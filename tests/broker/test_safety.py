"""A Redis that can lose messages is refused before anything is sent to it, unless the bus is told to take it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from bus.broker.embedded import _binary
from bus.broker.safety import check_broker
from bus.errors import Permanent, Transient
from tests.acceptance.command import ledgerbus
from tests.waiting import eventually


@contextmanager
def server(folder: Path, **settings: str) -> Iterator[str]:
    """A Valkey with these settings; dashes are underscores."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    command = [_binary(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        running.terminate()
        running.wait(20)


def answers(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port).ping())
    except redis.RedisError:
        return False


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"appendonly": "no"}, "appendonly is no"),
        ({"appendonly": "yes", "maxmemory_policy": "allkeys-lru"}, "maxmemory-policy is allkeys-lru"),
        ({"appendonly": "yes", "maxmemory_policy": "volatile-ttl"}, "maxmemory-policy is volatile-ttl"),
    ],
)  # fmt: skip
def test_a_server_that_forgets_or_evicts_is_refused_unless_told(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with server(tmp_path, **settings) as url:
        with pytest.raises(Permanent, match=said) as refusal:
            check_broker(url)
        assert refusal.value.code == "BROKER_UNSAFE"
        assert [remark for remark in check_broker(url, allow_unsafe=True) if said in remark]


def test_a_second_that_a_power_cut_can_take_is_a_remark(tmp_path: Path, valkey: str) -> None:
    with server(tmp_path, appendonly="yes", appendfsync="everysec") as url:
        [remark] = check_broker(url)
        assert "everysec" in remark
    assert check_broker(valkey) == []


def test_a_server_that_is_away_is_transient_not_unsafe() -> None:
    with pytest.raises(Transient):
        check_broker("redis://127.0.0.1:1/0")


def test_every_command_and_service_refuses_it(tmp_path: Path) -> None:
    with server(tmp_path, appendonly="no") as url:
        for words in (("demo", "--json", "--broker", url), ("broker", "setup", "--json", "--broker", url)):
            refused = ledgerbus(*words, "--home", tmp_path / "home")
            assert (refused.code, refused.result["error"]["code"]) == (1, "BROKER_UNSAFE")
        told = ledgerbus("broker", "setup", "--json", "--allow-unsafe-broker", "--broker", url, "--home", tmp_path)
        assert (told.code, told.result["declared"]) == (0, [])
        for module in (("-m", "bus.dispatcher"), ("-m", "celery", "-A", "workers.app", "worker", "-P", "solo")):
            ended = service(*module, broker_url=url, home=str(tmp_path / "home"))
            assert ended.returncode == 1
            assert "BROKER_UNSAFE" in ended.stderr


def service(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """A service that is expected to end by itself, on these settings."""
    given = {f"LEDGERBUS_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
