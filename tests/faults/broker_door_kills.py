"""Events over the broker while the receiver is killed and the broker restarted: each is accepted once.

python -m tests.faults.broker_door_kills --broker rabbitmq|redis [--store postgres|sqlite] [--events 20000]
    [--kills 20] [--restarts 3] [--seed 1] [--no-resend] [--ack-first]

`--ack-first` puts a receiver in the dispatcher's place that acknowledges before it commits; with `--no-resend`, which
keeps the publisher from sending anything twice, that loses events. The last line is one JSON object.
"""

import argparse
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from bus.bootstrap import Runtime
from bus.client import BusClient
from bus.config import Settings
from bus.sending.courier import Patience
from tests.papers import claim
from tests.restartable import RestartableBroker, restartable

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("LEDGERBUS_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
NEVER = 1e6
_A_PUBLISH = 20


@dataclass(frozen=True)
class Plan:
    """What is to happen. `quiet_after` is how long nothing may come about before the rest counts as lost."""

    broker: str
    store: str = "postgres"
    events: int = 20_000
    kills: int = 20
    restarts: int = 3
    seed: int = 1
    ack_first: bool = False
    no_resend: bool = False
    quiet_after: float = 60.0

    def moments(self) -> list[tuple[int, str]]:
        """Seeded: (so many events accepted, what happens then), in order, spread over 2 % to 95 % of the events."""
        chance = random.Random(self.seed)
        kinds = ["kill"] * self.kills + ["restart"] * self.restarts
        chance.shuffle(kinds)
        share = 0.93 * self.events / len(kinds)
        return [(int(0.02 * self.events + (n + chance.random()) * share), kind) for n, kind in enumerate(kinds)]

    @property
    def batch_size(self) -> int:
        """Small batches: more commits to be killed in. Large ones where the time before a commit is what counts."""
        return 500 if self.ack_first else max(10, self.events // 200)


@dataclass
class Receiver:
    """The dispatcher as a process."""

    settings: Settings
    module: str
    log: Path
    process: Any = field(default=None, init=False)

    def start(self) -> None:
        environment = {**os.environ, **self.settings.as_environment(), "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module], env=environment, cwd=ROOT, stdout=out, stderr=out
            )

    def kill(self) -> int:
        pid = int(self.process.pid)
        self.process.kill()
        self.process.wait()
        return pid


@contextmanager
def store_of(kind: str, home: Path) -> Iterator[str]:
    """URL of a new store; a database on PostgreSQL is dropped afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{home}/store.db"
        return
    name = f"ledgerbus_door_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class Run:
    """One run over a plan."""

    def __init__(self, plan: Plan, home: Path, broker: RestartableBroker, store_url: str) -> None:
        self.plan = plan
        self.home = home
        self.broker = broker
        settings = Settings(
            home=home, store_url=store_url, broker_url=broker.url, log_level="WARNING", batch_size=plan.batch_size
        )
        self.runtime = Runtime(settings)
        module = "tests.faults.careless_receiver" if plan.ack_first else "bus.dispatcher"
        self.receiver = Receiver(settings, module, home / "receiver.log")
        self.outcomes: Counter[str] = Counter()
        self.chance = random.Random(plan.seed)

    def __call__(self) -> dict[str, Any]:
        """Publish, break things, wait, count."""
        self.runtime.upgrade_store()
        self.receiver.start()
        began = time.monotonic()
        # Everything may be on its way at once, so that the receiver always has work when it is killed.
        patience = Patience(window=self.plan.events, resend_after=NEVER if self.plan.no_resend else 10.0)
        client = BusClient(
            broker_url=self.broker.url, spool=self.home / "spool", sender="oa.kills", patience=patience,
            on_receipt=lambda _event, receipt: self.outcomes.update([receipt["outcome"]]),
        )  # fmt: skip
        publishing = threading.Thread(target=self._publish, args=(client,))
        publishing.start()
        try:
            done = self._break_things(began)
            publishing.join()
            self._settle(client)
            return self._count(client, done, began)
        finally:
            publishing.join()
            client.close(0)
            self.receiver.kill()
            self.runtime.close()

    def _publish(self, client: BusClient) -> None:
        for start in range(0, self.plan.events, _A_PUBLISH):
            numbers = range(start, min(start + _A_PUBLISH, self.plan.events))
            client.publish(*(claim(f"BX-{n // 2}", n % 2 + 1, name=f"BX-{n}") for n in numbers))

    def _break_things(self, began: float) -> Counter[str]:
        done: Counter[str] = Counter()
        accepted = -1
        for at, kind in self.plan.moments():
            # At least one batch after the last fault: what is killed must have been at work.
            if not self._wait_for(max(at, accepted + 1)):
                break  # what was lost keeps this moment from ever coming
            time.sleep(self.chance.random() * 0.1)  # the moment within a batch, not a wait for anything
            accepted = self.accepted()
            if kind == "kill":
                who = f"receiver {self.receiver.kill()}"
                self.receiver.start()
            else:
                self.broker.kill()
                self.broker.start()
                who = f"broker {self.plan.broker}"
            done[kind] += 1
            self._say(
                f"{time.monotonic() - began:7.1f} s  kill -9  {who:<20} {accepted} of {self.plan.events} accepted"
            )
        return done

    def _wait_for(self, accepted: int) -> bool:
        seen, since = -1, time.monotonic()
        while (now := self.accepted()) < accepted:
            if now != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > self.plan.quiet_after:
                return False
            time.sleep(0.02)
        return True

    def _settle(self, client: BusClient) -> None:
        seen = -1
        while (left := client.pending()) and left != seen:
            seen = left
            client.flush(self.plan.quiet_after)

    def accepted(self) -> int:
        with self.runtime.store.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT COUNT(*) FROM inbox").scalar_one())

    def _count(self, client: BusClient, done: Counter[str], began: float) -> dict[str, Any]:
        with self.runtime.store.engine.connect() as connection:
            names = [row[0] for row in connection.exec_driver_sql("SELECT event_id FROM inbox")]
            strange = int(connection.exec_driver_sql("SELECT COUNT(*) FROM quarantine").scalar_one())
        wanted = {f"BX-{n}" for n in range(self.plan.events)}
        facts = {
            "broker": self.plan.broker, "store": self.plan.store, "seed": self.plan.seed, "events": self.plan.events,
            "kills": done["kill"], "restarts": done["restart"], "accepted": len(names),
            "lost": len(wanted - set(names)), "twice": len(names) - len(set(names)), "pending": client.pending(),
            "refused": len(client.refused()), "quarantined": strange, "receipts": dict(self.outcomes),
            "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip
        exact = set(names) == wanted and len(names) == len(wanted)
        return {**facts, "exact": exact and not (facts["pending"] or facts["refused"] or strange)}

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def run(plan: Plan, home: Path) -> dict[str, Any]:
    """Start a broker and a store, run the plan over them, stop them; the figures."""
    broker = restartable(plan.broker, home)
    broker.start()
    try:
        with store_of(plan.store, home) as store_url:
            return Run(plan, home, broker, store_url)()
    finally:
        broker.kill()


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", choices=("rabbitmq", "redis"), required=True)
    parser.add_argument("--store", choices=("postgres", "sqlite"), default="postgres")
    for name, default in (("events", 20_000), ("kills", 20), ("restarts", 3), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--quiet-after", type=float, default=60.0)
    for flag in ("--no-resend", "--ack-first"):
        parser.add_argument(flag, action="store_true")
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as home:
        figures = run(plan, Path(home))
    print(json.dumps(figures))
    sys.exit(0 if figures["exact"] else 1)


if __name__ == "__main__":
    main()
