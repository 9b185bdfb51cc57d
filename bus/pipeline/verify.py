"""Verify: read the whole journal and say whether it is what it claims: balanced, gapless, chained."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bus.accounting.chain import START, voucher_hash
from bus.accounting.journal import DEBIT, JournalEntry
from bus.records import Voucher
from bus.store_port import CounterKey, Store


@dataclass(slots=True)
class Verification:
    """What was found. `broken` names vouchers whose hash does not hold, `gaps` counts missing voucher numbers."""

    vouchers: int = 0
    broken: list[str] = field(default_factory=list)
    gaps: int = 0
    unbalanced: list[str] = field(default_factory=list)

    @property
    def chain(self) -> str:
        """The word "ok", or "broken" when any link or head does not hold."""
        return "broken" if self.broken else "ok"

    @property
    def sound(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.broken and not self.gaps and not self.unbalanced


class Verify:
    """The use case of `audit verify` and of the demo's last lines."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, progress: Callable[[int], None] | None = None) -> Verification:
        """Read every voucher of every company; `progress` is told how many have been read, now and then."""
        found = Verification()
        with self._store.read() as uow:
            heads = uow.totals.counters()
            expected: dict[CounterKey, tuple[int, str]] = dict.fromkeys(heads, (1, START))
            for voucher in uow.ledger.stream():
                _check(voucher, expected, found)
                if progress is not None and found.vouchers % 1000 == 0:
                    progress(found.vouchers)
        for key, (next_number, head) in heads.items():
            reached, link = expected[key]
            found.gaps += abs(next_number - reached)
            if link != head:
                found.broken.append(f"head of {'/'.join(key)}")
        found.broken += [f"no head of {'/'.join(key)}" for key in expected.keys() - heads.keys()]
        return found


def _check(voucher: Voucher, expected: dict[CounterKey, tuple[int, str]], found: Verification) -> None:
    entry = voucher.entry
    key = (voucher.company, entry.book, voucher.period, entry.word)
    next_number, head = expected.get(key, (1, START))
    found.vouchers += 1
    found.gaps += voucher.number - next_number
    content = voucher_hash(
        head,
        replace(entry, accounting_date=voucher.original_date),
        company=voucher.company,
        source=voucher.source,
        event_id=voucher.event_id,
        period=voucher.period,
        number=voucher.number,
        accounting_date=entry.accounting_date,
        text=entry.text,
    )
    if content != voucher.hash or voucher.previous_hash != head:
        found.broken.append(f"{voucher.company} {entry.book} {voucher.name}")
    if not entry.lines or any(_totals(entry).values()):
        found.unbalanced.append(f"{voucher.company} {entry.book} {voucher.name}")
    expected[key] = (voucher.number + 1, voucher.hash)


def _totals(entry: JournalEntry) -> dict[str, int]:
    """Debit minus credit in minor units, by currency and, under "", in the base currency."""
    totals: dict[str, int] = {}
    for line in entry.lines:
        sign = 1 if line.side == DEBIT else -1
        for currency, amount in ((line.currency, line.amount), ("", line.base_amount)):
            totals[currency] = totals.get(currency, 0) + sign * amount
    return totals
