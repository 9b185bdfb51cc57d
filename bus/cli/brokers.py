"""Commands about the broker and the services on it: set it up, look into its queues, ask whether a service works."""

import time
from typing import Annotated, Final, Literal

import typer

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
