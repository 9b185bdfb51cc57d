"""Brokers of a test's own: a virtual host of the RabbitMQ on this machine, a Valkey that keeps everything."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bus.broker.connection import ping
from bus.broker.embedded import start_or_adopt
from bus.errors import Transient
from tests.conftest import missing

RABBITMQ = os.environ.get("LEDGERBUS_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672")


def rabbitmqctl(*arguments: str) -> str:
    """What rabbitmqctl says."""
    done = _ctl(arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def load(definitions: Path) -> None:
    """The broker's own account reads the file: a copy for it lies where it may."""
    with TemporaryDirectory(prefix="definitions-") as folder:
        Path(folder).chmod(0o755)
        shutil.copy(definitions, Path(folder) / "definitions.json")
        (Path(folder) / "definitions.json").chmod(0o644)
        rabbitmqctl("import_definitions", f"{folder}/definitions.json")


def _ctl(arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    command = ["rabbitmqctl", "--quiet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def _rabbitmq_is_ours() -> None:
    """Skip (in CI: fail) where no RabbitMQ answers, or may not be set up from here."""
    try:
        ping(f"{RABBITMQ}/")
    except Transient:
        missing("no RabbitMQ: none answers at LEDGERBUS_TEST_RABBITMQ, nor at 127.0.0.1:5672 for guest")
    if shutil.which("rabbitmqctl") is None or _ctl(["list_vhosts"]).returncode:
        missing("no rabbitmqctl on PATH that may set up the RabbitMQ")


@contextmanager
def virtual_host() -> Iterator[str]:
    """URL of a new, empty virtual host, deleted afterwards. The name needs no quoting."""
    _rabbitmq_is_ours()
    name = f"ledgerbus-{secrets.token_hex(4)}"
    rabbitmqctl("add_vhost", name)
    try:
        rabbitmqctl("set_permissions", "-p", name, urlsplit(RABBITMQ).username or "guest", ".*", ".*", ".*")
        yield f"{RABBITMQ}/{name}"
    finally:
        rabbitmqctl("delete_vhost", name)


@contextmanager
def own_valkey(folder: Path) -> Iterator[str]:
    """URL of a Valkey with everything on disk before it answers, stopped afterwards."""
    broker = start_or_adopt(folder / "valkey")
    try:
        yield broker.url
    finally:
        broker.stop()


@contextmanager
def broker_of(kind: str, folder: Path) -> Iterator[str]:
    """A broker of its own by kind: "rabbitmq" or "redis"."""
    with virtual_host() if kind == "rabbitmq" else own_valkey(folder) as url:
        yield url
