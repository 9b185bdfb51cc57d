"""`ledgerbus` as a person runs it: a process of its own, its exit code, its words, its last line."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The JSON object on the last line of stdout."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found

    @property
    def text(self) -> str:
        """Everything it said."""
        return self.out + self.err


def environment(**settings: str) -> dict[str, str]:
    """The caller's environment without its LEDGERBUS_… variables, with these settings by their names in lower case.

    The usual ports stay free: whoever else talks to them on this machine must not reach a bus under test.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERBUS_")}
    ports = {"gateway_port": _free_port(), "flower_port": _free_port()}
    given = {"language": "en", **ports, **settings}
    fixed = {f"LEDGERBUS_{name.upper()}": value for name, value in given.items()}
    return {**clean, "COLUMNS": "250", "PYTHONUTF8": "1", **fixed}


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def ledgerbus(*arguments: str | Path, within: float = 240, **settings: str) -> Finished:
    """Run `ledgerbus` to its end in `environment(**settings)`, on a terminal wide enough to break no word."""
    done = subprocess.run(
        [sys.executable, "-m", "bus.cli.app", *map(str, arguments)],
        cwd=PROJECT,
        env=environment(**settings),
        capture_output=True,
        encoding="utf-8",
        timeout=within,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
