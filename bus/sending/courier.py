"""Carries a spool's events to the bus and its receipts back, in a thread of its own, for as long as it takes."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bus.errors import BusError
from bus.sending.spool import Spool

Receipt = dict[str, str]
Settled = Callable[[bytes, Receipt], None]

_BATCH: Final = 200
_IDLE_SECONDS: Final = 1.0
_LISTEN_SECONDS: Final = 0.05
_LONGEST_PAUSE: Final = 10.0
_LONGEST_WAIT: Final = 300.0

log = logging.getLogger("ledgerbus.client")


class Way(Protocol):
    """A connection to the bus; all but `close` raise Transient when it is lost."""

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None: ...
    def receipts(self, wait_seconds: float) -> list[dict[str, Any]]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How many events may be on their way; after how many seconds an unanswered one goes again, then twice as many."""

    window: int = 1000
    resend_after: float = 10.0


class Courier:
    """Sends what is due, reads receipts, lets go of what is answered; connects again whenever the way is lost."""

    def __init__(self, spool: Spool, open_way: Callable[[], Way], settled: Settled, patience: Patience) -> None:
        self._spool = spool
        self._open_way = open_way
        self._settled = settled
        self._patience = patience
        self._stop = threading.Event()
        self._work = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="ledgerbus-courier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to send."""
        self._work.set()

    def wait_until_empty(self, seconds: float) -> bool:
        """Whether every event was answered within `seconds`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._spool.pending():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, _IDLE_SECONDS))
        return True

    def stop(self) -> None:
        """End the thread; what is not answered stays in the spool."""
        self._stop.set()
        self._work.set()
        self._thread.join()

    def _run(self) -> None:
        pause = _LISTEN_SECONDS
        while not self._stop.is_set():
            try:
                way = self._open_way()
                try:
                    while not self._stop.is_set():
                        self._turn(way)
                        pause = _LISTEN_SECONDS
                finally:
                    way.close()
            except BusError as error:
                log.warning("not connected: %s", error)
            except Exception:
                log.exception("the courier failed and begins again")
            self._stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _turn(self, way: Way) -> None:
        self._work.clear()
        now = time.monotonic()
        due = self._spool.due(now, self._patience.window, _BATCH)
        if due:
            way.send([(f"{self._spool.name}-{n}", body) for n, body in due])
            self._spool.sent([n for n, _ in due], now, self._patience.resend_after, _LONGEST_WAIT)
        self._take_in(way.receipts(0 if due else _LISTEN_SECONDS))
        if not due and not self._spool.pending():
            self._work.wait(_IDLE_SECONDS)

    def _take_in(self, receipts: Sequence[dict[str, Any]]) -> None:
        ours = [(n, receipt) for receipt in receipts if (n := self._number(receipt)) is not None]
        if not ours:
            return
        for body, receipt in self._spool.answered(ours):
            try:
                self._settled(body, receipt)
            except Exception:
                log.exception("the program's own callback failed")
        with self._changed:
            self._changed.notify_all()

    def _number(self, receipt: dict[str, Any]) -> int | None:
        """The spool's number of the event that a receipt answers; None for what answers nothing of ours."""
        name, _, number = str(receipt.get("message_id", "")).rpartition("-")
        known = receipt.get("outcome") in ("accepted", "duplicate", "conflict", "invalid")
        return int(number) if known and name == self._spool.name and number.isdecimal() else None
