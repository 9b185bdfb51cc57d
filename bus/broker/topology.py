"""The queues of our own workers, as a broker must have them; declared once by whoever may, never by a worker.

On RabbitMQ each is a quorum queue; what is taken back too often or belongs to nobody goes to `ledgerbus.dead` and stays
there to be looked at. Redis has lists, which need no declaration.
"""

from collections.abc import Iterable
from typing import Any, Final

from kombu import Connection, Exchange, Queue

from bus.broker.amqp_session import AmqpSession
from bus.broker.connection import connected, is_amqp, transient_errors
from bus.broker.open_queues import declare_inbound, declare_receipts
from bus.channels import LEDGER_CONFIRMATIONS, OA_EVENTS, OA_RECEIPTS

DEAD: Final = "ledgerbus.dead"
# A wake-up whose worker died this often is not the way to book its rows: their attempts are counted in the store.
DELIVERY_LIMIT: Final = 20
# Dead letters are copies of ids. A bound keeps a flood of foreign messages from filling the broker's disk.
DEAD_LIMIT: Final = 100_000


def work_queue(name: str) -> Queue:
    """The queue of that name behind the default exchange, so that a sender needs no binding and no right to bind."""
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-routing-key": name,
    }
    return Queue(name, Exchange(""), routing_key=name, durable=True, queue_arguments=arguments, no_declare=True)


def declare(url: str, names: Iterable[str]) -> list[str]:
    """Declare the work queues, where their dead letters go, and the open channels; repeatable. None on Redis.

    Raises Transient BROKER_UNAVAILABLE, also where a queue of the same name is there with other arguments.
    """
    if not is_amqp(url):
        return []
    with connected(url) as connection:
        _declare_dead(connection)
        declared = [DEAD]
        for name in names:
            queue = work_queue(name)
            _channel_of(connection).queue_declare(
                queue=name, durable=True, auto_delete=False, arguments=queue.queue_arguments
            )
            declared.append(name)
    with transient_errors():
        declared += _declare_open_channels(url)
    return declared


def _declare_open_channels(url: str) -> list[str]:
    session = AmqpSession(url)
    try:
        for channel in (OA_EVENTS, LEDGER_CONFIRMATIONS):
            declare_inbound(session, channel)
        declare_receipts(session, OA_RECEIPTS)
    finally:
        session.close()
    return [OA_EVENTS, LEDGER_CONFIRMATIONS, OA_RECEIPTS]


def _declare_dead(connection: Connection) -> None:
    channel = _channel_of(connection)
    channel.exchange_declare(exchange=DEAD, type="topic", durable=True, auto_delete=False)
    arguments = {"x-queue-type": "quorum", "x-max-length": DEAD_LIMIT}
    channel.queue_declare(queue=DEAD, durable=True, auto_delete=False, arguments=arguments)
    channel.queue_bind(queue=DEAD, exchange=DEAD, routing_key="#")


def _channel_of(connection: Connection) -> Any:
    return connection.default_channel
