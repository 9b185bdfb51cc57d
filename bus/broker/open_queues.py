"""The exchanges and queues of the open channels on RabbitMQ. What is there already is left as it is.

`<channel>`: exchange and quorum queue of one name. What the broker gives up on goes to exchange and queue
`<channel>.dead`, safely: the queue refuses messages rather than drop any.
"""

from typing import Any, Final

from bus.broker.amqp_session import AmqpSession

# So many times a message may come back to a receiver that died over it.
DELIVERY_LIMIT: Final = 200
RECEIPTS_KEPT: Final = 100_000
RECEIPTS_KEPT_SECONDS: Final = 7 * 24 * 3600


def dead_letters(channel: str) -> str:
    """The exchange and queue of what could not be handled at all."""
    return f"{channel}.dead"


def declare_inbound(session: AmqpSession, channel: str) -> None:
    """A channel that other programs publish to. Needs no right to configure where everything is there."""
    if session.has_queue(channel):
        return
    dead = dead_letters(channel)
    amqp = session.channel
    amqp.exchange_declare(dead, "fanout", durable=True, auto_delete=False)
    amqp.queue_declare(dead, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    amqp.queue_bind(dead, dead)
    amqp.exchange_declare(channel, "direct", durable=True, auto_delete=False)
    arguments: dict[str, Any] = {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": dead,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    amqp.queue_declare(channel, durable=True, auto_delete=False, arguments=arguments)
    amqp.queue_bind(channel, channel, routing_key=channel)


def declare_receipts(session: AmqpSession, exchange: str) -> None:
    """The topic exchange that receipts are published to."""
    amqp = session.channel
    amqp.exchange_declare(exchange, "topic", durable=True, auto_delete=False)


def declare_receipt_queue(session: AmqpSession, exchange: str, address: str) -> str:
    """The queue of one sender's receipts: it outlives the sender for a week. Returns its name."""
    queue = f"{exchange}.{address}"
    if not session.has_queue(queue):
        arguments = {"x-expires": RECEIPTS_KEPT_SECONDS * 1000, "x-max-length": RECEIPTS_KEPT}
        session.channel.queue_declare(queue, durable=True, auto_delete=False, arguments=arguments)
    session.channel.queue_bind(queue, exchange, routing_key=address)
    return queue
