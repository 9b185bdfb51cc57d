"""Commands about the broker and the services on it: set it up, look into its queues, ask whether a service works."""

import json
import time
from pathlib import Path
from secrets import token_urlsafe
from typing import Annotated, Final, Literal

import typer

from bus.broker.accounts import accounts, definitions
from bus.broker.connection import queue_depths
from bus.broker.topology import DEAD
from bus.cli.command import AllowUnsafe, Broker, Home, Json, Language, command, opened, settings_of
from bus.cli.services import answers
from bus.config import Settings
from bus.errors import Permanent

broker_commands = typer.Typer(help="The broker. / 消息代理", no_args_is_help=True)

ServiceName = Literal["gateway", "dispatcher", "worker", "flower"]
# A dispatcher touches its file every 5 s, a worker every 2 s.
_OLDEST_BEAT_SECONDS: Final = 30


@broker_commands.command("setup")
def setup(
    *,
    home: Home = None,
    broker: Broker = None,
    allow_unsafe_broker: AllowUnsafe = False,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Check that it keeps messages, and declare every queue the rules name; repeatable. / 检查并声明队列"""
    given = {"broker_url": broker, "allow_unsafe_broker": allow_unsafe_broker or None}
    with (
        command(language, as_json=as_json) as terminal,
        opened(settings_of(home, language, **given)) as runtime,
    ):
        remarks = runtime.check_broker()
        declared = runtime.set_up_broker()
        for remark in remarks:
            terminal.say(f"Note: {remark}", f"注意：{remark}")
        names = ", ".join(declared)
        terminal.say(f"Ready. Declared: {names or 'nothing to declare'}", f"就绪。已声明：{names or '无需声明'}")
        if as_json:
            terminal.result({"declared": declared, "remarks": remarks})


@broker_commands.command("accounts")
def write_accounts(
    *,
    directory: Annotated[Path, typer.Argument(help="Where the files go, 0600. / 输出目录", file_okay=False)],
    host: Annotated[str, typer.Option("--host", help="Host and port of the RabbitMQ. / 主机与端口")] = "127.0.0.1:5672",
    virtual_host: Annotated[str, typer.Option("--vhost", help="Virtual host. / 虚拟主机")] = "ledgerbus",
    prefix: Annotated[str, typer.Option("--prefix", help="Before each account's name. / 账号前缀")] = "ledgerbus-",
    sender: Annotated[list[str] | None, typer.Option("--sender", help="An OA program. / OA 程序")] = None,
    consumer: Annotated[list[str] | None, typer.Option("--consumer", help="A finance program. / 财务程序")] = None,
    home: Home = None,
    language: Language = None,
) -> None:
    """Write definitions.json for RabbitMQ, an account a role, and a file with each one's URL. / 生成各角色账号"""
    with command(language, as_json=False) as terminal, opened(settings_of(home, language)) as runtime:
        listed = accounts(runtime.queues, sender or [], consumer or [])
        passwords = {one.role: token_urlsafe(24) for one in listed}
        wanted = json.dumps(definitions(virtual_host, prefix, listed, passwords), indent=2)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = {"definitions.json": wanted}
        for role, password in passwords.items():
            files[f"broker_url_{role}"] = f"amqp://{prefix}{role}:{password}@{host}/{virtual_host}"
        for name, text in files.items():
            (directory / name).touch(mode=0o600)
            (directory / name).write_text(text + "\n", encoding="utf-8")
            terminal.say(str(directory / name), str(directory / name))


def queues(*, home: Home = None, broker: Broker = None, language: Language = None, as_json: Json = False) -> None:
    """Messages that wait in each queue, and dead letters. / 各队列待处理消息数与死信数"""
    with (
        command(language, as_json=as_json) as terminal,
        opened(settings_of(home, language, broker_url=broker)) as runtime,
    ):
        depths = queue_depths(runtime.broker_url, (*runtime.queues, DEAD))
        columns = (terminal.pick("queue", "队列"), terminal.pick("messages", "消息数"))
        terminal.table(columns, list(depths.items()), right=(1,))
        if as_json:
            terminal.result(depths)


def health(
    *,
    service: Annotated[ServiceName, typer.Option("--service", help="Which one, on this host. / 服务名称")],
    home: Home = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Whether a service of this host gets through its work; exit code 1 when not. / 检查服务是否正常工作"""
    with command(language, as_json=as_json) as terminal:
        settings = settings_of(home, language)
        why = _why_unhealthy(settings, service)
        if why:
            raise Permanent("SERVICE_UNHEALTHY", f"{service}: {why}", detail={"service": service})
        terminal.say(f"{service} works", f"{service} 工作正常")
        if as_json:
            terminal.result({"service": service, "healthy": True})


def _why_unhealthy(settings: Settings, service: ServiceName) -> str:
    if service in ("gateway", "flower"):
        address, path = {
            "gateway": (f"{_reachable(settings.gateway_host)}:{settings.gateway_port}", "/ready"),
            "flower": (f"{_reachable(settings.flower_host)}:{settings.flower_port}", "/healthcheck"),
        }[service]
        return "" if answers(f"http://{address}{path}", 5)() else f"{path} is not answered with 200"
    try:
        age = time.time() - settings.beat_file(service).stat().st_mtime
    except FileNotFoundError:
        return "it has not begun to work"
    return "" if age < _OLDEST_BEAT_SECONDS else f"it has done nothing for {age:.0f} s"


def _reachable(host: str) -> str:
    """Where this host reaches a service that is bound to every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound
