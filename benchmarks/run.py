"""`make bench`: the bus against a hand-written Celery pipeline on the same servers; the last line is the ratio."""

import json
import signal
import sys
import tempfile
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer

from benchmarks.baseline import OneTask, baseline
from benchmarks.events import claimed, reimbursements
from benchmarks.ours import ours
from benchmarks.rows import Rows, differences, findings
from benchmarks.servers import OWN_REDIS, STORE, Place, place
from benchmarks.side import Side, latency, throughput, warm_up

_OPEN: Final[dict[str, Any]] = {"ledgerbus": ours, "baseline": baseline}
_WARM_UP: Final = 40

Run = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Load:
    """What each side is offered in a run: events that wake it up, then those that are timed."""

    warm: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def all(self) -> list[dict[str, Any]]:
        """Both, as the rows must show them."""
        return self.warm + self.events


def main(  # noqa: PLR0917 - each is a named option of the command line
    store: Annotated[str, typer.Option(help="URL of a PostgreSQL database from which others may be created")] = STORE,
    broker: Annotated[
        str, typer.Option(help='"redis" (own server), "rabbitmq" (own virtual host) or a URL')
    ] = OWN_REDIS,
    events: Annotated[int, typer.Option(min=1, help="events a run")] = 10_000,
    runs: Annotated[int, typer.Option(min=1, help="runs of each side, in turn")] = 3,
    latency_seconds: Annotated[int, typer.Option(min=0, help="how long one document at a time is timed")] = 20,
    json_file: Annotated[Path | None, typer.Option("--json", help="also write the figures to this file")] = None,
) -> None:
    """Measure both sides in turn. Exit code 1 when rows or balances of either are wrong."""
    load = Load(reimbursements(_WARM_UP, "WARM"), reimbursements(events))
    done: dict[str, list[Run]] = {name: [] for name in _OPEN}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="ledgerbus-bench-") as directory:
        for number in range(1, runs + 1):
            timed = 10 * latency_seconds if number == runs else 0
            for name in _OPEN:
                try:
                    with place(Path(directory) / f"{name}-{number}", store, broker) as where:
                        run = _run(name, where, load, timed)
                except ConnectionError as error:
                    # As it is, the command line would take it for a reader that has gone, and end in silence.
                    raise RuntimeError(f"{name}: a connection was lost") from error
                wrong += findings(name, run["rows"], len(load.all), claimed(load.all))
                done[name].append(run)
                typer.echo(_line(number, name, run))
            wrong += differences(*(done[name][-1]["rows"] for name in ("ledgerbus", "baseline")))
    result = _result(done, events)
    _show(done, result)
    if json_file is not None:
        json_file.write_text(json.dumps({**result, "runs": done}, default=_plain, ensure_ascii=False, indent=2) + "\n")
    for finding in wrong:
        typer.echo(f"WRONG {finding}")
    typer.echo(f"ratio={result['ratio']:.2f}")
    raise typer.Exit(1 if wrong else 0)


def _run(name: str, where: Place, load: Load, timed: int) -> Run:
    opened: AbstractContextManager[Any] = _OPEN[name](where)
    with opened as side:
        warm_up(side, load.warm)
        measured = throughput(side, load.events)
        run: Run = {**asdict(measured), "rows": side.rows(), "durability": where.durability, "batches": side.batches()}
        if timed:
            run["latency"] = _latencies(side, timed)
    return run


def _latencies(side: Side, count: int) -> dict[str, dict[str, float]]:
    found = {side.name: latency(side, reimbursements(count, "ONE"))}
    if side.name == "baseline":
        single = OneTask(side.place, side.sessions())
        found[single.name] = latency(single, reimbursements(count, "TASK"))
    return found


def _line(number: int, name: str, run: Run) -> str:
    cpu = ", ".join(f"{process} {seconds:.1f}" for process, seconds in run["cpu"].items())
    rate, seconds, offering = run["rate"], run["seconds"], run["offering"]
    return f"run {number} {name:9} {rate:8.1f} events/s  {seconds:6.2f} s, offering {offering:.2f} s; CPU s: {cpu}"


def _result(done: dict[str, list[Run]], events: int) -> dict[str, Any]:
    rates = {name: round(median(run["rate"] for run in runs), 1) for name, runs in done.items()}
    # What an event costs, whoever else uses the machine.
    cost = {name: median(sum(run["cpu"].values()) for run in runs) / events * 1000 for name, runs in done.items()}
    latencies = {name: times for runs in done.values() for name, times in runs[-1].get("latency", {}).items()}
    return {
        "events": events,
        "events_per_second": rates,
        "cpu_ms_per_event": {name: round(value, 3) for name, value in cost.items()},
        "cpu_ratio": round(cost["baseline"] / cost["ledgerbus"], 2),
        "latency_ms": latencies,
        "ratio": round(rates["ledgerbus"] / rates["baseline"], 2),
    }


def _show(done: dict[str, list[Run]], result: dict[str, Any]) -> None:
    for name, runs in done.items():
        typer.echo(f"\n{name}: median {result['events_per_second'][name]} events/s")
        typer.echo(f"  CPU, loader and database included: {result['cpu_ms_per_event'][name]} ms an event")
        typer.echo(f"  documents a message: {runs[-1]['batches']}")
        typer.echo(f"  durability: {runs[-1]['durability']}")
        typer.echo(f"  rows: {runs[-1]['rows'].shown()}")
    typer.echo(f"\nthe baseline spends {result['cpu_ratio']:.1f} times the CPU of the bus on an event")
    if result["latency_ms"]:
        typer.echo("\none document at a time, accepted -> in the journal, ms:")
    for name, times in result["latency_ms"].items():
        typer.echo(f"  {name:16} p50 {times['p50']:7.1f}  p95 {times['p95']:7.1f}  ({times['documents']} documents)")


def _plain(value: object) -> Any:
    if isinstance(value, Rows):
        return asdict(value)
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    # Asked to stop, it still stops its servers and drops its databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
