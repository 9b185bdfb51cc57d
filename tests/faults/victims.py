"""Who can be killed and what they held, from the store's file and /proc: nothing here asks the product."""

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

_POLL: Final = 0.003
Found = TypeVar("Found")
SETTLED: Final = "SELECT COUNT(*) FROM inbox WHERE state IN ('booked', 'no_op', 'held', 'no_route', 'discarded')"
LEASES: Final = """
    SELECT lease_owner, lease_token, COUNT(*) FROM document
    WHERE lease_token IS NOT NULL GROUP BY lease_owner, lease_token
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """Documents that a process claimed and has not written back yet."""

    pid: int
    token: str
    documents: int


@dataclass(frozen=True, slots=True)
class Killed:
    """One kill: the process, and how many documents of an uncommitted batch it took with it (0: none was checked)."""

    pid: int
    documents: int = 0


class StoreFile:
    """Reads a running bus's SQLite store, read only, by plain SQL."""

    def __init__(self, file: Path) -> None:
        self._store = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30, isolation_level=None)

    def settled(self) -> int:
        """Events that have an outcome."""
        return int(self._store.execute(SETTLED).fetchone()[0])

    def leases(self) -> list[Lease]:
        """What is claimed, also by processes that are dead."""
        found = self._store.execute(LEASES).fetchall()
        return [Lease(int(owner.rsplit(":", 1)[1]), token, documents) for owner, token, documents in found]

    def held_under(self, token: str) -> int:
        """Documents still claimed under this token: a batch that commits gives all of its documents back."""
        found = self._store.execute("SELECT COUNT(*) FROM document WHERE lease_token = ?", (token,)).fetchone()
        return int(found[0])

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


@contextmanager
def opened(file: Path) -> Iterator[StoreFile]:
    """The store's file while inside."""
    store = StoreFile(file)
    try:
        yield store
    finally:
        store.close()


class Victims:
    """Kills processes of one bus by their pids, as its state file and the kernel name them."""

    def __init__(self, home: Path, store: StoreFile) -> None:
        self._home = home
        self._store = store

    def kill(self, role: str, within: float) -> Killed:
        """Kill a "pool child" that holds a batch, the whole "worker" or the "dispatcher", when there is one to kill."""
        if role == "pool child":
            return self._kill_at_work(within)
        found = wait_for(lambda: self._alive(role), within, f"no {role} runs")
        os.kill(found, signal.SIGKILL)
        gone(found)
        return Killed(found)

    def _kill_at_work(self, within: float) -> Killed:
        lease = wait_for(self._at_work, within, "no pool child holds a batch")
        os.kill(lease.pid, signal.SIGKILL)
        gone(lease.pid)
        return Killed(lease.pid, self._store.held_under(lease.token))

    def _at_work(self) -> Lease | None:
        worker = self._alive("worker")
        return next((lease for lease in self._store.leases() if worker and parent_of(lease.pid) == worker), None)

    def _alive(self, service: str) -> int | None:
        try:
            state = json.loads((self._home / "run" / "state.json").read_text())
            pid = int(state["services"][service]["pid"])
        except (FileNotFoundError, KeyError):
            return None
        return pid if parent_of(pid) is not None else None


def parent_of(pid: int) -> int | None:
    """The parent of a process that lives; None for one that is gone or only waits to be buried."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(parent)


def gone(pid: int) -> None:
    """Return when the process no longer runs."""
    wait_for(lambda: parent_of(pid) is None, 10, f"process {pid} outlived SIGKILL")


def wait_for(look: Callable[[], Found | None], within: float, otherwise: str) -> Found:
    """What `look` finds, as soon as it finds something. Raises TimeoutError with `otherwise`."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        pause.wait(_POLL)
    return found
