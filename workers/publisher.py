"""The Publisher port over Celery: one message names many rows."""

import threading
from collections.abc import Sequence
from typing import Any, Final

from celery import Celery

from bus.broker.arrival import MUST_ARRIVE, arriving
from bus.broker.connection import transient_errors

_DROP_SECONDS: Final = 2


class CeleryPublisher:
    """Sends wake-ups through a Celery application; implements bus.ports.Publisher. Safe to share between threads.

    Each thread has a connection of its own. One on which anything went wrong is closed: a confirmation that comes late
    must not be taken for the next message's.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._own = threading.local()

    def wake(
        self, queue: str, task: str, ids: Sequence[int | str], shown: Sequence[str], token: str | None = None
    ) -> None:
        """Publish one message, tried once. Raises Transient BROKER_UNAVAILABLE or BROKER_UNROUTABLE.

        An operator finds it in Flower by "kwargs:<document>=1": each of `shown` is a key of its own there, and the real
        arguments are not shown at all.
        """
        try:
            with transient_errors(), arriving(self._producer()):
                self._app.send_task(
                    task,
                    kwargs={"ids": list(ids), "token": token},
                    queue=queue,
                    argsrepr="()",
                    kwargsrepr=repr(dict.fromkeys(shown, 1)),
                    ignore_result=True,
                    retry=False,
                    producer=self._producer(),
                    **MUST_ARRIVE,
                )
        except BaseException:
            self._drop()
            raise

    def _producer(self) -> Any:
        if getattr(self._own, "producer", None) is None:
            connection = self._app.connection_for_write(transport_options={"confirm_publish": True})
            self._own.producer = self._app.amqp.Producer(connection, auto_declare=False)
        return self._own.producer

    def _drop(self) -> None:
        producer, self._own.producer = getattr(self._own, "producer", None), None
        if producer is not None:
            # Without a handshake: the other side may be the one that does not answer.
            producer.connection.collect(socket_timeout=_DROP_SECONDS)


def open_publisher() -> CeleryPublisher:
    """The publisher of this process's settings."""
    from workers.app import app

    return CeleryPublisher(app)
