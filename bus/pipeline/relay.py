"""Relay: lease postings that are due and wake the workers of their targets."""

import secrets

import structlog

from bus.channels import deliver_queue
from bus.errors import Transient
from bus.pipeline.linger import lingers
from bus.ports import Publisher
from bus.store_port import Store

DELIVER_TASK = "ledgerbus.deliver"
_BATCHES_IN_FLIGHT = 4

log = structlog.get_logger()


class Relay:
    """The use case of the dispatcher's second loop; may run many times over."""

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        owner: str,
        batch_size: int,
        lease_seconds: int,
        *,
        linger_ms: int = 0,
    ) -> None:
        """`linger_ms`: how long a batch that is not full waits for more while workers are busy."""
        self._store = store
        self._publisher = publisher
        self._owner = owner
        self._batch_size = batch_size
        self._linger_ms = linger_ms
        self._lease_ms = lease_seconds * 1000

    def __call__(self) -> int:
        """Lease what is due, as far as the targets' queues have room; how many postings were leased."""
        room = self._batch_size * _BATCHES_IN_FLIGHT
        leased = 0
        with self._store.read() as uow:
            waiting = uow.postings.waiting(self._batch_size)
            busy = uow.postings.in_flight(room) if waiting.count else 0
        free = room - busy
        if not waiting.count or lingers(waiting, busy, self._batch_size, self._linger_ms):
            return 0
        while free > 0:
            count = self._lease(min(free, self._batch_size))
            if count == 0:
                break
            leased += count
            free -= count
        return leased

    def _lease(self, limit: int) -> int:
        token = secrets.token_hex(8)
        with self._store.begin() as uow:
            batches = uow.postings.lease(self._owner, token, limit, self._lease_ms)
        for batch in batches:
            try:
                self._publisher.wake(
                    deliver_queue(batch.target),
                    DELIVER_TASK,
                    batch.posting_ids,
                    tuple(dict.fromkeys(batch.documents)),
                    token,
                )
            except Transient as error:
                log.warning("wake_up_not_sent", code=error.code, target=batch.target, postings=len(batch.posting_ids))
        return sum(len(batch.posting_ids) for batch in batches)
