"""What every connection to the broker has in common: its options, whether it answers, how long its queues are."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from amqp.exceptions import AMQPError
from kombu import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from bus.errors import Transient

# A wake-up whose worker died comes back after this many seconds; a second delivery while the first still works
# changes nothing, because rows are claimed by lease.
VISIBILITY_SECONDS: Final = 120
CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 10

# A peer that vanished without a word is noticed by the kernel: it probes a silent connection after 5 s, every 5 s,
# three times; bytes that nobody acknowledges for 15 s end it.
_PATIENCE: Final = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
_SOCKET: Final = {getattr(socket, name): value for name, value in _PATIENCE.items() if hasattr(socket, name)}
_REDIS: Final = {
    "health_check_interval": 5,
    "socket_timeout": ANSWER_SECONDS,
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_keepalive": True,
    "socket_keepalive_options": _SOCKET,
    "visibility_timeout": VISIBILITY_SECONDS,
}
_AMQP: Final = {
    "confirm_publish": True,
    "connect_timeout": CONNECT_SECONDS,
    # Who waits for an answer, be it to a farewell, is not held for ever by a peer that is there and says nothing.
    "read_timeout": ANSWER_SECONDS,
    "write_timeout": ANSWER_SECONDS,
    "max_retries": 1,
    "socket_settings": _SOCKET,
}


def is_amqp(url: str) -> bool:
    """Whether the URL names a RabbitMQ (amqp, amqps, pyamqp) rather than a Redis (redis, rediss, sentinel)."""
    return "amqp" in url.split(":", 1)[0]


def transport_options(url: str) -> dict[str, Any]:
    """Kombu's transport options for a broker URL (redis, rediss, sentinel; amqp, amqps, pyamqp). Times are seconds."""
    return dict(_AMQP if is_amqp(url) else _REDIS)


@contextmanager
def transient_errors() -> Iterator[None]:
    """Turn what a lost or refused broker raises into Transient BROKER_UNAVAILABLE, without its address."""
    try:
        yield
    except (KombuError, AMQPError, RedisError, OSError) as error:
        raise Transient("BROKER_UNAVAILABLE", f"the broker does not answer: {type(error).__name__}") from error


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """An open connection, one attempt, 5 s. Raises Transient BROKER_UNAVAILABLE, also for a loss inside the block."""
    with (
        transient_errors(),
        Connection(url, connect_timeout=CONNECT_SECONDS, transport_options=transport_options(url)) as connection,
    ):
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=CONNECT_SECONDS)
        yield connection


def ping(url: str) -> None:
    """Return when the broker answers; raises Transient BROKER_UNAVAILABLE."""
    with connected(url) as connection, connection.channel():
        pass


def queue_depths(url: str, queues: Iterable[str]) -> dict[str, int]:
    """Messages waiting in each queue; 0 for a queue nobody declared yet. Raises Transient BROKER_UNAVAILABLE."""
    with connected(url) as connection:
        return {queue: _depth(connection, queue) for queue in queues}


def _depth(connection: Connection, queue: str) -> int:
    # A channel each: RabbitMQ closes the channel that asked for a queue that is not there.
    channel: Any = connection.channel()
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors:
        return 0
    finally:
        channel.close()
