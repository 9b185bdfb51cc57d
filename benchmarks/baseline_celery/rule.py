"""The accounting rule in plain Python: a reimbursement in, the lines of its voucher out. Amounts are Decimal."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

_PACK: Final = Path(__file__).parents[2] / "rules" / "cn-gaap"
_CENT: Final = Decimal("0.01")

INPUT_VAT: Final = "2221.01.01"
INPUT_VAT_AWAITING: Final = "2221.08"
ADVANCES: Final = "1221.03"
EMPLOYEES_PAYABLE: Final = "2241.03"


@dataclass(slots=True)
class Line:
    """One line of a voucher; `debit` or `credit` is zero."""

    account: str
    debit: Decimal
    credit: Decimal
    dims: dict[str, str]
    text: str


def _accounts() -> dict[str, tuple[str, str]]:
    with (_PACK / "charts" / "CN_GAAP.csv").open(encoding="utf-8") as file:
        return {row["code"]: (row["name_zh"], row["type"]) for row in csv.DictReader(file)}


def _expense_accounts() -> dict[tuple[str, str], str]:
    text = (_PACK / "maps" / "expense_account.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)["maps"]["expense_account"]["rows"]
    return {(row["category"], row["dept_kind"]): row["to"] for row in rows}


ACCOUNTS: Final = _accounts()
EXPENSE_ACCOUNTS: Final = _expense_accounts()


def voucher_lines(data: dict[str, Any]) -> list[Line]:
    """The lines, merged by side, account and dimensions. Raises ValueError when items and total differ."""
    zero = Decimal(0)
    lines: list[Line] = []
    taxes: list[Line] = []
    claimed = zero
    for row in data["rows"]:
        gross, tax = Decimal(row["gross"]), Decimal(row.get("tax", "0"))
        claimed += gross
        net = gross
        if row.get("deductible") and tax > 0:
            net = gross - tax
            account = INPUT_VAT if row.get("certified") else INPUT_VAT_AWAITING
            taxes.append(Line(account, tax.quantize(_CENT), zero, {}, f"进项税额 {row['category']}"))
        dims = {"department": row["dept"]}
        if row.get("project"):
            dims["project"] = row["project"]
        account = EXPENSE_ACCOUNTS[row["category"], row["dept_kind"]]
        lines.append(Line(account, net.quantize(_CENT), zero, dims, f"{row['category']} {row.get('memo', '')}"))
    total = Decimal(data["total"])
    if claimed != total:
        raise ValueError(f"the items of {data['doc_no']} do not add up to its total")
    lines += taxes
    employee = data["employee"]
    advance = min(Decimal(data.get("advance", "0")), total)
    if advance > 0:
        lines.append(Line(ADVANCES, zero, advance, {"employee": employee}, f"冲借款 {employee}"))
    if total > advance:
        lines.append(Line(EMPLOYEES_PAYABLE, zero, total - advance, {"employee": employee}, f"应付 {employee}"))
    return _merged(lines)


def _merged(lines: list[Line]) -> list[Line]:
    merged: dict[tuple[bool, str, tuple[tuple[str, str], ...]], Line] = {}
    for line in lines:
        key = (line.debit > 0, line.account, tuple(sorted(line.dims.items())))
        if (first := merged.get(key)) is None:
            merged[key] = line
        else:
            first.debit += line.debit
            first.credit += line.credit
            if line.text not in first.text:
                first.text = f"{first.text}; {line.text}"
    return list(merged.values())
