"""Rest: wait until nothing is due, leased or fillable, and no posting is on its way."""

import time
from collections.abc import Callable

from bus.errors import Permanent, Transient
from bus.store_port import Store

_PAUSE_SECONDS = 0.2

Unfinished = dict[str, int]


class Rest:
    """The use case of whoever has to know that the bus is quiescent."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def unfinished(self) -> Unfinished:
        """What is left to do, by name; empty at rest."""
        with self._store.read() as uow:
            return uow.totals.unfinished()

    def __call__(self, within_seconds: int, progress: Callable[[Unfinished], None]) -> None:
        """Return at rest; `progress` is told what is left. Raises Permanent NOT_AT_REST with what is left."""
        deadline = time.monotonic() + within_seconds
        left: Unfinished = {}
        while True:
            try:
                left = self.unfinished()
            except Transient:
                left = left or {"store": 1}
            progress(left)
            if not left:
                return
            if time.monotonic() > deadline:
                said = ", ".join(f"{name} {count}" for name, count in left.items())
                raise Permanent("NOT_AT_REST", f"after {within_seconds} s there is left: {said}", detail={**left})
            time.sleep(_PAUSE_SECONDS)
