"""One supervised process: its command, log, readiness, and its end together with everything that it started."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bus.errors import Permanent

_ATTACHED: Final = Path(__file__).with_name("attached.py")
_PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Service:
    """What to run and how to know that it takes work. Times are seconds.

    `ready` is asked until it says yes; without one, a service is ready when it has touched the file that
    LEDGERBUS_READY_FILE names (`announces`), or else as soon as it runs. `environment` is the whole environment.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    ready: Callable[[], bool] | None = None
    announces: bool = False
    ready_within: float = 60.0
    stop_within: float = 20.0
    facts: Mapping[str, Any] = field(default_factory=dict)


class Child:
    """A service's process. Its log is home/logs/<name>.log, its pid file home/run/<name>.pid."""

    def __init__(self, service: Service, home: Path) -> None:
        self.service = service
        self.deaths = 0
        self.log = home / "logs" / f"{service.name}.log"
        self._pid_file = home / "run" / f"{service.name}.pid"
        self._ready_file = home / "run" / f"{service.name}.ready"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """The process id, also of its process group; None before the first start."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process in a session, and so a process group, of its own."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.service.directory.mkdir(parents=True, exist_ok=True)
        self._ready_file.unlink(missing_ok=True)
        environment = {**self.service.environment, "LEDGERBUS_READY_FILE": str(self._ready_file)}
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-I", "-S", str(_ATTACHED), str(os.getpid()), *self.service.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.service.directory,
                env=environment,
                start_new_session=True,
            )
        self._started = time.monotonic()
        self._pid_file.write_text(str(self._process.pid))

    def wait_until_ready(self, give_up: threading.Event) -> None:
        """Return when the service takes work or `give_up` is set. Raises Permanent SERVICE_NOT_READY when late."""
        deadline = time.monotonic() + self.service.ready_within
        while not self._is_ready() and not give_up.wait(_PAUSE):
            if not self.is_alive():
                raise self._not_ready(f"ended with {self.exit_code()}")
            if time.monotonic() > deadline:
                raise self._not_ready(f"is not ready after {self.service.ready_within:.0f} s")

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def age(self) -> float:
        """Seconds since its last start."""
        return time.monotonic() - self._started

    def stop(self) -> None:
        """SIGTERM, its deadline, then SIGKILL to whatever is left of its process group."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(self.service.stop_within)
        self.kill_group()
        self._process.wait()
        self._pid_file.unlink(missing_ok=True)
        self._ready_file.unlink(missing_ok=True)

    def kill_group(self) -> None:
        """Kill whatever is left of its process group: a dead worker's pool children still hold rows."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def state(self) -> dict[str, Any]:
        """What state.json says of it."""
        return {"pid": self.pid, "log": str(self.log), "restarts": self.deaths, **self.service.facts}

    def _is_ready(self) -> bool:
        if self.service.ready is not None:
            return self.service.ready()
        return self._ready_file.exists() if self.service.announces else True

    def _not_ready(self, why: str) -> Permanent:
        return Permanent(
            "SERVICE_NOT_READY", f"{self.service.name} {why}; see {self.log}", detail={"service": self.service.name}
        )
