"""Several processes run as one: started in order, kept running, stopped in reverse, gone with their supervisor."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import structlog

from bus.cli.child import Child, Service

TICK: Final = 0.2
TEND_EVERY: Final = 2.0
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 8.0
# A service that ran this long is healthy again: its next death starts the back-off anew.
HEALTHY_AFTER: Final = 60.0

_log = structlog.get_logger(__name__)


class Supervisor:
    """Runs services over one home. Use as a context manager: entering starts them all, leaving stops them all.

    `facts` (addresses, ports; no secrets) go into home/run/state.json beside the pids. `tend` is called every two
    seconds, for what must run but is not a child: an embedded broker that survives the supervisor.
    """

    def __init__(
        self,
        home: Path,
        services: Sequence[Service],
        facts: Mapping[str, Any] | None = None,
        tend: Callable[[], object] | None = None,
    ) -> None:
        self._run = home / "run"
        self._children = [Child(service, home) for service in services]
        self._facts = dict(facts or {})
        self._tend = tend
        self._asked_to_stop = threading.Event()
        self._stopped = threading.Event()
        self._turn = threading.Lock()
        self._due: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Start everything, in order. Raises Permanent SERVICE_NOT_READY; then nothing is left."""
        self._run.mkdir(parents=True, exist_ok=True)
        try:
            for child in self._children:
                if not self._asked_to_stop.is_set():
                    child.start()
                    self._write_state()
                    child.wait_until_ready(self._asked_to_stop)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def request_stop(self) -> None:
        """Make `watch` return; safe in a signal handler and from any thread."""
        self._asked_to_stop.set()

    def wait_for_stop_request(self) -> None:
        """Return once a stop is asked for: for the thread that will stop everything, while another one watches."""
        self._asked_to_stop.wait()

    def watch(self) -> None:
        """Restart what dies until a stop is asked for; returns once everything has been stopped or is about to be.

        In a thread of its own it returns only after the children are gone: on Linux they are bound to the thread that
        started them.
        """
        tended = 0.0
        while not self._asked_to_stop.wait(TICK):
            with self._turn:
                if self._asked_to_stop.is_set():
                    break
                self._restart_dead()
                # Inside the turn: once `stop` has it, nothing that was just stopped is started again.
                if self._tend is not None and time.monotonic() - tended > TEND_EVERY:
                    self._attend(self._tend)
                    tended = time.monotonic()
        if threading.current_thread() is not threading.main_thread():
            self._stopped.wait()

    def stop(self) -> None:
        """Stop every child in reverse order, each by SIGTERM and after its deadline by SIGKILL. Repeatable."""
        self._asked_to_stop.set()
        with self._turn:
            for child in reversed(self._children):
                child.stop()
            (self._run / "state.json").unlink(missing_ok=True)
            self._stopped.set()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """While inside, SIGINT, SIGTERM and SIGHUP ask for a stop. Main thread only."""
        names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {name: signal.signal(name, lambda *_: self.request_stop()) for name in names}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def _restart_dead(self) -> None:
        for child in self._children:
            if child.is_alive():
                continue
            name, now = child.service.name, time.monotonic()
            if name not in self._due:
                child.kill_group()
                if child.age() > HEALTHY_AFTER:
                    child.deaths = 0
                pause = min(FIRST_PAUSE * 2**child.deaths, LONGEST_PAUSE)
                child.deaths += 1
                self._due[name] = now + pause
                _log.warning("service died", service=name, exit_code=child.exit_code(), seconds=pause)
            elif now >= self._due[name]:
                del self._due[name]
                child.start()
                _log.info("service restarted", service=name, pid=child.pid)
                self._write_state()

    def _attend(self, tend: Callable[[], object]) -> None:
        try:
            tend()
        except Exception:  # noqa: BLE001
            # Whatever it is, the other services go on, and it is tried again in two seconds.
            _log.exception("what runs beside the services could not be kept running")

    def _write_state(self) -> None:
        services = {child.service.name: child.state() for child in self._children if child.pid is not None}
        draft = self._run / "state.json.draft"
        draft.write_text(json.dumps({**self._facts, "pid": os.getpid(), "services": services}, indent=2) + "\n")
        draft.replace(self._run / "state.json")
