"""What the open channels on Redis have in common: the client, and how long receipts are kept."""

from typing import Any, Final

import redis

from bus.broker.connection import CONNECT_SECONDS

RECEIPTS_KEPT: Final = 100_000
RECEIPTS_KEPT_SECONDS: Final = 7 * 24 * 3600
ANSWER_SECONDS: Final = 10


def open_client(url: str) -> Any:
    """A client for a redis:// or rediss:// URL; connects when it is first used, notices a silent server in 10 s."""
    return redis.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_keepalive=True,
        health_check_interval=5,
        retry_on_timeout=False,
    )
