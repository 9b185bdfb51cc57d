"""`ledgerbus`: exit codes are 0 done, 1 something is wrong, 2 bad usage."""

from pathlib import Path
from typing import Annotated

import typer

from bus.cli.brokers import broker_commands, health, queues
from bus.cli.command import AllowUnsafe, Broker, Home, Json, Language, Store, command, opened, settings_of
from bus.cli.emitting import emit
from bus.cli.postings import posting_commands
from bus.errors import Permanent

app = typer.Typer(
    help="From approval in the office system to a balanced voucher in the ledger: once, provably. / 业财一体化总线",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
database = typer.Typer(help="The store. / 存储", no_args_is_help=True)
audit = typer.Typer(help="Prove the journal, hand it to others. / 审计", no_args_is_help=True)
app.add_typer(database, name="db")
app.add_typer(broker_commands, name="broker")
app.add_typer(posting_commands, name="postings")
app.add_typer(audit, name="audit")

Mapping = Annotated[
    Path | None, typer.Option("--mapping", help="An import mapping. / 导入映射", dir_okay=False, exists=True)
]
Files = Annotated[list[Path] | None, typer.Argument(help="Files, in the mapping's order. / 文件", dir_okay=False)]


@app.command()
def demo(
    *,
    files: Files = None,
    home: Home = None,
    mapping: Mapping = None,
    store: Store = None,
    broker: Broker = None,
    allow_unsafe_broker: AllowUnsafe = False,
    wait: Annotated[int, typer.Option("--wait", help="Seconds to come to rest. / 等待秒数", min=1)] = 900,
    keep: Annotated[bool, typer.Option("--keep", help="Keep running afterwards. / 结束后保持运行")] = False,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """A month of a company, or your own FILES, from approval to voucher. / 演示：从审批到凭证"""
    if bool(files) != bool(mapping):
        raise typer.BadParameter("--mapping and FILES go together / --mapping 须与文件一起使用")
    from bus.cli import demo as demonstration

    with command(language, as_json=as_json) as terminal:
        given = {"store_url": store, "broker_url": broker, "allow_unsafe_broker": allow_unsafe_broker or None}
        settings = settings_of(demonstration.home_of(home), language, **given)
        figures = demonstration.run(settings, terminal, mapping, files or [], wait, keep=keep)
        if as_json:
            terminal.result(figures)


@app.command()
def up(
    *,
    home: Home = None,
    store: Store = None,
    broker: Broker = None,
    allow_unsafe_broker: AllowUnsafe = False,
    language: Language = None,
) -> None:
    """Run everything until Ctrl-C: broker, gateway, dispatcher, workers, Flower. / 启动全部组件"""
    from bus.cli import showing
    from bus.cli.embedded import running

    with command(language, as_json=False) as terminal:
        given = {"store_url": store, "broker_url": broker, "allow_unsafe_broker": allow_unsafe_broker or None}
        with running(settings_of(home, language, **given)) as bus:
            showing.places(terminal, bus)
            terminal.say("Running; Ctrl-C stops it.", "运行中，按 Ctrl-C 停止。")
            with bus.supervisor.signals():
                bus.supervisor.wait_for_stop_request()
            terminal.say("Stopping …", "正在停止……")
        terminal.say("Stopped.", "已停止。")


@app.command("import")
def import_command(
    *,
    files: Annotated[list[Path], typer.Argument(help="Files, in the mapping's order. / 文件", dir_okay=False)],
    mapping: Annotated[Path, typer.Option("--mapping", help="An import mapping. / 导入映射", dir_okay=False)],
    home: Home = None,
    store: Store = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Turn approval logs into events and offer them to the store. Resumable, repeatable. / 导入审批日志"""
    from bus.cli import showing
    from bus.cli.feeding import import_files

    with (
        command(language, as_json=as_json) as terminal,
        opened(settings_of(home, language, store_url=store)) as runtime,
    ):
        runtime.upgrade_store()
        report = import_files(runtime, terminal, mapping, files, runtime.settings.home / "imports")
        showing.imported(terminal, report)
        if as_json:
            terminal.result(report.to_json())
        if report.rejected:
            raise typer.Exit(1)


@app.command()
def trace(
    *,
    document: Annotated[str, typer.Argument(help="The document's key. / 单据号")],
    home: Home = None,
    company: Annotated[str | None, typer.Option("--company", help="Where two have it. / 公司")] = None,
    store: Store = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """From a document to its events, rules, vouchers and confirmations. / 追溯一张单据"""
    from bus.cli.tracing import show_trace

    with (
        command(language, as_json=as_json) as terminal,
        opened(settings_of(home, language, store_url=store)) as runtime,
    ):
        found = [key for key in runtime.trace.find(document) if company in (None, key[0])]
        if not found:
            raise Permanent("DOCUMENT_UNKNOWN", "no such document in this store", detail={"document": document})
        if len(found) > 1:
            said = ", ".join(key[0] for key in found)
            raise Permanent(
                "DOCUMENT_AMBIGUOUS", f"companies {said} have it; say --company", detail={"companies": said}
            )
        traced = runtime.trace(*found[0])
        if as_json:
            terminal.result(traced)
        elif traced is not None:
            show_trace(terminal, traced)


@database.command("upgrade")
def upgrade(*, home: Home = None, store: Store = None, language: Language = None) -> None:
    """Bring the store to this version's schema. / 升级存储结构"""
    with command(language, as_json=False) as terminal, opened(settings_of(home, language, store_url=store)) as runtime:
        runtime.upgrade_store()
        terminal.say("The store is up to date.", "存储已是最新结构。")


@audit.command("verify")
def verify(*, home: Home = None, store: Store = None, language: Language = None, as_json: Json = False) -> None:
    """Read the whole journal: balanced, no number missing, every link of the chain. / 校验账簿"""
    with (
        command(language, as_json=as_json) as terminal,
        opened(settings_of(home, language, store_url=store)) as runtime,
    ):
        with terminal.err.status(terminal.pick("reading the journal", "读取账簿")) as status:
            found = runtime.verify(lambda read: status.update(f"{read}"))
        facts = {"vouchers": found.vouchers, "chain": found.chain, "voucher_gaps": found.gaps}
        facts |= {"broken": found.broken[:100], "unbalanced": found.unbalanced[:100]}
        terminal.table(("", ""), [(name, value) for name, value in facts.items() if value != []])
        if as_json:
            terminal.result(facts)
        if not found.sound:
            raise typer.Exit(1)


@audit.command("export")
def export(
    *,
    directory: Annotated[Path, typer.Argument(help="Where the files go. / 输出目录", file_okay=False)],
    home: Home = None,
    store: Store = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Write the journal for hledger, one file a company and book. / 导出账簿"""
    from bus.cli.ledgers import export_hledger

    with (
        command(language, as_json=as_json) as terminal,
        opened(settings_of(home, language, store_url=store)) as runtime,
    ):
        written = export_hledger(runtime, directory)
        for file in written:
            terminal.say(str(file), str(file))
        if as_json:
            terminal.result({"files": [str(file) for file in written]})


app.command("emit")(emit)
app.command("queues")(queues)
app.command("health")(health)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
