"""A sender's way to the bus over whichever broker the URL names."""

from bus.broker.connection import is_amqp
from bus.broker.way_rabbitmq import RabbitWay
from bus.broker.way_redis import RedisWay
from bus.channels import OA_EVENTS, OA_RECEIPTS


def open_way(url: str, address: str) -> RabbitWay | RedisWay:
    """Connect, and listen for receipts under `address` (letters, digits, ".", "_", "-"). Raises Transient."""
    kind = RabbitWay if is_amqp(url) else RedisWay
    return kind(url, OA_EVENTS, OA_RECEIPTS, address)
