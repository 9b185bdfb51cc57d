"""What the demo shows: places, vouchers, one document's trace, the trial balance, what was refused and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bus.bootstrap import Runtime
from bus.cli.console import Terminal
from bus.cli.embedded import Running
from bus.cli.tracing import show_trace
from bus.errors import words_of
from bus.importing.report import ImportReport
from bus.money import format_minor
from bus.records import Voucher

_VOUCHERS_SHOWN = 12


def places(terminal: Terminal, bus: Running) -> None:
    """Where everything is."""
    home = bus.settings.home
    terminal.heading("Where everything is", "各组件位置")
    password = (
        terminal.pick("the configured password", "已配置的密码")
        if bus.settings.flower_password is not None
        else str(bus.flower_password_file)
    )
    terminal.table(
        ("", ""),
        [
            (terminal.pick("events in", "事件入口"), f"POST {bus.gateway_url}/events"),
            ("Flower", f"{bus.flower_url}  {bus.settings.flower_user} / {password}"),
            (terminal.pick("store", "存储"), _place_of_store(bus)),
            (terminal.pick("ledgers", "账簿文件"), home / "ledger"),
            (terminal.pick("logs", "日志"), home / "logs"),
        ],
    )


def _place_of_store(bus: Running) -> str:
    url = bus.runtime.store.engine.url
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def imported(terminal: Terminal, report: ImportReport) -> None:
    """What an import did."""
    terminal.heading(f"Import {report.mapping}", f"导入 {report.mapping}")
    rows: list[tuple[str, object]] = [
        (terminal.pick("rows read", "读取行数"), report.tally.rows),
        (terminal.pick("documents", "单据"), report.documents),
    ]
    rows += [(name, count) for name, count in report.tally.offered.items()]
    rows += [(terminal.pick(f"answered {name}", f"回执 {name}"), n) for name, n in report.receipts_now.items()]
    rows.append((terminal.pick("rows rejected", "拒绝行数"), report.rejected))
    rows += [(terminal.pick("reject file", "拒绝文件"), path) for path in report.rejects.values()]
    terminal.table(("", ""), rows, right=(1,))


def results(terminal: Terminal, runtime: Runtime, figures: dict[str, Any], answers: Sequence[dict[str, Any]]) -> None:
    """What became of what was fed."""
    _show_vouchers(terminal, runtime)
    _show_refused(terminal, answers)
    _show_exceptions(terminal, runtime)
    _show_balance(terminal, runtime)
    _show_figures(terminal, figures)


def _show_vouchers(terminal: Terminal, runtime: Runtime) -> None:
    terminal.heading("Vouchers", "凭证")
    shown: list[Voucher] = []
    total = 0
    with runtime.store.read() as uow:
        for voucher in uow.ledger.stream():
            total += 1
            if len(shown) < _VOUCHERS_SHOWN:
                shown.append(voucher)
    columns = (
        terminal.pick("number", "凭证号"),
        terminal.pick("date", "日期"),
        terminal.pick("text", "摘要"),
        terminal.pick("rule", "规则"),
        terminal.pick("amount", "金额"),
    )
    terminal.table(columns, [_voucher_row(voucher) for voucher in shown], right=(4,))
    if total > len(shown):
        terminal.say(f"… {total} in all", f"…… 共 {total} 张")
    if shown:
        document = max(shown, key=lambda voucher: len(voucher.entry.lines))
        trace = runtime.trace(document.company, document.entry.document)
        if trace is not None:
            terminal.heading(f"Trace of {document.entry.document}", f"单据 {document.entry.document} 的追溯")
            show_trace(terminal, trace)


def _voucher_row(voucher: Voucher) -> tuple[str, ...]:
    entry = voucher.entry
    amount = format_minor(entry.debit_total(), entry.currency)
    rule = f"{entry.rule}@{entry.rule_version}"
    return voucher.name, entry.accounting_date.isoformat(), entry.text, rule, f"{amount} {entry.currency}"


def _show_refused(terminal: Terminal, answers: Sequence[dict[str, Any]]) -> None:
    refused = [answer for answer in answers if answer["outcome"] != "accepted"]
    if not refused:
        return
    terminal.heading("Not taken in a second time, or not at all", "未重复接收或被拒绝的事件")
    columns = (
        terminal.pick("event", "事件"),
        terminal.pick("answer", "回执"),
        terminal.pick("why", "原因"),
        terminal.pick("where", "位置"),
    )
    terminal.table(columns, [(a["id"], a["outcome"], a.get("code") or "", a.get("pointer") or "") for a in refused])


def _show_exceptions(terminal: Terminal, runtime: Runtime) -> None:
    with runtime.store.read() as uow:
        live = uow.exceptions.live(50)
    if not live:
        return
    terminal.heading("Waiting for a person", "待人工处理")
    columns = (
        terminal.pick("document", "单据"),
        terminal.pick("code", "代码"),
        terminal.pick("cause", "原因"),
        terminal.pick("amount", "金额"),
        terminal.pick("what to do", "处理办法"),
    )
    rows = []
    for each in live:
        words = words_of(each.code)
        amount = "" if each.amount is None else f"{format_minor(each.amount, each.currency or '')} {each.currency}"
        rows.append((each.document, each.code, each.cause, amount, terminal.pick(words.remedy_en, words.remedy_zh)))
    terminal.table(columns, rows, right=(3,))


def _show_balance(terminal: Terminal, runtime: Runtime) -> None:
    terminal.heading("Trial balance", "试算平衡表")
    with runtime.store.read() as uow:
        balances = uow.totals.balances()
    rows = []
    for company, book, code, currency, debit, credit in balances:
        account = runtime.books.account(company, book, code)
        name = terminal.pick(account.name_en, account.name_zh)
        amounts = (format_minor(units, currency) for units in (debit, credit, debit - credit))
        rows.append((company, book, code, name, *amounts, currency))
    columns = (
        terminal.pick("company", "公司"),
        terminal.pick("book", "账簿"),
        terminal.pick("account", "科目"),
        terminal.pick("name", "名称"),
        terminal.pick("debit", "借方"),
        terminal.pick("credit", "贷方"),
        terminal.pick("balance", "余额"),
        "",
    )
    terminal.table(columns, rows, right=(4, 5, 6))


def _show_figures(terminal: Terminal, figures: dict[str, Any]) -> None:
    terminal.heading("In figures", "汇总")
    events = ", ".join(f"{name} {count}" for name, count in figures["events"].items())
    rows = [(terminal.pick("events of this run", "本次事件"), events)]
    for name, of_rule in figures["entries"].items():
        rows.append((name, f"{of_rule['count']}  {of_rule['sum']}"))
    reversals = figures["reversals"]
    rows += [
        (terminal.pick("reversals", "冲销"), f"{reversals['count']}  {reversals['sum']}"),
        (terminal.pick("no-ops", "无需记账"), _counts(figures["no_op"])),
        (terminal.pick("exceptions", "异常"), _counts(figures["exceptions"])),
    ]
    rows += [
        (terminal.pick(f"postings {t}", f"过账 {t}"), _counts(states)) for t, states in figures["postings"].items()
    ]
    rows += [
        (terminal.pick("debits less credits", "借贷差额"), figures["trial_balance"]),
        (terminal.pick("hash chain", "哈希链"), figures["chain"]),
        (terminal.pick("gaps in voucher numbers", "凭证断号"), str(figures["voucher_gaps"])),
        (terminal.pick("seconds", "用时（秒）"), str(figures["seconds"])),
    ]
    terminal.table(("", ""), rows)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "0"


def files(terminal: Terminal, bus: Running, exports: Sequence[Path]) -> None:
    """Where the ledgers can be looked at."""
    terminal.heading("Look further", "继续查看")
    home = bus.settings.home
    for main in sorted((home / "ledger").glob("*/*/main.beancount")):
        terminal.say(f"bean-check {main}", f"bean-check {main}")
    for export in exports:
        terminal.say(f"hledger check -f {export}", f"hledger check -f {export}")
    terminal.say(f"ledgerbus trace DOCUMENT --home {home}", f"ledgerbus trace 单据号 --home {home}")
