"""What stands in a home's store, by plain SQL on its file, without the product."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

BALANCES = """
    SELECT e.company, e.book, l.account, SUM(CASE l.side WHEN 'debit' THEN l.amount ELSE -l.amount END)
    FROM journal_line l JOIN journal_entry e ON e.entry_id = l.entry_id
    GROUP BY e.company, e.book, l.account ORDER BY 1, 2, 3
"""
# A withdrawal that takes back an approval of nothing: the last word on the document before it was that approval.
ZERO_TAKEN_BACK = """
    SELECT COUNT(*) FROM inbox w JOIN inbox a ON a.company = w.company AND a.document = w.document
    WHERE w.type = 'document.withdrawn' AND w.state = 'no_op' AND a.reason = 'zero_amount'
      AND a.sequence = (SELECT MAX(b.sequence) FROM inbox b WHERE b.company = w.company AND b.document = w.document
                        AND b.sequence < w.sequence AND b.type <> 'payment.made')
"""
NO_OP_OF_TYPE = "SELECT COUNT(*) FROM inbox WHERE type = ? AND state = 'no_op' AND reason = ?"


def rows(home: Path, statement: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Rows of the store under `home`, read only."""
    with closing(sqlite3.connect(f"file:{home}/store.db?mode=ro", uri=True)) as store:
        return store.execute(statement, given).fetchall()


def value(home: Path, statement: str, given: Sequence[Any] = ()) -> Any:
    """The one value that a statement gives."""
    [(only,)] = rows(home, statement, given)
    return only


def balances(home: Path) -> dict[tuple[str, str], dict[str, Decimal]]:
    """(company, book) -> account -> balance, those of zero left out; all currencies here have two digits."""
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for company, book, account, units in rows(home, BALANCES):
        of_book = found.setdefault((company, book), {})
        if units:
            of_book[account] = Decimal(units).scaleb(-2)
    return found


def oracle_figures(figures: dict[str, Any], home: Path) -> dict[str, Any]:
    """The figures of a run in the words of the oracle of the public claim logs; some of them only the store tells."""
    approvals, payments = (figures["entries"][f"expense.{name}"] for name in ("reimbursement", "payment"))
    approved = value(home, "SELECT COUNT(*) FROM inbox WHERE type = 'reimbursement.approved'")
    return {
        "documents": figures["documents"]["total"],
        "approve_events": approved,
        "approve_zero": value(home, NO_OP_OF_TYPE, ("reimbursement.approved", "zero_amount")),
        "approval_vouchers": approvals["count"],
        "reversal_vouchers": figures["reversals"]["count"],
        "reversal_zero": value(home, ZERO_TAKEN_BACK),
        "payment_vouchers": payments["count"],
        "payment_zero": value(home, NO_OP_OF_TYPE, ("payment.made", "zero_amount")),
        "payment_without_live_approval": figures["exceptions"].get("NO_LIVE_APPROVAL", 0),
        "live_documents": figures["documents"]["live"],
        "sum_approval": approvals["sum"],
        "sum_reversal": str(-Decimal(figures["reversals"]["sum"])),
        "sum_payment": payments["sum"],
        "sum_live": figures["documents"]["sum_live"],
        "employee_payable_at_end": figures["accounts"]["2100"]["balance"],
    }
