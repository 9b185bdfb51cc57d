"""Give entries their voucher numbers and their links in the hash chain, under locked counters. Pure."""

from collections.abc import Mapping, Sequence

from bus.accounting.chain import voucher_hash
from bus.accounting.journal import VOUCHER
from bus.records import BookableEntry, NumberedEntry, voucher_number

CounterKey = tuple[str, str, str, str]
Counters = dict[CounterKey, tuple[int, str]]


def number(
    entries: Sequence[BookableEntry], counters: Counters, vouchers: Mapping[str, str]
) -> tuple[list[NumberedEntry], Counters]:
    """Entries in order -> numbered entries, and the counters' next numbers and heads after them.

    `vouchers` has the numbers of entries booked before, by entry id: a reversal's text names the one it takes back.
    """
    known = dict(vouchers)
    after = dict(counters)
    numbered: list[NumberedEntry] = []
    for bookable in entries:
        entry = bookable.entry
        next_number, head = after[bookable.counter]
        text = entry.text.replace(VOUCHER, known[entry.reverses]) if entry.reverses else entry.text
        link = voucher_hash(
            head,
            entry,
            company=bookable.company,
            source=bookable.source,
            event_id=bookable.event_id,
            period=bookable.period,
            number=next_number,
            accounting_date=bookable.accounting_date,
            text=text,
        )
        numbered.append(NumberedEntry(bookable, next_number, text, head, link))
        after[bookable.counter] = (next_number + 1, link)
        known[entry.entry_id] = voucher_number(entry.word, bookable.period, next_number)
    return numbered, after
