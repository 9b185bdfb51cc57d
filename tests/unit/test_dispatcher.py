"""The dispatcher's loops: they outlive every failure and stop at once."""

import threading
import time

import pytest

from bus import dispatcher
from bus.dispatcher import Loop, run
from bus.errors import Transient

LONG = 3600.0


class Script:
    """A turn that does what is written, then says that it is through; afterwards there is nothing to do."""

    def __init__(self, *steps: int | Exception) -> None:
        self._steps = list(steps)
        self.turns = 0
        self.through = threading.Event()

    def __call__(self) -> int:
        self.turns += 1
        if not self._steps:
            self.through.set()
            return 0
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def started(loop: Loop, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=loop.run, args=(stop,), daemon=True)
    thread.start()
    return thread


def ended(thread: threading.Thread, stop: threading.Event) -> float:
    before = time.monotonic()
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()
    return time.monotonic() - before


def test_a_loop_that_waits_stops_at_once() -> None:
    script, stop = Script(), threading.Event()
    thread = started(Loop("idle", script, LONG, LONG), stop)
    assert script.through.wait(10)
    assert ended(thread, stop) < 5


def test_a_loop_that_finds_work_does_not_wait() -> None:
    script, stop = Script(1, 1, 1, 1), threading.Event()
    thread = started(Loop("busy", script, LONG, LONG), stop)
    assert script.through.wait(10)
    assert script.turns == 5
    ended(thread, stop)


@pytest.mark.parametrize("failure", [Transient("STORE_UNAVAILABLE", "away"), Transient("BROKER_UNAVAILABLE", "away"),
                                     RuntimeError("a defect")])  # fmt: skip
def test_a_loop_outlives_a_failure(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "_AFTER_FAILURE", 0.01)
    script, stop = Script(failure, 1, failure, failure), threading.Event()
    thread = started(Loop("failing", script, 0.001, 0.001), stop)
    assert script.through.wait(10)
    ended(thread, stop)


def test_a_loop_that_waits_after_a_failure_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "_AFTER_FAILURE", LONG)
    failed = threading.Event()

    def turn() -> int:
        failed.set()
        raise Transient("STORE_UNAVAILABLE", "away")

    stop = threading.Event()
    thread = started(Loop("failing", turn, LONG, LONG), stop)
    assert failed.wait(10)
    assert ended(thread, stop) < 5


def test_one_failing_loop_holds_up_no_other() -> None:
    good, stop = Script(1, 1), threading.Event()
    bad = Script(*(RuntimeError("always"),) * 50)
    whole = threading.Thread(target=run, args=([Loop("bad", bad, LONG, LONG), Loop("good", good, LONG, LONG)], stop))
    whole.start()
    assert good.through.wait(10)
    assert ended(whole, stop) < 5
