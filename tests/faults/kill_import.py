"""Kill pool children, whole workers and dispatchers while a log is imported, touch nothing, and compare the figures.

    python -m tests.faults.kill_import --seed 1 [--home DIR] [--kills 20] [--mapping M FILE…]

Without files a log of --documents claims is made up. The bus is `ledgerbus up`, the import is `ledgerbus import`, each
a process of its own; LEDGERBUS_… variables reach them. Every kill is printed; the last line is one JSON object. Exit
code 0: all kills fitted in, nothing is wrong at rest, and the figures are those of plain bookkeeping (and those of
oracle.json, where the files stand in a folder beside one that knows them).
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bus.bootstrap import Runtime
from bus.config import Settings
from bus.importing.importer import run_import
from bus.importing.mapping import load_mapping
from bus.pipeline.receive import Receipt, ReceiptOutcome
from bus.pipeline.rest import Rest
from tests.acceptance.command import PROJECT, environment
from tests.acceptance.invented import write_log
from tests.acceptance.plain import Step, figures
from tests.acceptance.stored import oracle_figures
from tests.faults.survivors import wrong_at_rest
from tests.faults.victims import StoreFile, Victims, opened, wait_for

ROLES: Final = ("pool child", "worker", "dispatcher")
FIRST: Final = 0.10
LAST: Final = 0.90
# Kills are aimed a little before the last moment: between two, a role may have to come back first.
AIMED_UNTIL: Final = 0.80
PATIENCE_SECONDS: Final = 120.0
REST_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What an import offers: how many events, and the figures they must end with."""

    events: int
    figures: dict[str, Any]


@dataclass(slots=True)
class Toll:
    """What the kills came to."""

    by_role: Counter[str] = field(default_factory=Counter)
    uncommitted: int = 0
    last_at: float = 0.0
    longest_standstill: float = 0.0
    settled: int = -1
    moved_at: float = 0.0

    def note(self, settled: int) -> None:
        """How many events are settled now."""
        now = time.monotonic()
        if self.settled >= 0:
            self.longest_standstill = max(self.longest_standstill, now - self.moved_at)
        if settled != self.settled:
            self.settled, self.moved_at = settled, now


def rehearse(mapping: Path, files: Sequence[Path], work: Path) -> Rehearsal:
    """Run the import against a door that takes everything, and keep the books of what it offers by hand."""
    offered: list[Step] = []
    documents: set[tuple[str, str]] = set()

    def offer(events: Sequence[dict[str, Any]]) -> list[Receipt]:
        for event in events:
            amount = event["data"].get("total") or event["data"].get("amount") or "0"
            offered.append(Step(event["subject"], event["type"], Decimal(amount)))
            documents.add((event["company"], event["subject"]))
        return [Receipt(event["source"], event["id"], ReceiptOutcome.ACCEPTED) for event in events]

    def register(company: str, keys: Sequence[str]) -> None:
        documents.update((company, key) for key in keys)

    loaded = load_mapping(str(mapping), mapping.read_text(encoding="utf-8"))
    run_import(loaded, files, offer, register, work, lambda progress: None)
    return Rehearsal(len(offered), figures(len(documents), offered))


def moments(seed: int, kills: int) -> list[tuple[float, str]]:
    """(progress, role) of each kill, roles in turn: the same seed gives the same list."""
    chance = random.Random(seed)
    at = sorted(chance.uniform(FIRST, AIMED_UNTIL) for _ in range(kills))
    return [(moment, ROLES[place % len(ROLES)]) for place, moment in enumerate(at)]


@contextmanager
def bus_up(home: Path, settings: dict[str, str]) -> Iterator[None]:
    """`ledgerbus up` while inside; its words are in home/up.log."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.log").open("w") as said:
        bus = subprocess.Popen(command("up", "--home", home), cwd=PROJECT, env=settings, stdout=said, stderr=said)
        try:
            wait_for(lambda: "Ctrl-C" in (home / "up.log").read_text() or bus.poll() is not None, 120, "it is not up")
            assert bus.poll() is None, (home / "up.log").read_text()
            yield
        finally:
            bus.terminate()
            bus.wait(60)


def command(*arguments: str | Path) -> list[str]:
    """A `ledgerbus` command line."""
    return [sys.executable, "-m", "bus.cli.app", *map(str, arguments)]


def kill_along(home: Path, store: StoreFile, events: int, plan: Sequence[tuple[float, str]]) -> Toll:
    """Kill at each moment of the plan. Raises TimeoutError where the bus does not get there by itself."""
    toll, victims = Toll(), Victims(home, store)
    for number, (moment, role) in enumerate(plan, 1):
        _watch(store, round(moment * events), PATIENCE_SECONDS, toll)
        killed = victims.kill(role, PATIENCE_SECONDS)
        progress = store.settled() / events
        assert progress <= LAST, f"{number - 1} kills fitted in; a smaller LEDGERBUS_BATCH_SIZE makes room for more"
        toll.by_role[role] += 1
        toll.uncommitted += killed.documents > 0
        toll.last_at = time.monotonic()
        held = f"  with {killed.documents} documents claimed, uncommitted" if killed.documents else ""
        print(f"kill {number:3}  {role:10}  pid {killed.pid:7}  at {progress:6.1%}{held}", flush=True)
    return toll


def _watch(store: StoreFile, until: int, within: float, toll: Toll) -> None:
    """Return when so many events are settled."""

    def there() -> bool:
        toll.note(store.settled())
        return toll.settled >= until

    wait_for(there, within, f"not even {until} events are settled")


def run(home: Path, mapping: Path, files: Sequence[Path], seed: int, kills: int) -> dict[str, Any]:
    """The whole run; the object of the last line."""
    expected = rehearse(mapping, files, home / "rehearsal")
    print(f"{expected.events} events, {expected.figures['documents']['total']} documents, seed {seed}", flush=True)
    started = time.monotonic()
    own = {name: value for name, value in os.environ.items() if name.startswith("LEDGERBUS_")}
    settings = {**environment(), **own}
    with bus_up(home, settings):
        asked = command("import", "--mapping", mapping, *files, "--home", home)
        importing = subprocess.Popen(asked, cwd=PROJECT, env=settings, stdout=subprocess.DEVNULL)
        with opened(home / "store.db") as store, closing(Runtime(Settings(home=home))) as runtime:
            toll = kill_along(home, store, expected.events, moments(seed, kills))
            assert importing.wait(REST_SECONDS) == 0, "the import failed"
            _watch(store, expected.events, REST_SECONDS, toll)
            Rest(runtime.store)(round(REST_SECONDS), lambda left: None)
            rested = time.monotonic()
            found = runtime.summarize({}, rested - started)
    wrong = differences(found, expected.figures) | of_oracle(found, home, files)
    for name, (is_, should) in wrong.items():
        print(f"{name} is {is_}, should be {should}", flush=True)
    findings = wrong_at_rest(home)
    for finding in findings:
        print(finding, flush=True)
    return {
        "kills": toll.by_role.total(),
        "by_role": dict(toll.by_role),
        "uncommitted": toll.uncommitted,
        "seconds": round(rested - started, 1),
        "seconds_after_last_kill": round(rested - toll.last_at, 1),
        "longest_standstill": round(toll.longest_standstill, 1),
        "findings": len(findings),
        "figures_equal": not wrong,
    }


def differences(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Figures that are not what they should be: name -> (is, should be)."""
    return {name: (found.get(name), should) for name, should in expected.items() if found.get(name) != should}


def of_oracle(found: dict[str, Any], home: Path, files: Sequence[Path]) -> dict[str, tuple[Any, Any]]:
    """The same against the oracle of a public log; nothing where there is none."""
    oracle = files[0].parent.parent / "oracle.json"
    name = files[0].name.split(".", 1)[0]
    known = json.loads(oracle.read_text(encoding="utf-8")) if oracle.exists() else {}
    return differences(oracle_figures(found, home), known[name]) if name in known else {}


def main() -> int:
    """The command line."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults.kill_import")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--home", type=Path)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--documents", type=int, default=4000, help="claims of the log that is made up without FILES")
    asked.add_argument("--mapping", type=Path)
    asked.add_argument("files", type=Path, nargs="*")
    given = asked.parse_args()
    if bool(given.mapping) != bool(given.files):
        asked.error("--mapping and FILES go together")
    home = (given.home or Path(tempfile.mkdtemp(prefix="ledgerbus-kills-"))).resolve()
    mapping, files = given.mapping, given.files
    if mapping is None:
        log = write_log(home / "log", given.documents, given.seed)
        mapping, files = log.mapping, list(log.files)
    done = run(home, mapping.resolve(), [file.resolve() for file in files], given.seed, given.kills)
    print(json.dumps(done), flush=True)
    return 0 if done["figures_equal"] and not done["findings"] and done["kills"] >= given.kills else 1


if __name__ == "__main__":
    sys.exit(main())
