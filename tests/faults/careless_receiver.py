"""A receiver that is wrong on purpose: it takes messages off the broker when they come, and commits them afterwards.

Run as a process in the dispatcher's place, to show that the kill test sees what it loses.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any

from bus.bootstrap import Runtime
from bus.broker.connection import is_amqp
from bus.broker.door_rabbitmq import RabbitDoor
from bus.broker.door_redis import GROUP, RedisDoor
from bus.channels import OA_EVENTS, OA_RECEIPTS
from bus.config import Settings
from bus.dispatcher import Loop, run
from bus.pipeline.open_channel import ChannelDoor, Incoming
from bus.pipeline.receive import Receipt
from bus.pipeline.receive_messages import ReceiveMessages


class CarelessRabbitDoor(RabbitDoor):
    def _arrived(self, session: Any, message: Any) -> None:
        super()._arrived(session, message)
        session.channel.basic_ack(message.delivery_tag)

    def settle(self, taken: Sequence[Incoming]) -> None:
        """Too late: that was done before."""


class CarelessRedisDoor(RedisDoor):
    def _arrived(self, client: Any, entries: Any) -> None:
        super()._arrived(client, entries)
        if entries:
            client.xack(self.channel, GROUP, *(name for name, _ in entries))
            client.xdel(self.channel, *(name for name, _ in entries))

    def settle(self, taken: Sequence[Incoming]) -> None:
        """Too late: that was done before."""


def main() -> None:
    runtime = Runtime(Settings())
    url, size = runtime.broker_url, runtime.settings.batch_size
    door: ChannelDoor
    if is_amqp(url):
        door = CarelessRabbitDoor(url, OA_EVENTS, OA_RECEIPTS, 2 * size)
    else:
        door = CarelessRedisDoor(url, OA_EVENTS, OA_RECEIPTS, runtime.owner)

    def commit_later(events: Sequence[dict[str, Any]]) -> list[Receipt]:
        time.sleep(0.5)  # the time between its acknowledgement and its commit, wide enough to be killed in
        return runtime.receive(events)

    receive = ReceiveMessages(door, commit_later, runtime.store, size)
    run([Loop("door", receive, 0.01, 0.01)], threading.Event())


if __name__ == "__main__":
    main()
