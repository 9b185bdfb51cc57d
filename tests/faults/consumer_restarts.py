"""External consumers in Python and JavaScript while the broker is killed and started again: each posting once.

python -m tests.faults.consumer_restarts --broker rabbitmq|redis [--store postgres|sqlite] [--postings 10000]
    [--restarts 2] [--seed 1]

The programs are examples/consumer.py and examples/consumer.js (RabbitMQ only), each a registered consumer that has to
confirm all the postings. What they applied is read from their own files. The last line is one JSON object.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bus.bootstrap import Runtime
from bus.cli.services import service_commands
from bus.cli.supervisor import Supervisor
from bus.config import Settings
from tests.conftest import missing
from tests.faults.broker_door_kills import store_of
from tests.papers import claim
from tests.restartable import RestartableBroker, restartable

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
_A_BATCH = 500
_KEY = "k" * 40
_TARGET = (
    "      - {{name: {name}, adapter: channel, books: [GL], settings: "
    '{{account: guest, confirm_within: "30", key_file: "{key}"}}}}\n'
)


@dataclass(frozen=True)
class Plan:
    """What is to happen. `quiet_after` is how long nothing may come about before the rest counts as missed."""

    broker: str
    store: str = "postgres"
    postings: int = 10_000
    restarts: int = 2
    seed: int = 1
    quiet_after: float = 120.0

    @property
    def consumers(self) -> tuple[str, ...]:
        """Names of the registered consumers, which are those of their targets."""
        return ("python", "javascript") if self.broker == "rabbitmq" else ("python",)

    def moments(self) -> list[int]:
        """Seeded: the broker is killed when so many postings are confirmed."""
        chance = random.Random(self.seed)
        share = 0.9 * self.postings * len(self.consumers) / max(self.restarts, 1)
        return [int(0.05 * self.postings + (n + chance.random()) * share) for n in range(self.restarts)]


class Run:
    """One run over a plan."""

    def __init__(self, plan: Plan, home: Path, broker: RestartableBroker, store_url: str) -> None:
        self.plan, self.home, self.broker = plan, home, broker
        self.settings = Settings(
            home=home, store_url=store_url, broker_url=broker.url, log_level="WARNING", rules_dir=_rules(home, plan)
        )
        self.runtime = Runtime(self.settings)

    def __call__(self) -> dict[str, Any]:
        """Book, break things, wait, count."""
        self.runtime.upgrade_store()
        self.runtime.set_up_broker()
        began = time.monotonic()
        with ExitStack() as everything:
            everything.callback(self.runtime.close)
            for name in self.plan.consumers:
                everything.enter_context(self._consumer(name))
            everything.enter_context(self._bus())
            for start in range(0, self.plan.postings, _A_BATCH):
                numbers = range(start, min(start + _A_BATCH, self.plan.postings))
                self.runtime.receive([claim(f"BX-{n}", name=f"BX-{n}") for n in numbers])
            restarts = self._break_things(began)
            self._wait_for(self.plan.postings * len(self.plan.consumers))
            return self._count(restarts, began)

    @contextmanager
    def _bus(self) -> Iterator[None]:
        services = service_commands(self.settings, self.runtime.queues)
        wanted = [service for service in services if service.name in ("dispatcher", "worker")]
        with Supervisor(self.home, wanted) as supervisor:
            threading.Thread(target=supervisor.watch, name="supervisor", daemon=True).start()
            yield

    @contextmanager
    def _consumer(self, name: str) -> Iterator[None]:
        program = {
            "python": [sys.executable, str(EXAMPLES / "consumer.py")],
            "javascript": ["node", str(EXAMPLES / "consumer.js")],
        }[name]
        arguments = [self.broker.url, name, str(self._applied(name))]
        if self.plan.broker == "redis":
            arguments.append(str(self.home / "key"))
        with (self.home / f"{name}.log").open("ab") as out:
            process = subprocess.Popen([*program, *arguments], cwd=EXAMPLES, stdout=out, stderr=out)
        try:
            yield
        finally:
            process.kill()
            process.wait()

    def _applied(self, name: str) -> Path:
        return self.home / f"{name}.applied"

    def _break_things(self, began: float) -> int:
        for done, at in enumerate(self.plan.moments()):
            if not self._wait_for(at):
                return done
            self.broker.kill()
            self.broker.start()
            line = (
                f"{time.monotonic() - began:7.1f} s  kill -9  broker {self.plan.broker}, {self.confirmed()} confirmed"
            )
            print(line, file=sys.stderr, flush=True)
        return self.plan.restarts

    def _wait_for(self, confirmed: int) -> bool:
        seen, since = -1, time.monotonic()
        while (now := self.confirmed()) < confirmed:
            if now != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > self.plan.quiet_after:
                return False
            time.sleep(0.1)
        return True

    def confirmed(self) -> int:
        return int(self._rows("SELECT COUNT(*) FROM posting WHERE state = 'confirmed'")[0][0])

    def _rows(self, query: str) -> list[Any]:
        with self.runtime.store.engine.connect() as connection:
            return list(connection.exec_driver_sql(query))

    def _count(self, restarts: int, began: float) -> dict[str, Any]:
        postings = self._rows("SELECT target, posting_id, state, attempts FROM posting")
        missed = twice = foreign = 0
        for name in self.plan.consumers:
            lines = [line.split()[0] for line in self._applied(name).read_text().splitlines()]
            wanted = {row.posting_id for row in postings if row.target == name}
            missed += len(wanted - set(lines)) + self.plan.postings - len(wanted)
            twice += len(lines) - len(set(lines))
            foreign += len(set(lines) - wanted)
        states = Counter(row.state for row in postings)
        facts = {
            "broker": self.plan.broker, "store": self.plan.store, "consumers": list(self.plan.consumers),
            "postings": len(postings), "restarts": restarts, "states": dict(states), "missed": missed, "twice": twice,
            "foreign": foreign, "sent_again": sum(row.attempts > 1 for row in postings),
            "quarantined": int(self._rows("SELECT COUNT(*) FROM quarantine")[0][0]),
            "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip
        exact = not (missed or twice or foreign or facts["quarantined"]) and states["confirmed"] == len(postings)
        return {**facts, "exact": exact and restarts == self.plan.restarts}


def run(plan: Plan, home: Path) -> dict[str, Any]:
    """Start a broker and a store, run the plan over them, stop them; the figures."""
    if "javascript" in plan.consumers and not (shutil.which("node") and (EXAMPLES / "node_modules").exists()):
        missing("no node, or no examples/node_modules (npm ci in examples)")
    (home / "key").write_text(_KEY)
    broker = restartable(plan.broker, home)
    broker.start()
    try:
        with store_of(plan.store, home) as store_url:
            return Run(plan, home, broker, store_url)()
    finally:
        broker.kill()


def _rules(home: Path, plan: Plan) -> Path:
    """The shipped rules, with the consumers as targets of the euro company."""
    rules = home / "rules"
    shutil.copytree(ROOT / "rules", rules)
    head, company, tail = (rules / "companies.yaml").read_text().partition("  EU01:\n")
    own = "".join(_TARGET.format(name=name, key=home / "key") for name in plan.consumers)
    kept = tail.partition("    targets:\n")[0]
    (rules / "companies.yaml").write_text(f"{head}{company}{kept}    targets:\n{own}")
    return rules


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", choices=("rabbitmq", "redis"), required=True)
    parser.add_argument("--store", choices=("postgres", "sqlite"), default="postgres")
    for name, default in (("postings", 10_000), ("restarts", 2), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory() as home:
        figures = run(plan, Path(home))
    print(json.dumps(figures))
    sys.exit(0 if figures["exact"] else 1)


if __name__ == "__main__":
    main()
