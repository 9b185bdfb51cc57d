"""Brokers of a test's own that can be killed and started again over the data they had on disk."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Protocol

from bus.broker.connection import ping
from bus.broker.embedded import start_or_adopt
from bus.errors import Transient
from tests.conftest import missing

_RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"
_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
loopback_users.guest = true
log.console = false
"""


class RestartableBroker(Protocol):
    """A broker process. `url` stays the same over its lives."""

    url: str

    def start(self) -> None:
        """Start it and return when it answers."""

    def kill(self) -> None:
        """kill -9."""


class RabbitNode:
    """A RabbitMQ node of its own: name, ports, data directory. Skips (in CI: fails) where there is no RabbitMQ."""

    def __init__(self, folder: Path) -> None:
        self._program = _RABBITMQ if Path(_RABBITMQ).exists() else shutil.which("rabbitmq-server")
        if self._program is None:
            missing("no rabbitmq-server on this machine")
        self._folder = folder
        port, distribution = _free_port(), _free_port()
        folder.mkdir(parents=True)
        (folder / "rabbitmq.conf").write_text(_CONFIGURATION.format(port=port))
        (folder / "enabled_plugins").write_text("[].\n")
        self._environment = {
            **os.environ,
            "HOME": str(folder),  # a cookie of its own
            "RABBITMQ_NODENAME": f"ledgerbus-{secrets.token_hex(4)}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"

    def start(self) -> None:
        with (self._folder / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [str(self._program)], env=self._environment, stdout=out, stderr=out, start_new_session=True
            )
        _await(self.url, 90)

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


class ValkeyNode:
    """A Valkey of its own that writes everything down before it answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = ""

    def start(self) -> None:
        broker = start_or_adopt(self._folder)
        assert self.url in ("", broker.url), "the port was taken meanwhile"
        self.url, self._pid = broker.url, broker.pid

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)


def restartable(kind: str, folder: Path) -> RestartableBroker:
    """A broker by kind, not started yet: "rabbitmq" or "redis"."""
    return RabbitNode(folder / "rabbitmq") if kind == "rabbitmq" else ValkeyNode(folder / "valkey")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str, within: float) -> None:
    deadline = time.monotonic() + within
    while True:
        try:
            ping(url)
        except Transient:
            assert time.monotonic() < deadline, "the broker did not start in time"
            time.sleep(0.2)
        else:
            return
