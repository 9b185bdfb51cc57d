"""Linger: while workers are busy, a batch that is not full waits a moment for more. Pure.

An idle bus wakes a worker at once, so latency stays low; a busy one wakes it with full batches, so each costs less.
"""

from bus.records import Waiting


def lingers(waiting: Waiting, busy: int, batch_size: int, linger_ms: int) -> bool:
    """Whether to wait for a fuller batch: others are at work, this one is not full, and it has not waited long."""
    return busy > 0 and waiting.count < batch_size and waiting.age_ms < linger_ms
