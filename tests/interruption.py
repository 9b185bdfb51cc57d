"""Something happens at the worst moment: after a batch was evaluated and before it is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.desk import Desk


@contextmanager
def between_evaluation_and_write(desk: Desk, happens: Callable[[], object]) -> Iterator[list[int]]:
    """Run `happens` once, just before the next batch opens the unit of work that writes; the list counts the tries."""
    store = desk.journalize._store
    tries: list[int] = []
    seen_read = False

    class Watched:
        def read(self) -> Any:
            nonlocal seen_read
            seen_read = True
            return store.read()

        def begin(self) -> Any:
            if seen_read:
                tries.append(1)
                if len(tries) == 1:
                    happens()
            return store.begin()

    desk.journalize._store = Watched()
    try:
        yield tries
    finally:
        desk.journalize._store = store
