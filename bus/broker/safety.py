"""Whether a broker may hold our messages: a Redis that can evict them, or forgets them at a restart, may not.

The store is the record and would send them again, yet a bus whose broker forgets at every restart is not what was asked
for; who wants it all the same says so.
"""

from typing import Any, Final

from redis.exceptions import RedisError

from bus.broker.connection import connected, is_amqp
from bus.errors import Permanent

_NEVER_EVICTS: Final = "noeviction"


def check_broker(url: str, *, allow_unsafe: bool = False) -> list[str]:
    """What an operator should know of the broker, one sentence each; none on RabbitMQ.

    Raises Permanent BROKER_UNSAFE for a Redis that can evict or keeps no append-only file, unless `allow_unsafe`; then
    that is one of the sentences. Raises Transient BROKER_UNAVAILABLE.
    """
    if is_amqp(url):
        return []
    faults, remarks = _findings(url)
    if faults and not allow_unsafe:
        raise Permanent("BROKER_UNSAFE", "; ".join(faults), detail={"findings": faults})
    return faults + remarks


def _findings(url: str) -> tuple[list[str], list[str]]:
    with connected(url) as connection:
        channel: Any = connection.default_channel
        facts = channel.client.info("persistence") | channel.client.info("memory")
        fsync = _appendfsync(channel.client)
    policy = facts.get("maxmemory_policy", "unknown")
    faults = []
    if policy != _NEVER_EVICTS:
        faults.append(f"maxmemory-policy is {policy}, not noeviction: a full server drops messages")
    if not int(facts.get("aof_enabled", 0)):
        faults.append("appendonly is no: a restart forgets every message")
    if not faults and fsync != "always":
        return [], [f"appendfsync is {fsync}, not always: a power cut forgets the last second"]
    return faults, []


def _appendfsync(client: Any) -> str:
    try:
        return str(client.config_get("appendfsync").get("appendfsync", "unknown"))
    except RedisError:  # a hosted server forbids CONFIG
        return "unknown"
