"""One run a log, shared by all tests of that log: the invented one always, the public ones where they are."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command import PROJECT, Finished, ledgerbus
from tests.acceptance.invented import Log, write_log

REAL = {"Domestic": "bpic2020-domestic", "International": "bpic2020-international"}


@dataclass(frozen=True, slots=True)
class Fed:
    """A log, the home it was fed into, and what the command that fed it left."""

    log: Log
    home: Path
    run: Finished

    def again(self) -> Finished:
        """Feed the same files into the same home once more."""
        return feed(self.log, self.home)


def feed(log: Log, home: Path) -> Finished:
    """`ledgerbus demo` over a log."""
    return ledgerbus("demo", "--json", "--mapping", log.mapping, *log.files, "--home", home)


def real_data() -> Path:
    """The folder of the public logs; skips where none is named."""
    named = os.environ.get("LEDGERBUS_REAL_DATA")
    if not named:
        pytest.skip("LEDGERBUS_REAL_DATA is not set")
    return Path(named)


def real_log(name: str) -> Log:
    """A public claim log; what it must end with is in its oracle's words."""
    data = real_data()
    files = tuple(data / "bpic2020" / f"{name}Declarations.{table}.csv.gz" for table in ("events", "cases"))
    oracle: dict[str, Any] = json.loads((data / "oracle.json").read_text(encoding="utf-8"))
    return Log(name, PROJECT / "rules" / "imports" / f"{REAL[name]}.yaml", files, oracle[f"{name}Declarations"], 0)


@pytest.fixture(scope="session")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Fed]:
    """A log by name, fed once in this session."""
    done: dict[str, Fed] = {}

    def fed_log(name: str) -> Fed:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            log = real_log(name) if name in REAL else write_log(folder / "log", documents=700, seed=20)
            done[name] = Fed(log, folder / "home", feed(log, folder / "home"))
        found = done[name]
        assert found.run.code == 0, found.run.err
        return found

    return fed_log
