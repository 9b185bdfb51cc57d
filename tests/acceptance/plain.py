"""What a claim log must end with, by the plainest bookkeeping: one pass over its steps, and nothing of the product."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

APPROVED: Final = "reimbursement.approved"
WITHDRAWN: Final = "document.withdrawn"
PAID: Final = "payment.made"


class Step(NamedTuple):
    """One event of a claim, in the order of its log; the amount in its currency's major unit, rounded."""

    document: str
    kind: str
    amount: Decimal


class Plain:
    """Keeps the claims: an approval is live until a withdrawal; a payment wants a live approval.

    Withdrawing a claim that has been paid, and approving one whose payment came first, are not in it.
    """

    def __init__(self) -> None:
        self._live: dict[str, Decimal] = {}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in ("entry", "no_op", "exception")}
        self._sums: Counter[str] = Counter()

    def take(self, step: Step) -> None:
        """What one step does."""
        if step.kind == WITHDRAWN:
            self._withdraw(step)
        elif not step.amount:
            self._counts["no_op"]["zero_amount"] += 1
        elif step.kind == APPROVED:
            self._approve(step)
        elif step.document in self._live:
            self._book("payment", step.amount)
        else:
            self._counts["exception"]["NO_LIVE_APPROVAL"] += 1

    def _approve(self, step: Step) -> None:
        if step.document in self._live:
            self._counts["no_op"]["already_live"] += 1
        else:
            self._live[step.document] = step.amount
            self._book("approval", step.amount)

    def _withdraw(self, step: Step) -> None:
        if step.document in self._live:
            self._book("reversal", -self._live.pop(step.document))
        else:
            self._counts["no_op"]["nothing_to_reverse"] += 1

    def _book(self, kind: str, amount: Decimal) -> None:
        self._counts["entry"][kind] += 1
        self._sums[kind] += amount  # type: ignore[assignment]  # a counter of decimals counts as well

    def figures(self, documents: int) -> dict[str, Any]:
        """The figures in the words of `ledgerbus demo --json`, on the accounts of the pack en-eur."""
        approval, reversal, payment = (self._sum(kind) for kind in ("approval", "reversal", "payment"))
        expense = approval + reversal
        return {
            "documents": {"total": documents, "live": len(self._live), "sum_live": _text(sum(self._live.values()))},
            "entries": {
                "expense.payment": {"count": self._counts["entry"]["payment"], "sum": _text(payment)},
                "expense.reimbursement": {"count": self._counts["entry"]["approval"], "sum": _text(approval)},
            },
            "reversals": {"count": self._counts["entry"]["reversal"], "sum": _text(reversal)},
            "no_op": dict(self._counts["no_op"]),
            "exceptions": dict(self._counts["exception"]),
            "accounts": {
                "1000": _account(Decimal(0), payment),
                "2100": _account(payment, expense),
                "5000": _account(expense, Decimal(0)),
            },
            "postings": {
                "beancount": {
                    "confirmed": self._counts["entry"].total(),
                    "rejected": 0,
                    "in_doubt": 0,
                    "pending": 0,
                }
            },
            "trial_balance": "0.00",
            "chain": "ok",
            "voucher_gaps": 0,
        }

    def _sum(self, kind: str) -> Decimal:
        return Decimal(self._sums[kind])


def figures(documents: int, steps: Iterable[Step]) -> dict[str, Any]:
    """The figures of a log of `documents` claims with these steps."""
    plain = Plain()
    for step in steps:
        plain.take(step)
    return plain.figures(documents)


def _account(debit: Decimal, credit: Decimal) -> dict[str, str]:
    return {"debit": _text(debit), "credit": _text(credit), "balance": _text(debit - credit)}


def _text(amount: Decimal | int) -> str:
    return f"{Decimal(amount):.2f}"
