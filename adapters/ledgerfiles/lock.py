"""One writer at a time in a directory, across processes and threads."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bus.errors import Transient

LOCK_NAME: Final = ".lock"
_PAUSE_SECONDS = 0.01


@contextmanager
def directory_lock(directory: Path, timeout_seconds: float) -> Iterator[None]:
    """Hold the directory's exclusive lock; raises Transient LEDGER_LOCKED after the time-out.

    The operating system lets go of it when the holder dies.
    """
    descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        _take(descriptor, directory, time.monotonic() + timeout_seconds)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, directory: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Transient("LEDGER_LOCKED", "another process is writing", str(directory)) from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return
