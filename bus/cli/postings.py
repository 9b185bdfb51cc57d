"""Commands about postings: send again what a registered consumer was sent."""

from datetime import date, datetime
from typing import Annotated

import typer

from bus.cli.command import Broker, Home, Json, Language, Store, command, opened, settings_of

posting_commands = typer.Typer(help="Postings. / 过账", no_args_is_help=True)

_DAY = ["%Y-%m-%d"]


@posting_commands.command("resend")
def resend(
    *,
    target: Annotated[str, typer.Option("--target", help="A target that is a channel. / 通道目标")],
    since: Annotated[
        datetime, typer.Option("--from", help="First UTC day of booking. / 起始记账日（UTC）", formats=_DAY)
    ],
    until: Annotated[
        datetime | None, typer.Option("--to", help="Last UTC day of booking. / 截止记账日（UTC）", formats=_DAY)
    ] = None,
    home: Home = None,
    store: Store = None,
    broker: Broker = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Send a consumer once more what it was sent, confirmed or not; the store stays as it is. / 向消费者重发过账"""
    if until is not None and until < since:
        raise typer.BadParameter("not before --from / 不得早于 --from", param_hint="--to")
    with (
        command(language, as_json=as_json) as terminal,
        opened(settings_of(home, language, store_url=store, broker_url=broker)) as runtime,
    ):
        said = terminal.pick("sending", "正在重发")
        with terminal.err.status(said) as status:
            sent = runtime.resend(target, since.date(), _day(until), lambda count: status.update(f"{said}: {count}"))
        terminal.say(f"{sent} postings sent again to {target}.", f"已向 {target} 重发 {sent} 笔过账。")
        if as_json:
            terminal.result({"target": target, "sent": sent})


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
