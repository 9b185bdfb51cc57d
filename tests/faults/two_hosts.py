"""Two hosts, a worker on each, one store and one broker: the figures are exact, and both did work.

The hosts are network namespaces with names of their own on a bridge; what they reach on it, through a forwarder on the
bridge's address, is the PostgreSQL and the broker of the test. Needs root.

    python -m tests.faults.two_hosts --broker rabbitmq [--mapping MAPPING FILE…]
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url

from bus.bootstrap import Runtime
from bus.config import Settings
from bus.pipeline.rest import Rest
from tests.acceptance.command import PROJECT, ledgerbus
from tests.acceptance.invented import Log, write_log
from tests.faults.proxy import Proxy
from tests.waiting import eventually

HOSTS = ("north", "south")
BATCH = "25"


def may_make_hosts() -> bool:
    """Whether this process can make network namespaces."""
    return os.geteuid() == 0 and shutil.which("ip") is not None and shutil.which("unshare") is not None


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def network() -> Iterator[tuple[str, dict[str, str]]]:
    """A bridge and two namespaces on it: the bridge's address, and the namespace of each host."""
    mark = secrets.token_hex(2)
    net = f"10.{100 + int(mark[:2], 16) % 100}.{int(mark[2:], 16)}"
    bridge, spaces = f"lb{mark}", {host: f"lb{mark}-{host}" for host in HOSTS}
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{net}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for place, (host, space) in enumerate(spaces.items(), 2):
            wire = f"lb{mark}{host[0]}"
            _ip("netns", "add", space)
            _ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", wire, "master", bridge, "up")
            _ip("-n", space, "addr", "add", f"{net}.{place}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
        yield f"{net}.1", spaces
    finally:
        for space in spaces.values():
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", bridge], capture_output=True, check=False)


def forwarded(stack: ExitStack, store: str, broker: str, address: str) -> tuple[str, str]:
    """The URLs of the store and the broker as the hosts reach them: on the bridge, through a forwarder."""
    url = make_url(store)
    folder = url.query.get("host")
    target = f"{folder}/.s.PGSQL.{url.port or 5432}" if folder else (url.host or "127.0.0.1", url.port or 5432)
    to_store = stack.enter_context(Proxy(target, address))
    there = urlsplit(broker)
    assert there.hostname is not None
    assert there.port is not None
    to_broker = stack.enter_context(Proxy((there.hostname, there.port), address))
    seen_store = url.difference_update_query(["host"]).set(host=address, port=to_store.port)
    login = there.netloc.rpartition("@")[0]
    seen_broker = there._replace(
        netloc=f"{login}@{address}:{to_broker.port}" if login else f"{address}:{to_broker.port}"
    )
    return seen_store.render_as_string(hide_password=False), seen_broker.geturl()


def run(log: Log, store: str, broker: str, home: Path, within: int = 600) -> dict[str, Any]:
    """Feed a log, let a worker on each host do the work; the figures, and the batches each host booked."""
    own = {"store_url": store, "broker_url": broker, "batch_size": BATCH}
    assert ledgerbus("broker", "setup", "--home", home, **own).code == 0
    fed = ledgerbus("import", "--json", "--mapping", log.mapping, *log.files, "--home", home, within=within, **own)
    assert fed.code == 0, fed.err
    with ExitStack() as stack:
        address, spaces = stack.enter_context(network())
        seen_store, seen_broker = forwarded(stack, store, broker, address)
        for host, space in spaces.items():
            settings = {**own, "store_url": seen_store, "broker_url": seen_broker, "run_dir": str(home / host)}
            _worker(stack, host, space, home, settings)
        for host in spaces:
            eventually(lambda host=host: "ready." in log_of(home, host), 90)  # type: ignore[misc]
        _start(stack, [sys.executable, "-m", "bus.dispatcher"], home / "dispatcher.log", home, own)
        runtime = Runtime(Settings(home=home, store_url=store, broker_url=broker))
        try:
            Rest(runtime.store)(within, lambda _left: None)
            figures = runtime.summarize({}, 0)
        finally:
            runtime.close()
        return {"figures": figures, "batches": {host: booked(home, host) for host in spaces}}


def log_of(home: Path, host: str) -> str:
    """A worker's log."""
    return (home / f"{host}.log").read_text(encoding="utf-8", errors="replace")


def booked(home: Path, host: str) -> dict[str, int]:
    """Batches a host came through with, by task, from its worker's own log."""
    lines = [line for line in log_of(home, host).splitlines() if "] succeeded in" in line]
    return {task: sum(f"Task ledgerbus.{task}[" in line for line in lines) for task in ("journalize", "deliver")}


def _worker(stack: ExitStack, host: str, space: str, home: Path, settings: dict[str, str]) -> None:
    named = f'hostname {host} && exec "$0" -m workers'
    command = ["ip", "netns", "exec", space, "unshare", "--uts", "sh", "-c", named, sys.executable]
    _start(stack, command, home / f"{host}.log", home, settings)


def _start(stack: ExitStack, command: Sequence[str], log: Path, home: Path, settings: dict[str, str]) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERBUS_")}
    given = {f"LEDGERBUS_{name.upper()}": value for name, value in settings.items()}
    environment = {
        **clean,
        **given,
        "LEDGERBUS_HOME": str(home),
        "PYTHONPATH": str(PROJECT),
        "REMAP_SIGTERM": "SIGQUIT",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
    stack.callback(process.wait, 40)
    stack.callback(process.terminate)


def main() -> None:
    """Print the shares of both hosts and whether the figures are those known beforehand; one JSON object at the end."""
    from tests.brokers import broker_of

    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--broker", choices=("rabbitmq", "redis"), default="rabbitmq")
    asked.add_argument("--store", required=True, help="postgresql+psycopg://… of an empty database")
    asked.add_argument("--documents", type=int, default=2000)
    given = asked.parse_args()
    home = Path(mkdtemp(prefix="two-hosts-"))
    log = write_log(home / "log", documents=given.documents, seed=7)
    with broker_of(given.broker, home) as broker:
        done = run(log, given.store, broker, home / "home")
    figures = done["figures"]
    equal = {name: figures[name] for name in log.expected} == log.expected
    sys.stdout.write(json.dumps({"batches": done["batches"], "events": log.events, "figures_equal": equal}) + "\n")
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
