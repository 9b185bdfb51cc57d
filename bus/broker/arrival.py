"""A message either reaches a queue or its sender knows: RabbitMQ confirms, with "taken", what it could not route."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from kombu import Producer

from bus.errors import Transient

# A broker that stopped answering, or that blocks its publishers (memory, disk), must not hold a sender for ever.
CONFIRM_SECONDS: Final = 10

# How to publish what must arrive. Redis has neither notion: there a push has reached its list when it is answered.
MUST_ARRIVE: Final[dict[str, Any]] = {"mandatory": True, "confirm_timeout": CONFIRM_SECONDS}


@contextmanager
def arriving(producer: Producer) -> Iterator[None]:
    """Inside, publish with MUST_ARRIVE. Raises Transient BROKER_UNROUTABLE at the end when a message came back.

    RabbitMQ sends a message back before it confirms it, so by then both have been seen and the channel is in step.
    """
    events = getattr(producer.channel, "events", None)
    if events is None:
        yield
        return
    returned: list[str] = []

    def note(_error: Exception, _exchange: str, routing_key: str, _message: object) -> None:
        returned.append(routing_key)

    events["basic_return"].add(note)
    try:
        yield
    finally:
        events["basic_return"].discard(note)
    if returned:
        raise Transient("BROKER_UNROUTABLE", f"no queue takes {', '.join(returned)}", detail={"queues": returned})
