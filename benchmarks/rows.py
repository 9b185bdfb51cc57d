"""What a run left behind on either side, and what of it is wrong."""

import sqlite3
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

Sums = dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Counts of rows; sums of debits and credits by account in minor units, here and at the target."""

    entries: int
    lines: int
    confirmed: int
    unbalanced: int
    target_entries: int
    target_lines: int
    here: Sums
    there: Sums

    def shown(self) -> str:
        """The counts in one line."""
        counts = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return ", ".join(f"{name} {value}" for name, value in counts if isinstance(value, int))


def at_target(file: Path) -> dict[str, Any]:
    """Rows of the sandbox ledger, as members of Rows."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        [[entries]] = connection.execute("SELECT count(*) FROM posting")
        [[lines]] = connection.execute("SELECT count(*) FROM posting_line")
        sums = connection.execute("SELECT account, sum(debit), sum(credit) FROM posting_line GROUP BY account")
        there = {account: (int(debit), int(credit)) for account, debit, credit in sums}
    finally:
        connection.close()
    return {"target_entries": entries, "target_lines": lines, "there": there}


def findings(name: str, rows: Rows, events: int, claimed: int) -> list[str]:
    """What is wrong with one side that was offered `events` events claiming `claimed` minor units; nothing if sound."""
    found = [
        f"{name}: {what} {getattr(rows, what)}, expected {events}"
        for what in ("entries", "confirmed", "target_entries")
        if getattr(rows, what) != events
    ]
    if rows.unbalanced:
        found.append(f"{name}: {rows.unbalanced} entries do not balance")
    if rows.lines != rows.target_lines:
        found.append(f"{name}: {rows.lines} lines here, {rows.target_lines} at the target")
    if rows.here != rows.there:
        found.append(f"{name}: the target's balances differ from the journal's")
    for place, sums in (("journal", rows.here), ("target", rows.there)):
        debit, credit = (sum(side) for side in zip(*sums.values(), strict=True)) if sums else (0, 0)
        if not debit == credit == claimed:
            found.append(f"{name}: {place} has debits {debit}, credits {credit}, claimed were {claimed}")
    return found


def differences(ours: Rows, baseline: Rows) -> list[str]:
    """Where the two sides did not book the same vouchers."""
    found = []
    if ours.lines != baseline.lines:
        found.append(f"ours has {ours.lines} lines, the baseline {baseline.lines}")
    accounts = sorted(ours.here.keys() | baseline.here.keys())
    found += [f"account {a}: {ours.here.get(a)} and {baseline.here.get(a)}" for a in accounts
              if ours.here.get(a) != baseline.here.get(a)]  # fmt: skip
    return found
