"""A chart of accounts: codes, and the roles by which rules name them."""

import csv
import io
from dataclasses import dataclass
from typing import Final

from bus.accounting.findings import Findings, Place

ACCOUNT_TYPES: Final = ("asset", "contra_asset", "liability", "equity", "income", "expense")
PROFIT_AND_LOSS: Final = frozenset({"income", "expense"})
_COLUMNS: Final = ("code", "name_zh", "name_en", "type", "normal_side", "required_dims")


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `required_dims` are dimensions every line on it must carry."""

    code: str
    name_zh: str
    name_en: str
    type: str
    normal_side: str
    required_dims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Accounts by code; `roles` map a rule's word to a code; `cash` are the accounts that make a voucher 收 or 付."""

    name: str
    accounts: dict[str, Account]
    roles: dict[str, str]
    dimensions: frozenset[str]
    cash: frozenset[str] = frozenset()

    def code(self, name: str) -> str | None:
        """The code of a role or of a code itself; None when the chart has neither."""
        if name in self.accounts:
            return name
        return self.roles.get(name)


def read_accounts(file: str, text: str, findings: Findings) -> dict[str, Account]:
    """Accounts from CSV text whose header has at least code, names, type, normal_side, required_dims (| between)."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        findings.add(Place(file, 1, 1), f"columns missing: {', '.join(missing)}", "add them to the header line")
        return {}
    accounts: dict[str, Account] = {}
    for row in rows:
        place = Place(file, rows.line_num, 1)
        account = _account({name: (row[name] or "").strip() for name in _COLUMNS})
        if account.type not in ACCOUNT_TYPES:
            findings.add(place, f"account type {account.type} is not known", f"use one of {', '.join(ACCOUNT_TYPES)}")
        if account.normal_side not in ("debit", "credit"):
            findings.add(place, f"normal_side {account.normal_side} is not a side", "write debit or credit")
        if not account.code or account.code in accounts:
            findings.add(
                place, f"account code {account.code!r} is empty or written twice", "give each account one code"
            )
        accounts[account.code] = account
    return accounts


def _account(row: dict[str, str]) -> Account:
    return Account(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        type=row["type"],
        normal_side=row["normal_side"],
        required_dims=tuple(part for part in row["required_dims"].split("|") if part),
    )
