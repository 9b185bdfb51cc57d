"""What every door of an open channel does, as tests. A broker's test class inherits ChannelDoorContract."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bus.bootstrap import Runtime
from bus.config import Settings
from bus.errors import Transient
from bus.pipeline.open_channel import Answer, ChannelDoor, Incoming
from bus.pipeline.receive_messages import ReceiveMessages
from bus.pipeline.unpack import STRUCTURED
from bus.store.unit_of_work import SqlStore
from tests.papers import claim
from tests.waiting import eventually

SOON = 0.3
Publish = Callable[..., None]


class ChannelDoorContract:
    """Inherit, and say how a door is opened on this broker and how a foreign program sends to it and hears from it."""

    kind: ClassVar[str]

    def open(self, url: str, channel: str, owner: str = "one") -> ChannelDoor:
        """A door that takes over what was left at once."""
        raise NotImplementedError

    def publish(self, url: str, channel: str, body: bytes, **said: Any) -> None:
        """Send bytes by the broker's own means; `said`: content_type, message_id, reply_to, headers."""
        raise NotImplementedError

    def heard(self, url: str, address: str) -> list[dict[str, Any]]:
        """Every receipt that came for a sender who listened under `address` from the start."""
        raise NotImplementedError

    def listen(self, url: str, address: str) -> None:
        """Begin to listen."""
        raise NotImplementedError

    @pytest.fixture
    def channel(self) -> str:
        return f"door.{secrets.token_hex(4)}"

    @pytest.fixture
    def door(self, url: str, channel: str) -> Iterator[ChannelDoor]:
        opened = self.open(url, channel)
        assert opened.take(1, 0.01) == []
        yield opened
        opened.close()

    @pytest.fixture
    def send(self, url: str, door: ChannelDoor) -> Publish:
        def publish(body: bytes | dict[str, Any], **said: Any) -> None:
            raw = json.dumps(body).encode() if isinstance(body, dict) else body
            self.publish(url, door.channel, raw, **{"content_type": STRUCTURED, **said})

        return publish

    def numbers(self, door: ChannelDoor, most: int = 100) -> tuple[list[Incoming], list[int]]:
        taken = door.take(most, 5.0)
        return taken, [int(message.body) for message in taken]

    def all_of(self, door: ChannelDoor, count: int) -> list[Incoming]:
        """The next `count` messages, however many a take gives; the last take is whole."""
        got: list[Incoming] = []
        while len(got) < count:
            more = door.take(count - len(got), 5.0)
            assert more, f"{len(got)} of {count} messages came"
            got += more
        return got

    def test_messages_are_taken_in_order_no_more_than_asked_for_and_come_as_they_were_sent(
        self, door: ChannelDoor, send: Publish
    ) -> None:
        for n in range(5):
            send(str(n).encode(), message_id=f"m{n}", reply_to="me", headers={"task": "t"})
        first = self.all_of(door, 3)
        assert [message.body for message in first] == [b"0", b"1", b"2"]
        said = first[0]
        assert (said.content_type, said.message_id, said.reply_to, said.headers["task"]) == (
            STRUCTURED,
            "m0",
            "me",
            "t",
        )
        door.settle(first)
        assert [message.body for message in self.all_of(door, 2)] == [b"3", b"4"]
        assert door.take(10, SOON) == []

    def test_what_was_settled_never_comes_again(self, url: str, door: ChannelDoor, send: Publish) -> None:
        for n in range(10):
            send(str(n).encode())
        door.settle(self.all_of(door, 10))
        door.close()
        other = self.open(url, door.channel, "two")
        assert other.take(10, SOON) == []
        other.close()

    def test_receiver_dies_before_it_settles_and_another_gets_every_message(
        self, url: str, door: ChannelDoor, send: Publish
    ) -> None:
        for n in range(10):
            send(str(n).encode())
        door.settle(self.all_of(door, 4))
        self.all_of(door, 3)
        door.close()  # as far as the broker knows: gone
        other = self.open(url, door.channel, "two")
        left: list[bytes] = []
        while len(left) < 6:
            taken = other.take(10, 5.0)
            assert taken, f"only {left} came"
            left += [message.body for message in taken]
            other.settle(taken)
        assert sorted(left) == [str(n).encode() for n in range(4, 10)]
        other.close()

    def test_receiver_that_connects_again_gets_what_it_had(self, door: ChannelDoor, send: Publish) -> None:
        send(b"7")
        assert self.numbers(door)[1] == [7]
        door.close()
        assert self.numbers(door)[1] == [7]

    def test_messages_given_back_come_first_and_in_order(self, door: ChannelDoor, send: Publish) -> None:
        for n in range(6):
            send(str(n).encode())
        taken = self.all_of(door, 2)
        door.give_back(taken)
        again = self.all_of(door, 6)
        assert [int(message.body) for message in again] == list(range(6))
        door.settle(again)
        assert door.take(10, SOON) == []

    def test_two_receivers_never_hold_the_same_message(self, url: str, door: ChannelDoor, send: Publish) -> None:
        other = self.open(url, door.channel, "two", **self.patient)
        assert other.take(1, 0.01) == []
        for n in range(40):
            send(str(n).encode())
        seen: list[bytes] = []

        def everything_came() -> bool:
            for each in (door, other):
                taken = each.take(5, 0.05)
                seen.extend(message.body for message in taken)
                if taken:
                    each.settle(taken)
            return len(seen) >= 40

        eventually(everything_came)
        other.close()
        assert sorted(seen) == sorted(str(n).encode() for n in range(40))

    patient: ClassVar[dict[str, Any]] = {}

    def test_settling_over_a_lost_connection_is_transient(self, door: ChannelDoor, send: Publish) -> None:
        send(b"1")
        taken = self.all_of(door, 1)
        door.close()
        with pytest.raises(Transient):
            door.settle(taken)

    def test_receipts_reach_who_listens_for_them_and_nobody_else(self, url: str, door: ChannelDoor) -> None:
        mine, other = f"me.{secrets.token_hex(3)}", f"you.{secrets.token_hex(3)}"
        self.listen(url, mine)
        self.listen(url, other)
        door.answer([Answer(mine, f"m{n}", json.dumps({"n": n}).encode()) for n in range(3)])
        eventually(lambda: len(self.heard(url, mine)) == 3)
        assert [said["n"] for said in self.heard(url, mine)] == [0, 1, 2]
        assert self.heard(url, other) == []

    def test_a_broker_that_is_away_is_transient(self) -> None:
        with pytest.raises(Transient):
            self.open(self.nowhere, "door").take(1, 0.1)

    nowhere: ClassVar[str]

    def send_every_kind(self, send: Publish, address: str) -> bytes:
        """Nine messages, named by message id; returns the body of the large one."""
        binary = claim("BX-2")
        data = json.dumps(binary.pop("data")).encode()
        del binary["datacontenttype"]
        headers = {f"cloudEvents_{name}": value for name, value in binary.items()}
        large = json.dumps({**claim("BX-4"), "data": {"note": "x" * 1024 * 1024}}).encode()
        pickled = b"\x80\x04\x95garbage"
        said = {"reply_to": address}
        send(claim("BX-1"), message_id="good", **said)
        send(data, content_type="application/json", message_id="binary", headers=headers, **said)
        send(claim("BX-1"), message_id="again", **said)
        send(claim("BX-1", total="1.00"), message_id="other", **said)
        send({**claim("BX-3"), "company": "ZZ"}, message_id="nobody's", **said)
        send(pickled, content_type="application/x-python-serialize", message_id="pickle", **said)
        send(b'{"task": "t"}', content_type="application/json", message_id="plain", **said)
        send(b'{"a": 1, "a": 2}', message_id="twice", **said)
        send(large, message_id="large", **said)
        return large

    def test_every_kind_of_message_is_answered_and_kept_and_none_comes_again(
        self, url: str, door: ChannelDoor, send: Publish, sqlite_store: SqlStore
    ) -> None:
        address = f"me.{secrets.token_hex(3)}"
        self.listen(url, address)
        large = self.send_every_kind(send, address)
        turn = ReceiveMessages(door, self.accept(sqlite_store), sqlite_store, 100)
        total = 0
        while total < 9:
            total += turn()
        eventually(lambda: len(self.heard(url, address)) == 7)
        outcomes = {receipt["message_id"]: receipt["outcome"] for receipt in self.heard(url, address)}
        assert outcomes == {
            "good": "accepted", "binary": "accepted", "again": "duplicate", "other": "conflict", "nobody's": "invalid",
            "twice": "invalid", "large": "invalid",
        }  # fmt: skip
        kept = self.rows(sqlite_store, "SELECT message_id, code, length, body_hash, LENGTH(body) FROM quarantine")
        assert {name: code for name, code, *_ in kept} == {
            "other": "EVENT_CONFLICT", "nobody's": "COMPANY_UNKNOWN", "pickle": "MEDIA_TYPE_UNSUPPORTED",
            "plain": "MEDIA_TYPE_UNSUPPORTED", "twice": "MESSAGE_MALFORMED", "large": "TOO_LARGE",
        }  # fmt: skip
        [(_, _, length, digest, written)] = [row for row in kept if row[0] == "large"]
        assert (length, digest) == (len(large), hashlib.sha256(large).hexdigest())
        assert written == (1024 * 1024 + 2) // 3 * 4
        assert self.rows(sqlite_store, "SELECT event_id FROM inbox ORDER BY 1") == [("BX-1/1",), ("BX-2/1",)]
        assert door.take(10, SOON) == []

    def test_store_is_away_and_nothing_is_taken_off_until_it_is_back(
        self, door: ChannelDoor, send: Publish, sqlite_store: SqlStore, tmp_path: Path
    ) -> None:
        for n in range(5):
            send(claim(f"BX-{n}"))
        away = SqlStore.open("postgresql://nobody@127.0.0.1:1/none")
        with pytest.raises(Transient):
            ReceiveMessages(door, self.accept(away), away, 100)()
        turn = ReceiveMessages(door, self.accept(sqlite_store), sqlite_store, 100)
        while turn():
            pass
        assert self.rows(sqlite_store, "SELECT COUNT(*) FROM inbox") == [(5,)]

    def accept(self, store: SqlStore) -> Any:
        runtime = Runtime(Settings(home=Path("unused")))
        runtime.__dict__["store"] = store
        return runtime.receive

    def rows(self, store: SqlStore, query: str) -> list[tuple[Any, ...]]:
        with store.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]
