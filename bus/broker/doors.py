"""The door of an open channel on whichever broker the URL names."""

from bus.broker.connection import is_amqp
from bus.broker.door_rabbitmq import RabbitDoor
from bus.broker.door_redis import RedisDoor
from bus.pipeline.open_channel import ChannelDoor

_LARGEST_PREFETCH = 65_535


def open_door(url: str, channel: str, receipts: str, owner: str, batch_size: int) -> ChannelDoor:
    """A door that connects when it is first used.

    `receipts` is where its answers go, `owner` names this process; the next batch is fetched while one is committed.
    """
    if is_amqp(url):
        return RabbitDoor(url, channel, receipts, min(2 * batch_size, _LARGEST_PREFETCH))
    return RedisDoor(url, channel, receipts, owner)
