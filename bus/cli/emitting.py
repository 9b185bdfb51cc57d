"""`ledgerbus emit`: events from a file to the bus, as any other program would send them; their receipts shown."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bus.cli.command import Broker, Home, Json, Language, command, opened, settings_of
from bus.cli.console import Terminal
from bus.client import BusClient
from bus.errors import Invalid, Permanent, Transient
from bus.message import read_json
from bus.sending.spool import is_refused

_SENDER = "ledgerbus.emit"

Key = tuple[str, str]


def emit(
    *,
    file: Annotated[
        Path,
        typer.Argument(help="JSON Lines, one CloudEvent each; - is stdin. / 事件文件", dir_okay=False, allow_dash=True),
    ],
    broker: Broker = None,
    url: Annotated[str | None, typer.Option("--url", help="The gateway instead: http://… / 改用 HTTP 入口")] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="Holds the gateway's key. / 密钥文件", dir_okay=False, exists=True)
    ] = None,
    wait: Annotated[int, typer.Option("--wait", help="Seconds to wait for receipts. / 等待秒数", min=1)] = 60,
    home: Home = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Send events over the broker (or --url) and show their receipts. / 发送事件并显示回执"""
    if broker and url:
        raise typer.BadParameter("--broker or --url, not both / --broker 与 --url 只能选一个")
    with command(language, as_json=as_json) as terminal:
        if url is None:
            with opened(settings_of(home, language, broker_url=broker)) as runtime:
                way: dict[str, Any] = {"broker_url": runtime.broker_url}
        else:
            way = {"gateway_url": url, "key": None if key_file is None else key_file.read_text().strip()}
        receipts, unanswered = _send(_lines(file), wait, way)
        _show(terminal, receipts)
        if as_json:
            terminal.result({"receipts": receipts, "unanswered": unanswered})
        elif unanswered:
            raise Transient("NOT_ANSWERED", f"{unanswered} without a receipt after {wait} s")
        if unanswered or any(is_refused(receipt) for receipt in receipts):
            raise typer.Exit(1)


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each line that says something."""
    try:
        source = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise Permanent("FILE_UNREADABLE", f"cannot read {file}: {type(error).__name__}", str(file)) from error
    with source:
        for number, line in enumerate(source, 1):
            if line.strip():
                yield number, line


def _send(lines: Iterator[tuple[int, bytes]], wait: int, way: dict[str, Any]) -> tuple[list[dict[str, str]], int]:
    """Receipts in the order of the lines; how many events have none. The file is the sender's copy: no spool stays."""
    answered: dict[Key, dict[str, str]] = {}
    wanted: list[Key | dict[str, str]] = []

    def note(event: dict[str, Any], receipt: dict[str, str]) -> None:
        answered[event["source"], event["id"]] = receipt

    with tempfile.TemporaryDirectory(prefix="ledgerbus-emit-") as spool:
        client = BusClient(spool=spool, sender=_SENDER, on_receipt=note, **way)
        try:
            for number, line in lines:
                wanted.append(_offer(client, number, line))
            client.flush(wait)
        finally:
            client.close(0)
    found = [answered.get(each) if isinstance(each, tuple) else each for each in wanted]
    receipts = [receipt for receipt in found if receipt is not None]
    return receipts, len(found) - len(receipts)


def _offer(client: BusClient, number: int, line: bytes) -> Key | dict[str, str]:
    """The event's key, or the receipt of what is not even fit to be sent."""
    event: Any = None
    try:
        event = read_json(line)
        client.publish(event)
    except Invalid as error:
        said = event if isinstance(event, dict) else {}
        refused = {"source": str(said.get("source", "")), "id": str(said.get("id", "")), "outcome": "invalid"}
        return {**refused, "code": error.code, "message": error.message, "pointer": f"{number}: {error.where}"}
    return event["source"], event["id"]


def _show(terminal: Terminal, receipts: list[dict[str, str]]) -> None:
    columns = (
        terminal.pick("event", "事件"),
        terminal.pick("outcome", "结果"),
        terminal.pick("code", "代码"),
        terminal.pick("where", "位置"),
        terminal.pick("why", "原因"),
    )
    rows = [
        (r["id"], terminal.state(r["outcome"]), r.get("code", ""), r.get("pointer", ""), r.get("message", ""))
        for r in receipts
    ]
    terminal.table(columns, rows, whole=(0, 1))
