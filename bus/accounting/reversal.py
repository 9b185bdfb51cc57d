"""Taking entries back: which, by which kind, on which date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bus.accounting.chart import PROFIT_AND_LOSS, Chart
from bus.accounting.company import Company
from bus.accounting.journal import MIRROR, RED, VOUCHER, JournalEntry
from bus.accounting.outcome import Held
from bus.accounting.pack import RulePack
from bus.accounting.rule import Rule
from bus.message import Event

PRIOR_YEAR_ROLE: Final = "prior_year.adjustment"
_PAYMENT: Final = "payment."


@dataclass(frozen=True, slots=True)
class Reversing:
    """Takes back entries of one company."""

    pack: RulePack
    company: Company

    def withdrawal(self, event: Event, live: Sequence[JournalEntry], on: date) -> list[JournalEntry]:
        """Reversals of the live approval entries, newest first; never of a payment. Raises Held."""
        approvals = [entry for entry in live if not entry.event_type.startswith(_PAYMENT)]
        return [self.reversal(event, entry, live, on) for entry in reversed(approvals)]

    def reversal(self, event: Event, entry: JournalEntry, live: Sequence[JournalEntry], on: date) -> JournalEntry:
        """The entry that takes one back on a date. Raises Held when it is paid or a person must decide on the year."""
        rule = self.pack.rule(entry.rule, entry.rule_version)
        if is_paid(entry, live) and (rule is None or rule.on_withdraw_paid == "hold"):
            raise Held(
                "PAID_DOCUMENT_WITHDRAWN",
                f"{entry.document} is paid",
                detail={"document": entry.document, "entry": entry.entry_id, "event": event.type},
                cause=entry.document,
            )
        policy = self._policy(rule) if on.year != entry.accounting_date.year else RED
        if policy == "hold":
            raise Held(
                "PRIOR_YEAR",
                f"{entry.document} was booked in {entry.accounting_date.year} and is taken back in {on.year}",
                detail={"document": entry.document, "entry": entry.entry_id, "booked": str(entry.accounting_date)},
                cause=f"{entry.accounting_date.year}>{on.year}",
            )
        chart = self.pack.charts[self.pack.books[entry.book]]
        return entry.reversed(
            source=event.source,
            event_id=event.id,
            event_type=event.type,
            on=on,
            text=self._text(entry),
            kind=RED if policy == RED else MIRROR,
            moved=(lambda account: _adjusted(account, chart)) if policy == "mirror_6901" else None,
        )

    def _policy(self, rule: Rule | None) -> str:
        return (rule.prior_year if rule else None) or self.company.prior_year or self.pack.prior_year

    def _text(self, entry: JournalEntry) -> str:
        day = entry.accounting_date.isoformat()
        return f"注销 {day} 凭证 {VOUCHER}" if self.company.locale == "zh" else f"Reversal of {VOUCHER} of {day}"


def is_paid(entry: JournalEntry, live: Sequence[JournalEntry]) -> bool:
    """Whether a live entry requires this one, or one of its document that is no longer live (paid before a change)."""
    known = {other.entry_id for other in live}
    return any(
        other.book == entry.book
        and other.requires
        and (entry.entry_id in other.requires or known.isdisjoint(other.requires))
        for other in live
    )


def _adjusted(account: str, chart: Chart) -> str:
    """Income and expense of an earlier year go to the adjustment account; the balance sheet keeps its own."""
    if account in chart.accounts and chart.accounts[account].type in PROFIT_AND_LOSS:
        return chart.roles.get(PRIOR_YEAR_ROLE, account)
    return account
