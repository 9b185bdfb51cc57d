"""`ledgerbus trace`: one document from its events to the ledgers, for a person."""

from datetime import UTC, datetime
from typing import Any

from bus.cli.console import Terminal
from bus.errors import words_of


def show_trace(terminal: Terminal, trace: dict[str, Any]) -> None:
    """Events, vouchers with every line explained, postings, exceptions."""
    _show_events(terminal, trace)
    for voucher in trace["vouchers"]:
        _show_voucher(terminal, voucher)
    _show_postings(terminal, trace)
    _show_exceptions(terminal, trace)


def _show_events(terminal: Terminal, trace: dict[str, Any]) -> None:
    columns = (
        terminal.pick("event", "事件"),
        terminal.pick("type", "类型"),
        terminal.pick("seq.", "序号"),
        terminal.pick("accepted", "接收时间"),
        terminal.pick("state", "状态"),
        terminal.pick("reason", "原因"),
        terminal.pick("voucher", "凭证号"),
    )
    rows = [
        (e["event_id"], e["type"], e["sequence"], _moment(e["received_at"]), e["state"], e["reason"], e["voucher"])
        for e in trace["events"]
    ]
    terminal.table(columns, rows)


def _show_voucher(terminal: Terminal, voucher: dict[str, Any]) -> None:
    taken_back = f"  ⟲ {voucher['reverses']}" if voucher["reverses"] else ""
    terminal.out.print()
    head = f"{voucher['voucher']}  {voucher['book']}  {voucher['accounting_date']}  {voucher['text']}{taken_back}"
    terminal.out.print(head, style="bold", markup=False)
    terminal.say(
        f"by rule {voucher['rule']} of pack {voucher['pack_hash'][:12]}, link {voucher['hash'][:12]} in the chain",
        f"规则 {voucher['rule']}，规则包 {voucher['pack_hash'][:12]}，链上哈希 {voucher['hash'][:12]}",
    )
    columns = (
        terminal.pick("account", "科目"),
        terminal.pick("name", "名称"),
        terminal.pick("debit", "借方"),
        terminal.pick("credit", "贷方"),
        terminal.pick("dimensions", "辅助核算"),
    )
    rows = [
        (
            line["account"],
            terminal.pick(line["account_name"], line["account_name_zh"]),
            line["debit"],
            line["credit"],
            ", ".join(f"{name} {value}" for name, value in line["dims"].items()),
        )
        for line in voucher["lines"]
    ]
    terminal.table(columns, rows, right=(2, 3))
    for line in voucher["lines"]:
        terminal.out.print(f"  {line['account']} ← {_explained(line)}", style="dim", markup=False)


def _explained(line: dict[str, Any]) -> str:
    """How a line came about: its place in the rule, expression = value, inputs, the map row behind the account."""
    explain = line["explain"]
    parts = [line["line"]]
    if explain.get("expression"):
        parts.append(f"{explain['expression']} = {explain.get('value', '')}")
    if explain.get("inputs"):
        parts.append("(" + ", ".join(f"{name} {value}" for name, value in explain["inputs"].items()) + ")")
    if explain.get("map"):
        used = explain["map"]
        parts.append(f"{used['name']}[{', '.join(used['key'].values())}]")
    return "  ".join(parts)


def _show_postings(terminal: Terminal, trace: dict[str, Any]) -> None:
    if not trace["postings"]:
        return
    terminal.out.print()
    columns = (
        terminal.pick("voucher", "凭证号"),
        terminal.pick("target", "目标"),
        terminal.pick("state", "状态"),
        terminal.pick("tries", "次数"),
        terminal.pick("reference there", "对方编号"),
        terminal.pick("settled", "完成时间"),
    )
    rows = [
        (p["voucher"], p["target"], p["state"], p["attempts"], p["reference"], _moment(p["settled_at"]))
        for p in trace["postings"]
    ]
    terminal.table(columns, rows)


def _show_exceptions(terminal: Terminal, trace: dict[str, Any]) -> None:
    for each in trace["exceptions"]:
        words = words_of(each["code"])
        title = terminal.pick(words.en, words.zh)
        terminal.out.print()
        terminal.out.print(f"{each['code']} ({each['state']}): {title}; {each['cause']}", markup=False)
        if each["closed_at"] is None:
            terminal.say(f"  {words.remedy_en}", f"  {words.remedy_zh}")


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().isoformat(timespec="seconds")
