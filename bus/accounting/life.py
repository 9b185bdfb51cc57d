"""A document's life: the same again while it is live, or other content."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bus.accounting.journal import CREDIT, DEBIT, JournalEntry, JournalLine
from bus.accounting.outcome import Held
from bus.accounting.rule import Rule

_Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Change:
    """What to book: `lines`, after taking back `reversed`; `noop` when nothing is new; `corrects` for a blue entry."""

    lines: tuple[JournalLine, ...]
    reversed: tuple[JournalEntry, ...] = ()
    noop: bool = False
    corrects: bool = False


def what_changed(rule: Rule, live: Sequence[JournalEntry], lines: tuple[JournalLine, ...]) -> Change:
    """Compare derived lines with the live entries of the same life key, and follow the rule's `on_change`.

    Payload, date and text do not count. Raises Held CHANGED_WHILE_LIVE when a person must decide.
    """
    if not live:
        return Change(lines)
    booked = [line for entry in live for line in entry.lines]
    if rule.on_change == "difference":
        new = _difference(booked, lines)
        return Change(new, noop=not new, corrects=True)
    if Counter(map(_content, booked)) == Counter(map(_content, lines)):
        return Change(lines, noop=True)
    if rule.on_change == "hold":
        raise Held(
            "CHANGED_WHILE_LIVE",
            f"{live[0].document} is live with other lines",
            detail={"document": live[0].document, "entries": [entry.entry_id for entry in live], "rule": rule.name},
            cause=rule.name,
        )
    return Change(lines, tuple(reversed(live)), corrects=True)


def _content(line: JournalLine) -> tuple[Any, ...]:
    return (line.side, line.amount, line.base_amount, _key(line))


def _key(line: JournalLine) -> _Key:
    return (line.account, line.currency, tuple(sorted(line.dims.items())))


def _difference(booked: Sequence[JournalLine], wanted: Sequence[JournalLine]) -> tuple[JournalLine, ...]:
    """One line per account, currency and dimensions for what is wanted beyond what is booked."""
    nets: dict[_Key, int] = {}
    samples: dict[_Key, JournalLine] = {}
    for lines, sign in ((wanted, 1), (booked, -1)):
        for line in lines:
            key = _key(line)
            samples.setdefault(key, line)
            nets[key] = nets.get(key, 0) + sign * (line.amount if line.side == DEBIT else -line.amount)
    return tuple(_net_line(samples[key], net) for key, net in nets.items() if net)


def _net_line(sample: JournalLine, net: int) -> JournalLine:
    return JournalLine(
        line_id=sample.line_id,
        side=DEBIT if net > 0 else CREDIT,
        account=sample.account,
        amount=abs(net),
        currency=sample.currency,
        base_amount=abs(net),
        dims=sample.dims,
        text=sample.text,
        explain={**sample.explain, "difference": True},
    )
