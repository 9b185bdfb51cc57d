"""A home directory: private to its owner, and run by one bus at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bus.errors import Permanent


def prepare(home: Path) -> None:
    """Make the directory, readable by its owner only: it holds documents, passwords and logs."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the home while inside. Raises Permanent ALREADY_RUNNING where a living process holds it."""
    prepare(home)
    (home / "run").mkdir(exist_ok=True)
    descriptor = os.open(home / "run" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode() or "unknown"
            raise Permanent(
                "ALREADY_RUNNING", f"process {holder} already runs a bus in {home}", detail={"pid": holder}
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
