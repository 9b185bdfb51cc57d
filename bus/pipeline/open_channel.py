"""An open channel of the broker as the use cases see it: messages of other programs, answers to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """A message as it came. `handle` is the door's own name for it.

    `reply_to` is where its sender listens for receipts, `sender` the account that the broker itself vouches for.
    `headers` holds application headers (RabbitMQ) or the other fields of the stream entry (Redis).
    """

    handle: Any
    body: bytes
    content_type: str
    content_encoding: str
    headers: Mapping[str, Any]
    message_id: str
    reply_to: str
    sender: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A receipt on its way: JSON bytes for whoever listens under `address`; `message_id` names what it answers."""

    address: str
    message_id: str
    body: bytes


class ChannelDoor(Protocol):
    """A source of messages that keeps each one until it is settled. For one thread. All raise Transient.

    A message that was taken comes again when the process dies, when the broker is lost, or when it is given back.
    """

    @property
    def channel(self) -> str: ...

    def take(self, most: int, wait_seconds: float) -> list[Incoming]:
        """Up to `most` messages, as soon as there is any; none after `wait_seconds`."""
        ...

    def give_back(self, taken: Sequence[Incoming]) -> None:
        """Have the messages of the last `take` again at the next one."""
        ...

    def settle(self, taken: Sequence[Incoming]) -> None:
        """Remove the messages of the last `take` from the broker: what they say is committed."""
        ...

    def answer(self, answers: Sequence[Answer]) -> None:
        """Publish receipts. One that is lost is asked for again by the sender, who sends the event again."""
        ...

    def close(self) -> None:
        """Let go of the connection; what was taken and not settled comes again to whoever takes next."""
        ...
