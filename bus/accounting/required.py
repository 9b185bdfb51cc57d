"""What a rule sees of the entry it requires."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bus.accounting.chart import Chart
from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import LedgerView
from bus.accounting.rule import Requires
from bus.money import from_minor


def live_entries(ledger: LedgerView, document: str) -> list[JournalEntry]:
    """Live entries of a document, reversals themselves left out."""
    return [entry for entry in ledger.live(document) if entry.reverses is None]


def bound(wanted: Requires, document: str, found: Sequence[JournalEntry], chart: Chart) -> Mapping[str, Any]:
    """The value behind the name of `requires`: document, first value of each dimension, amounts by line id.

    A line that is not in the entries has amount 0; several entries or rows of one line are summed.
    """
    dims = dict.fromkeys(chart.dimensions, "")
    amounts = dict.fromkeys(wanted.lines, (Decimal(0), Decimal(0)))
    for line in (line for entry in found for line in entry.lines):
        dims.update({name: value for name, value in line.dims.items() if not dims.get(name)})
        line_id = line.line_id.partition("#")[0]
        amount, base = amounts.get(line_id, (Decimal(0), Decimal(0)))
        # Both currencies are the same until rates exist, so the base amount has the digits of the line's currency.
        amounts[line_id] = (
            amount + from_minor(line.amount, line.currency),
            base + from_minor(line.base_amount, line.currency),
        )
    lines = {name: {"amount": amount, "base": base} for name, (amount, base) in amounts.items()}
    return {"document": document, "dims": dims, "lines": lines}
