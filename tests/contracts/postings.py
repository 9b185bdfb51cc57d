"""Postings for the contract of the finance adapters: posting number i is the same in every process."""

from dataclasses import replace
from datetime import date, timedelta

from bus.ports import LedgerLine, LedgerPosting

CODES = {"1221.03": "asset", "6602.02": "expense", "2221.01.01": "liability", "2241": "liability"}


def line(account: str, debit: int, credit: int, *, name: str = "科目", kind: str | None = None) -> LedgerLine:
    """A line of an account of CODES; the dimension and text carry characters that need care."""
    return LedgerLine(
        account=account,
        account_name=name,
        account_type=kind or CODES.get(account, "asset"),
        debit=debit,
        credit=credit,
        dimensions={"department": "研发部", "cost_center": 'a"b\\c; d'},
        text="差旅费 北京, [2026-01-01] tag:x",
    )


def numbered(i: int, *, company: str = "CN01", book: str = "statutory", currency: str = "CNY") -> LedgerPosting:
    """Posting number i, dated in one of three months; debits 1 + i * 37 and i, credits their sum, minor units."""
    day = date(2026, 9, 1) + timedelta(days=i % 3 * 31)
    net, tax = 1 + i * 37, i
    return LedgerPosting(
        posting_id=f"{i:064x}",
        company=company,
        book=book,
        period=f"{day:%Y-%m}",
        word="记",
        number=f"记-{day:%Y-%m}-{i:04d}",
        accounting_date=day,
        currency=currency,
        document=f"报销 BX_{i}",
        event_type="reimbursement.approved",
        event_id=f"event-{i}",
        rule="expense.reimbursement@1",
        text=f'报销 "BX-{i}" \\ 差旅; 北京',
        entry_hash=f"{i:064x}",
        lines=(line("6602.02", net, 0), line("2221.01.01", tax, 0), line("2241", 0, net + tax)),
    )


def reversal(of: LedgerPosting) -> LedgerPosting:
    """The red-letter entry of a posting: sides stay, signs turn."""
    return replace(
        of,
        posting_id=f"{int(of.posting_id, 16) + 10**9:064x}",
        number=f"{of.number}-R",
        text=f"注销 {of.accounting_date} 凭证 {of.number}",
        reverses=of.number,
        lines=tuple(replace(line, debit=-line.debit, credit=-line.credit) for line in of.lines),
    )


def with_first_debit(of: LedgerPosting, extra: int) -> LedgerPosting:
    """The posting with `extra` minor units more in its first line, and in its last so that it balances."""
    first, *middle, last = of.lines
    lines = (replace(first, debit=first.debit + extra), *middle, replace(last, credit=last.credit + extra))
    return replace(of, lines=lines)


def unbalanced(of: LedgerPosting) -> LedgerPosting:
    """The posting with one minor unit too much in its first line."""
    first, *others = of.lines
    return replace(of, lines=(replace(first, debit=first.debit + 1), *others))


def sums(postings: list[LedgerPosting]) -> dict[str, int]:
    """Debit minus credit by account code, minor units."""
    total: dict[str, int] = {}
    for posting in postings:
        for part in posting.lines:
            total[part.account] = total.get(part.account, 0) + part.debit - part.credit
    return total
