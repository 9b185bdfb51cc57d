"""The accounting engine alone, on one core, against the same rule written by hand: `python -m benchmarks.engine`."""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from benchmarks.baseline_celery.rule import voucher_lines
from benchmarks.events import COMPANY, reimbursements
from bus.accounting.engine import Engine
from bus.accounting.journal import DEBIT, JournalEntry
from bus.accounting.outcome import Booked
from bus.bootstrap import Runtime
from bus.config import Settings
from bus.message import Event

Side = tuple[str, Decimal, Decimal, dict[str, str]]


class NothingLive:
    """A ledger in which no document has an entry yet."""

    def live(self, _document: str) -> Sequence[JournalEntry]:
        """Live entries of a document."""
        return ()


def by_engine(engine: Engine, event: Event) -> list[Side]:
    """(account, debit, credit, dimensions) of the engine's voucher. Raises ValueError when it makes none."""
    outcome = engine.journalize(event, NothingLive())
    if not isinstance(outcome, Booked):
        raise ValueError(f"{event.subject} was not booked: {outcome}")  # noqa: TRY004 - an outcome, not a type
    [entry] = outcome.entries
    zero = Decimal(0)
    return [
        (line.account, *((amount, zero) if line.side == DEBIT else (zero, amount)), line.dims)
        for line in entry.lines
        if (amount := Decimal(line.amount) / 100)
    ]


def by_hand(event: Event) -> list[Side]:
    """The same of the rule written in straight-line Python."""
    return [(line.account, line.debit, line.credit, line.dims) for line in voucher_lines(event.data)]


def main(
    events: Annotated[int, typer.Option(min=1, help="events a run")] = 2_000,
    runs: Annotated[int, typer.Option(min=1, help="runs of each, in turn")] = 5,
) -> None:
    """Compare both on the same events. Exit code 1 when any voucher differs; the last line is the ratio."""
    runtime = Runtime(Settings(home=Path("unused")))
    engine = runtime.books.engine(COMPANY)
    load = [Event.from_cloudevent(attributes) for attributes in reimbursements(events)]
    differing = [event.subject for event in load if by_engine(engine, event) != by_hand(event)]
    ledger = NothingLive()
    rates: dict[str, list[float]] = {"engine": [], "by hand": []}
    for _ in range(runs):
        rates["engine"].append(_rate(lambda event: engine.journalize(event, ledger), load))
        rates["by hand"].append(_rate(lambda event: voucher_lines(event.data), load))
    for name, measured in rates.items():
        middle = median(measured)
        typer.echo(f"{name:8} {middle:9.0f} events/s  {1e6 / middle:7.1f} us of CPU an event")
    for document in differing:
        typer.echo(f"WRONG {document}: the two vouchers differ")
    typer.echo(f"ratio={median(rates['engine']) / median(rates['by hand']):.3f}")
    raise typer.Exit(1 if differing else 0)


def _rate(work: Callable[[Event], Any], load: Sequence[Event]) -> float:
    """Events a second of CPU time, so that whoever else uses the machine does not count."""
    begin = time.process_time()
    for event in load:
        work(event)
    return len(load) / (time.process_time() - begin)


if __name__ == "__main__":
    typer.run(main)
