"""The dispatcher: loops over the store that wake workers. It may run many times over; all it knows is in the store."""

import signal
import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bus import logs
from bus.bootstrap import Runtime
from bus.config import Settings
from bus.errors import Transient

_SHORTEST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.1
_SWEEP_EVERY: Final = 30.0
_AFTER_FAILURE: Final = 1.0

log = structlog.get_logger(__name__)


class Loop:
    """Calls `turn` again and again: at once while it finds work, else with growing pauses up to `longest` seconds."""

    def __init__(self, name: str, turn: Callable[[], int], shortest: float, longest: float) -> None:
        self.name = name
        self._turn = turn
        self._shortest = shortest
        self._longest = longest

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
                pause = self._shortest if busy else min(pause * 2, self._longest)
            if not busy:
                stop.wait(pause)


def loops(runtime: Runtime) -> list[Loop]:
    """The loops of one dispatcher."""
    return [
        Loop("route", runtime.route, _SHORTEST_PAUSE, _LONGEST_PAUSE),
        Loop("relay", runtime.relay, _SHORTEST_PAUSE, _LONGEST_PAUSE),
        Loop("copy", runtime.copy, _SHORTEST_PAUSE, _LONGEST_PAUSE),
        Loop("sweep", runtime.sweep, _SWEEP_EVERY, _SWEEP_EVERY),
    ]


def run(every: Sequence[Loop], stop: threading.Event) -> None:
    """Run the loops side by side until `stop` is set."""
    threads = [threading.Thread(target=loop.run, args=(stop,), name=loop.name) for loop in every]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """`python -m bus.dispatcher`: run until SIGTERM or SIGINT."""
    settings = Settings()
    logs.configure(settings.log_level, as_json=settings.log_json)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    runtime = Runtime(settings)
    every = loops(runtime)
    settings.announce_ready()
    run(every, stop)
    runtime.close()


if __name__ == "__main__":
    main()
