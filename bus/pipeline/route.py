"""Route: give due events to the queues whose workers journalize them, and wake the workers with ids.

The rows are noted as woken before the message leaves; when it is lost they become due again, later each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bus.errors import Invalid, Transient
from bus.pipeline.booking import Books
from bus.ports import Publisher
from bus.records import RaisedException, Settlement, WaitingEvent
from bus.recoverability import must_go_alone
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

    def __init__(self, store: Store, rules: RoutingRules, books: Books, publisher: Publisher, batch_size: int) -> None:
        self._store = store
        self._rules = rules
        self._books = books
        self._publisher = publisher
        self._batch_size = batch_size

    def __call__(self) -> int:
        """Wake workers for what is due, as far as the queues have room; how many events were handled."""
        room = self._batch_size * _BATCHES_IN_FLIGHT
        with self._store.read() as uow:
            free = room - uow.inbox.in_flight(room) if uow.inbox.any_due() else 0
        if free <= 0:
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
                route = self._rules.route(waiting.event)
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
    """Batches by queue; an event that took its workers down before goes alone."""
    batches: dict[str, list[list[WaitingEvent]]] = {}
    for each in waiting:
        of_queue = batches.setdefault(queues[each.id], [[]])
        if must_go_alone(each.attempts):
            of_queue.insert(0, [each])
        elif len(of_queue[-1]) >= batch_size:
            of_queue.append([each])
        else:
            of_queue[-1].append(each)
    return [
        WakeUp(queue, tuple(e.id for e in batch), tuple(dict.fromkeys(e.event.subject for e in batch)))
        for queue, of_queue in batches.items()
        for batch in of_queue
        if batch
    ]
