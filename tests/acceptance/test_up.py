"""`ledgerbus up`: one command that starts everything, and one signal that ends everything."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.command import PROJECT, environment
from tests.waiting import eventually


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_stops_everything_that_up_started(tmp_path: Path, name: signal.Signals) -> None:
    home, said = tmp_path / "home", tmp_path / "said"
    with said.open("w") as out:
        bus = subprocess.Popen(
            [sys.executable, "-m", "bus.cli.app", "up", "--home", str(home)],
            cwd=PROJECT, env=environment(), stdout=out, stderr=out,
        )  # fmt: skip
    try:
        eventually(lambda: "Ctrl-C" in said.read_text() or bus.poll() is not None, 120)
        assert bus.poll() is None, said.read_text()
        state = json.loads((home / "run" / "state.json").read_text())
        services = [service["pid"] for service in state["services"].values()]
        assert len(services) == 4
        bus.send_signal(name)
        assert bus.wait(60) == 0
        eventually(lambda: all(map(gone, services)))
        assert "Stopped." in said.read_text()
        assert "Traceback" not in said.read_text()
    finally:
        bus.kill()
        bus.wait()
