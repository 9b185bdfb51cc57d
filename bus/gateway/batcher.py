"""Many small offers, few commits: what arrives while one receive call runs goes into the next call together."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bus.errors import BusError, Transient
from bus.pipeline.receive import Receipt

CALL_EVENTS: Final = 1000
WAITING_EVENTS: Final = 20_000

Offered = Sequence[dict[str, Any]]
_log = structlog.get_logger("bus.gateway")


@dataclass(frozen=True, slots=True)
class _Offer:
    events: Offered
    answer: asyncio.Future[list[Receipt]]


class Batcher:
    """Runs a blocking `receive` in one thread of its own, so that a store with a single writer sees a single caller.

    An offer is never split over two calls and is answered after the call that held it.
    """

    def __init__(self, receive: Callable[[Offered], list[Receipt]]) -> None:
        self._receive = receive
        self._waiting: deque[_Offer] = deque()
        self._thread = ThreadPoolExecutor(1, "receive")
        self._drain: asyncio.Task[None] | None = None

    async def offer(self, events: Offered) -> list[Receipt]:
        """One receipt an event, in order. Raises what receive raises, and Transient DOOR_BUSY when too much waits."""
        if sum(len(waiting.events) for waiting in self._waiting) > WAITING_EVENTS:
            raise Transient("DOOR_BUSY", "too many events wait for the store / 等待入库的事件过多")
        waiting = _Offer(events, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._drain is None or self._drain.done():
            # A context of its own: the log lines of a shared call belong to no single request.
            self._drain = asyncio.create_task(self._serve(), context=contextvars.Context())
        return await waiting.answer

    async def close(self) -> None:
        """Finish what waits, then end the thread."""
        if self._drain is not None:
            await self._drain
        self._thread.shutdown()

    async def _serve(self) -> None:
        while self._waiting:
            await self._call(self._next_offers())

    def _next_offers(self) -> list[_Offer]:
        offers = [self._waiting.popleft()]
        room = CALL_EVENTS - len(offers[0].events)
        while self._waiting and len(self._waiting[0].events) <= room:
            offers.append(self._waiting.popleft())
            room -= len(offers[-1].events)
        return offers

    async def _call(self, offers: list[_Offer]) -> None:
        events = [event for offer in offers for event in offer.events]
        try:
            receipts = await asyncio.get_running_loop().run_in_executor(self._thread, self._receive, events)
            parts = _shares(receipts, offers)
        except Exception as error:  # noqa: BLE001 - each caller gets it, and the middleware logs it
            await self._fail(offers, error)
            return
        for offer, part in zip(offers, parts, strict=True):
            if not offer.answer.done():
                offer.answer.set_result(part)

    async def _fail(self, offers: list[_Offer], error: Exception) -> None:
        """A store that is busy is busy for all; a defect may be one event's, so each offer is tried alone."""
        if len(offers) > 1 and not isinstance(error, BusError):
            _log.exception("receive failed for a batch", count=len(offers))
            for offer in offers:
                await self._call([offer])
            return
        for offer in offers:
            if not offer.answer.done():
                offer.answer.set_exception(error)


def _shares(receipts: list[Receipt], offers: list[_Offer]) -> list[list[Receipt]]:
    if len(receipts) != sum(len(offer.events) for offer in offers):
        raise RuntimeError("receive must give one receipt an event")
    rest = iter(receipts)
    return [[next(rest) for _ in offer.events] for offer in offers]
