"""What other processes do to a store; imports little, so that they start fast."""

import sys

from bus.message import Event
from bus.store.schema import upgrade
from bus.store.unit_of_work import SqlStore
from tests.papers import claim

COUNT = 15


def offer(url: str) -> None:
    """A door: offer COUNT events, each twice, and say how many were new."""
    store = SqlStore.open(url)
    added = 0
    for i in range(COUNT):
        with store.begin() as uow:
            pair = [Event.from_cloudevent(claim(f"D{place}")) for place in (i, COUNT - 1 - i)]
            added += len(uow.inbox.add(pair if i != COUNT - 1 - i else pair[:1]))
    sys.stdout.write(str(added))


def migrate(url: str) -> None:
    """A process that starts on a store of an older version."""
    upgrade(SqlStore.open(url).engine)


if __name__ == "__main__":
    {"offer": offer, "migrate": migrate}[sys.argv[1]](sys.argv[2])
