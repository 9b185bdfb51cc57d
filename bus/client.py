"""The publisher for programs elsewhere: an event is on disk before `publish` returns, and stays until it is answered.

Needs no store, no settings, no running bus: only the address of a broker or of a gateway, and a directory of its own.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson

from bus.broker.ways import open_way
from bus.errors import Invalid
from bus.message import canonical_json, read_json
from bus.sending.courier import Courier, Patience, Way
from bus.sending.http import HttpWay
from bus.sending.spool import Parcel, Spool, is_refused

EVENT_LIMIT: Final = 1024 * 1024
CLOSE_SECONDS: Final = 10.0

_SENDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")

Event = dict[str, Any]
Receipt = dict[str, str]
Heard = Callable[[Event, Receipt], None]


class BusClient(AbstractContextManager["BusClient"]):
    """Publishes CloudEvents: `with BusClient(broker_url=…, spool=…, sender="oa.crm") as bus: bus.publish(event)`.

    Give `broker_url` (amqp://… or redis://…) or `gateway_url` (http://…, with `key` where the gateway asks for one).
    `spool` is a directory of this process alone; whatever is in it from earlier is sent first. `sender` names this
    program to the bus: letters, digits, ".", "_", "-".

    `on_refused(event, receipt)` is called for each event that the bus refuses, `on_receipt(event, receipt)` for each
    answer, both in a thread of the client's own. Refused events stay in `refused()`. Safe to share between threads.

    Raises Permanent SPOOL_BUSY where another process has the spool, SPOOL_FAILED where it cannot be written.
    """

    def __init__(
        self,
        *,
        spool: Path | str,
        sender: str,
        broker_url: str | None = None,
        gateway_url: str | None = None,
        key: str | None = None,
        on_refused: Heard | None = None,
        on_receipt: Heard | None = None,
        patience: Patience | None = None,
    ) -> None:
        if (broker_url is None) == (gateway_url is None):
            raise ValueError("give either broker_url or gateway_url")
        if not _SENDER.match(sender):
            raise ValueError('a sender\'s name has up to 100 letters, digits, ".", "_" and "-"')
        self._closed = False
        self._on_receipt = on_receipt
        self._on_refused = on_refused
        self._spool = Spool(Path(spool))
        connect: Callable[[], Way]
        if broker_url is not None:
            # Two spools of one sender must not take each other's receipts.
            connect = partial(open_way, broker_url, f"{sender}.{self._spool.name}")
        else:
            connect = partial(HttpWay, gateway_url or "", key)
        self._courier = Courier(self._spool, connect, self._settled, patience or Patience())
        self._courier.start()

    def publish(self, *events: Event) -> None:
        """Take events over: all of them are on disk when this returns, and none if it raises. The broker may be away.

        Raises Invalid MESSAGE_MALFORMED (what JSON without fractions cannot say), EVENT_INVALID (no source or id),
        TOO_LARGE (over 1 MiB), EVENT_CONFLICT (the same source and id waits with other content), and Permanent
        SPOOL_FAILED. Whether the bus takes an event is said by its receipt.
        """
        self._spool.add([_parcel(event) for event in events])
        self._courier.wake()

    def pending(self) -> int:
        """How many events have no receipt yet."""
        return self._spool.pending()

    def refused(self) -> list[tuple[Event, Receipt]]:
        """Events that the bus refused, with why; each is here until its source and id is published again."""
        return [(orjson.loads(body), receipt) for body, receipt in self._spool.refused()]

    def flush(self, timeout: float) -> bool:
        """Wait until every event is answered; False when some are not after `timeout` seconds: they stay spooled."""
        return self._courier.wait_until_empty(timeout)

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Wait up to `timeout` seconds for receipts, then end; what is not answered is sent by the next client here."""
        if not self._closed:
            self._closed = True
            self.flush(timeout)
            self._courier.stop()
            self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; after an error without waiting."""
        self.close(CLOSE_SECONDS if error is None else 0)

    def _settled(self, body: bytes, receipt: Receipt) -> None:
        event = orjson.loads(body)
        if self._on_receipt is not None:
            self._on_receipt(event, receipt)
        if self._on_refused is not None and is_refused(receipt):
            self._on_refused(event, receipt)


def _parcel(event: Event) -> Parcel:
    try:
        body = canonical_json(event)
    except TypeError as error:
        raise Invalid("MESSAGE_MALFORMED", "not an object that JSON can say / 不是可用 JSON 表示的对象") from error
    if len(body) > EVENT_LIMIT:
        raise Invalid("TOO_LARGE", f"more than {EVENT_LIMIT} bytes / 超过 {EVENT_LIMIT} 字节")
    said = read_json(body)
    if not isinstance(said, dict):
        raise Invalid("MESSAGE_MALFORMED", "not a JSON object / 不是 JSON 对象", "1:1")
    for name in ("source", "id"):
        if not isinstance(said.get(name), str) or not said[name]:
            raise Invalid("EVENT_INVALID", "a required field is missing / 缺少必填字段", f"/{name}")
    document = canonical_json([said.get("company"), said.get("subject") or said["id"]])
    return Parcel(said["source"], said["id"], document.decode(), body)
