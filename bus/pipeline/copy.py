"""Copy: publish events on the channels that routing rules named; at least once, and nothing waits for it."""

from collections.abc import Callable

import structlog

from bus.errors import Transient
from bus.message import Event
from bus.store_port import Store

_BATCH = 200
_RETRY_MS = 5_000

log = structlog.get_logger(__name__)

PublishEvent = Callable[[str, str, Event], None]


class Copy:
    """The use case of fan-out and wire taps."""

    def __init__(self, store: Store, publish: PublishEvent) -> None:
        self._store = store
        self._publish = publish

    def __call__(self) -> int:
        """Publish what is due; how many copies went out. A broker that is away leaves them due again."""
        with self._store.read() as uow:
            if not uow.copies.waiting():
                return 0
        with self._store.begin() as uow:
            due = uow.copies.due(_BATCH, _RETRY_MS)
        published: list[int] = []
        for copy in due:
            try:
                self._publish(copy.channel, copy.kind, copy.event)
            except Transient as error:
                log.warning("copy_not_published", code=error.code, channel=copy.channel)
                break
            published.append(copy.id)
        if published:
            with self._store.begin() as uow:
                uow.copies.published(published)
        return len(published)
