"""Celery's queues as ours: any name is a work queue that is already there, and nothing is set up for countdowns."""

from typing import Any, Final

from celery.app.amqp import AMQP, Queues
from celery.worker.consumer.consumer import Consumer

from bus.broker.topology import work_queue

_COUNTDOWNS: Final = "celery.worker.consumer.delayed_delivery:DelayedDelivery"
_Blueprint: Any = Consumer.Blueprint


class WakeUpQueues(Queues):
    """Queues by name; one that is not listed is a work queue too, because rules may name any."""

    def new_missing(self, name: str) -> Any:
        """The work queue of that name."""
        return work_queue(name)


class WakeUpAMQP(AMQP):
    """What an application knows of its queues."""

    queues_cls = WakeUpQueues


class WakeUpConsumer(Consumer):
    """A worker's consumer without Celery's delayed delivery: 28 queues and 29 exchanges, for countdowns nobody uses."""

    class Blueprint(_Blueprint):  # type: ignore[misc]  # a class inside a class has no type in the stubs
        """The steps of a consumer."""

        default_steps = tuple(step for step in _Blueprint.default_steps if step != _COUNTDOWNS)
