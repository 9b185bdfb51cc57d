"""Two processes that do the same to one store at the same time."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def side_by_side(action: str, url: str) -> list[str]:
    """What each of two processes of tests/store/child.py printed; both must end well."""
    command = [sys.executable, "-m", "tests.store.child", action, url]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    return said
