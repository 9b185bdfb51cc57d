"""What the demo shows: places, vouchers, one document's trace, the trial balance, what was refused and why."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from bus.bootstrap import Runtime
from bus.cli.console import Terminal
from bus.cli.embedded import Running
from bus.cli.tracing import show_exception, show_trace
from bus.errors import words_of
from bus.importing.report import ImportReport
from bus.money import format_minor
from bus.records import Voucher

_VOUCHERS_SHOWN = 12
_EXCEPTIONS_SHOWN = 50


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
    terminal.table(columns, [_voucher_row(voucher) for voucher in shown], right=(4,), whole=(0, 1), spare=(3,))
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
        terminal.pick("code", "代码"),
        terminal.pick("where", "位置"),
        terminal.pick("why", "原因"),
    )
    rows = []
    for each in refused:
        code = each.get("code")
        why = "" if code is None else terminal.pick(words_of(code).en, words_of(code).zh)
        rows.append((each["id"], terminal.state(each["outcome"]), code, each.get("pointer"), why))
    terminal.table(columns, rows, spare=(4,))


def _show_exceptions(terminal: Terminal, runtime: Runtime) -> None:
    with runtime.store.read() as uow:
        live = uow.exceptions.live(_EXCEPTIONS_SHOWN)
    if not live:
        return
    terminal.heading("Waiting for a person", "待人工处理")
    for each in live:
        amount = None if each.amount is None else format_minor(each.amount, each.currency or "")
        said = {"document": each.document, "code": each.code, "cause": each.cause}
        show_exception(terminal, {**said, "amount": amount, "currency": each.currency})


def _show_balance(terminal: Terminal, runtime: Runtime) -> None:
    with runtime.store.read() as uow:
        balances = uow.totals.balances()
    columns = (
        terminal.pick("account", "科目"),
        terminal.pick("name", "名称"),
        terminal.pick("debit", "借方"),
        terminal.pick("credit", "贷方"),
        terminal.pick("balance", "余额"),
    )
    for (company, book, currency), of_book in groupby(sorted(balances, key=_book_of), _book_of):
        terminal.heading(
            f"Trial balance of {company}, book {book}, {currency}", f"试算平衡表  {company}  账簿 {book}  {currency}"
        )
        rows: list[tuple[str, ...]] = []
        total_debit = total_credit = 0
        for _, _, code, _, debit, credit in of_book:
            account = runtime.books.account(company, book, code)
            amounts = (format_minor(units, currency) for units in (debit, credit, debit - credit))
            rows.append((code, terminal.pick(account.name_en, account.name_zh), *amounts))
            total_debit, total_credit = total_debit + debit, total_credit + credit
        totals = (total_debit, total_credit, total_debit - total_credit)
        rows.append(("", terminal.pick("total", "合计"), *(format_minor(units, currency) for units in totals)))
        terminal.table(columns, rows, right=(2, 3, 4), whole=(0,))


def _book_of(balance: tuple[str, str, str, str, int, int]) -> tuple[str, str, str]:
    company, book, _account, currency, _debit, _credit = balance
    return company, book, currency


def _show_figures(terminal: Terminal, figures: dict[str, Any]) -> None:
    terminal.heading("In figures", "汇总")
    reversals = figures["reversals"]
    booked = [(rule, of_rule["count"], of_rule["sum"]) for rule, of_rule in figures["entries"].items()]
    booked.append((terminal.pick("reversals", "冲销"), reversals["count"], reversals["sum"]))
    columns = (terminal.pick("rule", "规则"), terminal.pick("vouchers", "凭证数"), terminal.pick("debits", "借方合计"))
    terminal.table(columns, booked, right=(1, 2))
    terminal.out.print()
    rows = [
        (terminal.pick("events of this run", "本次事件"), _counts(terminal, figures["events"])),
        (terminal.pick("no-ops", "无需记账"), _counts(terminal, figures["no_op"])),
        (terminal.pick("exceptions", "异常"), _counts(terminal, figures["exceptions"])),
    ]
    rows += [
        (terminal.pick(f"postings {target}", f"过账 {target}"), _counts(terminal, states))
        for target, states in figures["postings"].items()
    ]
    rows += [
        (terminal.pick("debits less credits", "借贷差额"), figures["trial_balance"]),
        (terminal.pick("hash chain", "哈希链"), figures["chain"]),
        (terminal.pick("gaps in voucher numbers", "凭证断号"), str(figures["voucher_gaps"])),
        (terminal.pick("seconds", "用时（秒）"), str(figures["seconds"])),
    ]
    terminal.table(("", ""), rows, whole=(0,))


def _counts(terminal: Terminal, counts: dict[str, int]) -> str:
    return terminal.pick(", ", "，").join(f"{terminal.state(name)} {count}" for name, count in counts.items()) or "0"


def files(terminal: Terminal, bus: Running, exports: Sequence[Path]) -> None:
    """Where the ledgers can be looked at."""
    terminal.heading("Look further", "继续查看")
    home = bus.settings.home
    for main in sorted((home / "ledger").glob("*/*/main.beancount")):
        terminal.say(f"bean-check {main}", f"bean-check {main}")
    for export in exports:
        terminal.say(f"hledger check -f {export}", f"hledger check -f {export}")
    terminal.say(f"ledgerbus trace DOCUMENT --home {home}", f"ledgerbus trace 单据号 --home {home}")
