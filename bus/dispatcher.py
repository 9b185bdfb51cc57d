"""The dispatcher: loops over the store that wake workers. It may run many times over; all it knows is in the store."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import structlog

from bus import logs
from bus.bootstrap import Runtime
from bus.config import Settings
from bus.errors import Permanent, Transient

_SHORTEST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.1
_SWEEP_EVERY: Final = 30.0
_DECLARE_EVERY: Final = 60.0
_AFTER_FAILURE: Final = 1.0
_BEAT_EVERY: Final = 5.0
# A turn that waits for a store or broker that went silent takes up to half of this before it fails.
_STUCK_AFTER: Final = 60.0

log = structlog.get_logger(__name__)


class Watch(Protocol):
    """Notices committed work: `wait` returns then, or after so many seconds."""

    def wait(self, seconds: float) -> None: ...
    def close(self) -> None: ...


class Loop:
    """Calls `turn` again and again: at once while it finds work, else with growing pauses up to `longest` seconds."""

    def __init__(
        self, name: str, turn: Callable[[], int], shortest: float, longest: float, watch: Watch | None = None
    ) -> None:
        """`watch` ends a pause early, when work was committed."""
        self.name = name
        self._watch = watch
        self._turn = turn
        self._shortest = shortest
        self._longest = longest
        self._done_at = time.monotonic()

    @property
    def is_moving(self) -> bool:
        """Whether a turn came to a good end lately."""
        return time.monotonic() - self._done_at < self._longest + _STUCK_AFTER

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. A failure is logged and tried again; nothing but `stop` ends the loop."""
        pause = self._shortest
        while not stop.is_set():
            try:
                busy = self._turn() > 0
            except Transient as error:
                log.warning("loop_waits", loop=self.name, code=error.code)
                busy, pause = False, _AFTER_FAILURE
            except Exception:
                log.exception("loop_failed", loop=self.name)
                busy, pause = False, _AFTER_FAILURE
            else:
                self._done_at = time.monotonic()
                pause = self._shortest if busy else min(pause * 2, self._longest)
            if not busy and self._watch is not None:
                self._watch.wait(pause)
            elif not busy:
                stop.wait(pause)
        if self._watch is not None:
            self._watch.close()


def loops(runtime: Runtime) -> list[Loop]:
    """The loops of one dispatcher; those of the open channel only where a consumer is registered."""
    channel = [
        Loop("consumers", runtime.declare_consumers, _DECLARE_EVERY, _DECLARE_EVERY),
        Loop("confirmations", runtime.acknowledge, _SHORTEST_PAUSE, _SHORTEST_PAUSE),
    ]
    return [
        *(channel if runtime.consumers.by_name else ()),
        Loop("door", runtime.receive_messages, _SHORTEST_PAUSE, _SHORTEST_PAUSE),
        Loop("route", runtime.route, _SHORTEST_PAUSE, _LONGEST_PAUSE, runtime.store.watch()),
        Loop("relay", runtime.relay, _SHORTEST_PAUSE, _LONGEST_PAUSE, runtime.store.watch()),
        Loop("copy", runtime.copy, _SHORTEST_PAUSE, _LONGEST_PAUSE),
        Loop("sweep", runtime.sweep, _SWEEP_EVERY, _SWEEP_EVERY),
    ]


def run(every: Sequence[Loop], stop: threading.Event, beat: Path | None = None) -> None:
    """Run the loops side by side until `stop` is set; `beat` is touched every 5 s while all of them move."""
    threads = [threading.Thread(target=loop.run, args=(stop,), name=loop.name) for loop in every]
    if beat is not None:
        threads.append(threading.Thread(target=_beat, args=(every, stop, beat), name="beat"))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _beat(every: Sequence[Loop], stop: threading.Event, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        stuck = [loop.name for loop in every if not loop.is_moving]
        if stuck:
            log.warning("loops_stand_still", reason=", ".join(stuck))
        else:
            file.touch()
        if stop.wait(_BEAT_EVERY):
            return


def main() -> None:
    """`python -m bus.dispatcher`: run until SIGTERM or SIGINT."""
    settings = Settings()
    logs.configure(settings.log_level, as_json=settings.log_json)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    runtime = Runtime(settings)
    check_broker(runtime)
    every = loops(runtime)
    settings.announce_ready()
    run(every, stop, settings.beat_file("dispatcher"))
    runtime.close()


def check_broker(runtime: Runtime) -> None:
    """Log what is to be known of the broker; end the process where it is unsafe. One that is away is waited for."""
    try:
        for remark in runtime.check_broker():
            log.warning("broker_remark", reason=remark)
    except Transient as error:
        log.warning("broker_not_checked", code=error.code)
    except Permanent as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
