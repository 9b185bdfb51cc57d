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
    for each in trace["exceptions"]:
        terminal.out.print()
        show_exception(terminal, each, is_over=each["closed_at"] is not None)


def show_exception(terminal: Terminal, raised: dict[str, Any], *, is_over: bool = False) -> None:
    """One exception: code, document, state and amount as far as `raised` has them, then cause, and what to do."""
    words = words_of(raised["code"])
    amount = "" if raised.get("amount") is None else f"{raised['amount']} {raised['currency']}"
    state = "" if raised.get("state") is None else terminal.state(raised["state"])
    head = (raised.get("document"), raised["code"], state, amount)
    terminal.out.print("  ".join(part for part in head if part), style="bold", markup=False)
    lines = [(terminal.pick("what", "问题"), terminal.pick(words.en, words.zh))]
    if raised["cause"] != raised["code"]:
        lines.append((terminal.pick("cause", "原因"), raised["cause"]))
    if not is_over:
        lines.append((terminal.pick("to do", "处理"), terminal.pick(words.remedy_en, words.remedy_zh)))
    terminal.table(("", "", ""), [("", name, text) for name, text in lines], whole=(1,))


def _show_events(terminal: Terminal, trace: dict[str, Any]) -> None:
    columns = (
        terminal.pick("event", "事件"),
        terminal.pick("type", "类型"),
        terminal.pick("seq.", "序号"),
        terminal.pick("accepted", "接收时间"),
        terminal.pick("outcome", "结果"),
    )
    rows = [
        (e["event_id"], e["type"], e["sequence"], _moment(e["received_at"]), _outcome(terminal, e))
        for e in trace["events"]
    ]
    terminal.table(columns, rows, right=(2,), whole=(3, 4), spare=(3,))


def _outcome(terminal: Terminal, event: dict[str, Any]) -> str:
    """State, then the voucher that came of it or the reason why none did."""
    told = event["voucher"] or terminal.state(event["reason"] or "")
    return f"{terminal.state(event['state'])} {told}".rstrip()


def _show_voucher(terminal: Terminal, voucher: dict[str, Any]) -> None:
    taken_back = f"  ⟲ {voucher['reverses']}" if voucher["reverses"] else ""
    currency = voucher["lines"][0]["currency"]
    head = (voucher["voucher"], voucher["accounting_date"], voucher["book"], currency, voucher["text"] + taken_back)
    terminal.out.print()
    terminal.out.print("  ".join(head), style="bold", markup=False)
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
    terminal.table(columns, rows, right=(2, 3), whole=(0,))
    because = [("", line["account"], line["line"], _because(terminal, line["explain"])) for line in voucher["lines"]]
    names = ("", terminal.pick("account", "科目"), terminal.pick("line", "分录行"), terminal.pick("because", "依据"))
    terminal.table(names, because, whole=(1, 2))


def _because(terminal: Terminal, explain: dict[str, Any]) -> str:
    """How a line came about: expression and value, the inputs it read, the map row behind its account."""
    parts = []
    if explain.get("expression"):
        parts.append(f"{explain['expression']} = {explain.get('value', '')}")
    if explain.get("inputs") and list(explain["inputs"]) != [explain.get("expression")]:
        read = ", ".join(f"{name} {value}" for name, value in explain["inputs"].items())
        parts.append(f"{terminal.pick('from', '取值')} {read}")
    if explain.get("map"):
        used = explain["map"]
        row = f"{used['name']}[{', '.join(used['key'].values())}]"
        parts.append(f"{terminal.pick('account by', '科目取自')} {row}")
    return "; ".join(parts)


def _show_postings(terminal: Terminal, trace: dict[str, Any]) -> None:
    if not trace["postings"]:
        return
    terminal.out.print()
    columns = (
        terminal.pick("voucher", "凭证号"),
        terminal.pick("target", "目标"),
        terminal.pick("state", "状态"),
        terminal.pick("tries", "次数"),
        terminal.pick("settled", "完成时间"),
        terminal.pick("reference there", "对方编号"),
    )
    rows = [
        (p["voucher"], p["target"], _answer(terminal, p), p["attempts"], _moment(p["settled_at"]), p["reference"])
        for p in trace["postings"]
    ]
    terminal.table(columns, rows, right=(3,), whole=(0, 1, 2, 4), spare=(4, 3))


def _answer(terminal: Terminal, posting: dict[str, Any]) -> str:
    """State and code: what to search the ledger program's own log for."""
    said = terminal.state(posting["state"])
    names = dict.fromkeys((said, posting["state"], posting["code"] or ""))
    return " ".join(name for name in names if name)


def _moment(milliseconds: int | None) -> str:
    """A moment in this machine's time zone, with its offset."""
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().isoformat(" ", "seconds")
