"""Waiting for something to come about, with a deadline."""

import threading
import time
from collections.abc import Callable


def eventually(condition: Callable[[], bool], within: float = 30.0) -> None:
    """Return when `condition` holds; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.02)
