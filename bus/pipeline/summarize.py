"""Summarize: the whole store in figures, as one JSON object; amounts are text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from bus.money import format_minor
from bus.pipeline.verify import Verify
from bus.store_port import Store

_PENDING = ("pending", "leased", "sent")
_RECEIPTS = ("accepted", "duplicate", "conflict", "invalid")


class Summarize:
    """The use case behind the demo's figures."""

    def __init__(self, store: Store, verify: Verify) -> None:
        self._store = store
        self._verify = verify

    def __call__(self, receipts: Mapping[str, int], seconds: float) -> dict[str, Any]:
        """`receipts` counts this run's answers by outcome; everything else is the store's total.

        `entries` are no reversals; sums are of debits, those of red reversals negative. Figures of several currencies
        are written one after the other with their codes.
        """
        with self._store.read() as uow:
            live = uow.totals.live_documents()
            figures = {
                "events": {name: receipts.get(name, 0) for name in _RECEIPTS},
                "documents": {
                    "total": uow.totals.documents(),
                    "live": len({(company, document) for company, document, _, _ in live}),
                    "sum_live": _sum((currency, debit) for _, _, currency, debit in live),
                },
                "entries": _by_rule(uow.totals.entries()),
                "reversals": _counted(uow.totals.reversals()),
                "no_op": uow.totals.no_op(),
                "exceptions": uow.totals.exceptions(),
                "accounts": _accounts(uow.totals.balances()),
                "postings": {target: _posting_states(states) for target, states in uow.totals.postings().items()},
                "trial_balance": _sum((row[3], row[4] - row[5]) for row in uow.totals.balances()),
            }
        found = self._verify()
        return {**figures, "chain": found.chain, "voucher_gaps": found.gaps, "seconds": round(seconds, 3)}


def _by_rule(rows: Iterable[tuple[str, str, int, int]]) -> dict[str, dict[str, Any]]:
    grouped: dict[str, list[tuple[str, str, int, int]]] = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row)
    return {rule: _counted(of_rule) for rule, of_rule in grouped.items()}


def _counted(rows: Iterable[tuple[str, str, int, int]]) -> dict[str, Any]:
    kept = list(rows)
    return {"count": sum(row[2] for row in kept), "sum": _sum((row[1], row[3]) for row in kept)}


def _accounts(rows: Iterable[tuple[str, str, str, str, int, int]]) -> dict[str, dict[str, str]]:
    grouped: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for _company, _book, account, currency, debit, credit in rows:
        grouped[account].append((currency, debit, credit))
    return {
        account: {
            "debit": _sum((currency, debit) for currency, debit, _ in amounts),
            "credit": _sum((currency, credit) for currency, _, credit in amounts),
            "balance": _sum((currency, debit - credit) for currency, debit, credit in amounts),
        }
        for account, amounts in sorted(grouped.items())
    }


def _posting_states(states: Mapping[str, int]) -> dict[str, int]:
    settled = {name: states.get(name, 0) for name in ("confirmed", "rejected", "in_doubt")}
    return {**settled, "pending": sum(states.get(name, 0) for name in _PENDING)}


def _sum(amounts: Iterable[tuple[str, int]]) -> str:
    totals: Counter[str] = Counter()
    for currency, units in amounts:
        totals[currency] += units
    if not totals:
        return "0.00"
    if len(totals) == 1:
        [(currency, units)] = totals.items()
        return format_minor(units, currency)
    return " ".join(f"{format_minor(units, currency)} {currency}" for currency, units in sorted(totals.items()))
