"""The doors of the open channels keep the contract on RabbitMQ and on a Redis that is a Valkey."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
import redis

from bus.broker.amqp_session import AmqpSession
from bus.broker.door_rabbitmq import RabbitDoor
from bus.broker.door_redis import RedisDoor
from bus.broker.open_queues import (
    DELIVERY_LIMIT,
    dead_letters,
    declare_inbound,
    declare_receipt_queue,
    declare_receipts,
)
from bus.channels import OA_RECEIPTS
from bus.errors import Transient
from bus.pipeline.open_channel import ChannelDoor
from tests.brokers import broker_of
from tests.contracts.event_door import ChannelDoorContract
from tests.stores import sqlite_store, sqlite_template  # noqa: F401 - fixtures are found by name
from tests.waiting import eventually


@pytest.fixture(scope="module")
def rabbitmq_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with broker_of("rabbitmq", tmp_path_factory.mktemp("broker")) as url:
        yield url


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with broker_of("redis", tmp_path_factory.mktemp("broker")) as url:
        yield url


class TestRabbitDoor(ChannelDoorContract):
    nowhere = "amqp://guest:guest@127.0.0.1:1//"

    @pytest.fixture
    def url(self, rabbitmq_url: str) -> str:
        return rabbitmq_url

    def open(self, url: str, channel: str, owner: str = "one") -> ChannelDoor:
        return RabbitDoor(url, channel, OA_RECEIPTS, prefetch=50)

    def publish(self, url: str, channel: str, body: bytes, **said: Any) -> None:
        session = AmqpSession(url)
        said["application_headers"] = said.pop("headers", {})
        session.channel.confirm_select()
        session.publish(body, said, exchange=channel, routing_key=channel)
        assert session.drain(5), "not confirmed"
        session.close()

    def listen(self, url: str, address: str) -> None:
        session = AmqpSession(url)
        declare_receipts(session, OA_RECEIPTS)
        declare_receipt_queue(session, OA_RECEIPTS, address)
        session.close()
        self.kept = {**getattr(self, "kept", {}), address: []}

    def heard(self, url: str, address: str) -> list[dict[str, Any]]:
        session = AmqpSession(url)
        while (message := session.channel.basic_get(f"{OA_RECEIPTS}.{address}", no_ack=True)) is not None:
            self.kept[address].append(json.loads(bytes(message.body)))
        session.close()
        return list(self.kept[address])

    def test_the_account_that_the_broker_vouches_for_is_the_sender(self, url: str, door: ChannelDoor) -> None:
        user = urlsplit(url).username
        self.publish(url, door.channel, b"1", user_id=user)
        self.publish(url, door.channel, b"2")
        assert [message.sender for message in self.all_of(door, 2)] == [user, None]

    def test_a_message_that_kills_every_receiver_ends_among_the_dead_letters(self, url: str, channel: str) -> None:
        session = AmqpSession(url)
        declare_inbound(session, channel)
        self.publish(url, channel, b"deadly", message_id="m")
        amqp = session.channel
        came = 0
        while (message := amqp.basic_get(channel)) is not None:
            came += 1
            amqp.basic_reject(message.delivery_tag, requeue=True)
            assert came <= DELIVERY_LIMIT + 1
        found: list[bytes] = []

        def arrived() -> bool:
            if (dead := amqp.basic_get(dead_letters(channel), no_ack=True)) is not None:
                found.append(bytes(dead.body))
            return bool(found)

        eventually(arrived)
        assert found == [b"deadly"]
        session.close()


class TestRedisDoor(ChannelDoorContract):
    nowhere = "redis://127.0.0.1:1/0"
    patient: ClassVar[dict[str, Any]] = {"left_after_ms": 60_000}

    @pytest.fixture
    def url(self, redis_url: str) -> str:
        return redis_url

    def open(self, url: str, channel: str, owner: str = "one", left_after_ms: int = 1) -> ChannelDoor:
        return RedisDoor(url, channel, OA_RECEIPTS, owner, left_after_ms)

    def publish(self, url: str, channel: str, body: bytes, **said: Any) -> None:
        fields = {**said.pop("headers", {}), **said, "body": body}
        with redis.Redis.from_url(url) as client:
            client.xadd(channel, fields)

    def listen(self, url: str, address: str) -> None:
        """A stream keeps what came before anybody reads it."""

    def heard(self, url: str, address: str) -> list[dict[str, Any]]:
        with redis.Redis.from_url(url) as client:
            found: Any = client.xrange(f"{OA_RECEIPTS}.{address}")
        return [json.loads(fields[b"body"]) for _, fields in found]

    def test_an_entry_without_a_body_is_kept_whole(self, url: str, door: ChannelDoor) -> None:
        with redis.Redis.from_url(url) as client:
            client.xadd(door.channel, {"amount": "1.00", "name": "\xff"})
        [message] = self.all_of(door, 1)
        assert b'"amount": "1.00"' in message.body

    def test_the_group_is_made_again_after_everything_was_flushed(self, url: str, door: ChannelDoor) -> None:
        with redis.Redis.from_url(url) as client:
            client.delete(door.channel)
        with pytest.raises(Transient):
            door.take(1, 0.1)
        self.publish(url, door.channel, b"1")
        assert [message.body for message in self.all_of(door, 1)] == [b"1"]
