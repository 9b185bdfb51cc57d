"""Route: give due events to the queues whose workers journalize them, and wake the workers with ids.

The rows are noted as woken before the message leaves; when it is lost they become due again, later each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bus.errors import Invalid, Transient
from bus.pipeline.booking import Books
from bus.pipeline.linger import lingers
from bus.ports import Publisher
from bus.records import RaisedException, Settlement, WaitingEvent
from bus.recoverability import batch_limit
from bus.routing import RoutingRules
from bus.store_port import Store, UnitOfWork

JOURNALIZE_TASK = "ledgerbus.journalize"
_BATCHES_IN_FLIGHT = 8

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WakeUp:
    """One message to come: event ids for a queue, with the documents they belong to."""

    queue: str
    ids: tuple[int, ...]
    documents: tuple[str, ...]


class Route:
    """The use case of the dispatcher's first loop."""

    def __init__(
        self,
        store: Store,
        rules: RoutingRules,
        books: Books,
        publisher: Publisher,
        batch_size: int,
        *,
        linger_ms: int = 0,
    ) -> None:
        """`linger_ms`: how long a batch that is not full waits for more while workers are busy."""
        self._store = store
        self._rules = rules
        self._books = books
        self._publisher = publisher
        self._batch_size = batch_size
        self._linger_ms = linger_ms

    def __call__(self) -> int:
        """Wake workers for what is due, as far as the queues have room; how many events were handled."""
        room = self._batch_size * _BATCHES_IN_FLIGHT
        with self._store.read() as uow:
            waiting = uow.inbox.waiting(self._batch_size)
            busy = uow.inbox.in_flight(room) if waiting.count else 0
        free = room - busy
        if not waiting.count or free <= 0 or lingers(waiting, busy, self._batch_size, self._linger_ms):
            return 0
        with self._store.begin() as uow:
            due = uow.inbox.due(free)
            wake_ups = self._note(uow, due) if due else []
        for wake_up in wake_ups:
            try:
                self._publisher.wake(wake_up.queue, JOURNALIZE_TASK, wake_up.ids, wake_up.documents)
            except Transient as error:
                log.warning("wake_up_not_sent", code=error.code, queue=wake_up.queue, events=len(wake_up.ids))
        return len(due)

    def _note(self, uow: UnitOfWork, due: Sequence[WaitingEvent]) -> list[WakeUp]:
        queues: dict[int, str] = {}
        copies: list[tuple[int, str, str]] = []
        settled: list[Settlement] = []
        raised: list[RaisedException] = []
        for waiting in due:
            if waiting.queue is not None:
                queues[waiting.id] = waiting.queue
                continue
            try:
                route = self._rules.route(waiting)
            except Invalid as error:
                settled.append(Settlement(waiting.id, "held", error.code))
                raised.append(self._raised(waiting, error.code, error.message))
                continue
            if route is None:
                settled.append(Settlement(waiting.id, "no_route"))
                raised.append(self._raised(waiting, "NO_ROUTE", "no routing rule matches this event"))
                continue
            copies += [(waiting.id, channel, "publish") for channel in route.publish]
            copies += [(waiting.id, channel, "tap") for channel in route.tap if channel not in route.publish]
            if route.queue is None:
                settled.append(Settlement(waiting.id, "no_op", "copied_only"))
            else:
                queues[waiting.id] = route.queue
        if queues:
            uow.inbox.woken(queues)
        if settled:
            uow.inbox.settle(settled)
        if raised:
            uow.exceptions.raise_all(raised)
        if copies:
            uow.copies.ask(copies)
        return _wake_ups([waiting for waiting in due if waiting.id in queues], queues, self._batch_size)

    def _raised(self, waiting: WaitingEvent, code: str, message: str) -> RaisedException:
        event = waiting.event
        amount, currency = self._books.amount_of(event)
        cause = f"{event.company} {event.type}"
        return RaisedException(waiting.id, code, event.company, event.subject, amount, currency, cause, message, {})


def _wake_ups(waiting: Sequence[WaitingEvent], queues: dict[int, str], batch_size: int) -> list[WakeUp]:
    """Batches by queue; events that were in a batch that took its worker down go in smaller ones."""
    batches: dict[tuple[str, int], list[list[WaitingEvent]]] = {}
    for each in waiting:
        limit = batch_limit(each.attempts, batch_size)
        alike = batches.setdefault((queues[each.id], limit), [[]])
        if len(alike[-1]) >= limit:
            alike.append([])
        alike[-1].append(each)
    return [
        WakeUp(queue, tuple(e.id for e in batch), tuple(dict.fromkeys(e.document for e in batch)))
        for (queue, _), alike in batches.items()
        for batch in alike
    ]
