"""What is measured alike on both sides: how fast a load is confirmed, and how soon one document is in the journal."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final, Protocol

import psycopg

from benchmarks.cpu import cpu_seconds
from benchmarks.rows import Rows
from benchmarks.servers import Place
from bus.cli.child import Service
from bus.cli.supervisor import Supervisor
from bus.errors import Permanent

_POLL: Final = 0.05
_CLOSE_POLL: Final = 0.001
_PACE: Final = 0.1
_STALLED_AFTER: Final = 120.0

Event = dict[str, Any]


class Side(Protocol):
    """A pipeline that runs, with its database."""

    name: str
    place: Place
    confirmed_query: str
    journalized_query: str

    def offer(self, events: Sequence[Event]) -> None:
        """Hand over a load as fast as it is taken."""
        ...

    def offer_one(self, event: Event) -> None:
        """Hand over one document; returns when it is accepted."""
        ...

    def rows(self) -> Rows:
        """What it left behind."""
        ...

    def batches(self) -> str:
        """How many documents a message carried at each hop."""
        ...

    def sessions(self) -> Mapping[str, int]:
        """The processes that it runs: name -> session id."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """A load from the first event offered to the last confirmation seen: seconds, rate, seconds spent offering, and CPU
    seconds by process.
    """

    seconds: float
    rate: float
    offering: float
    cpu: dict[str, float]


def throughput(side: Side, events: Sequence[Event]) -> Measured:
    """Offer a load and wait for its last confirmation. Both sides are asked alike, every 50 ms."""
    with _watching(side) as connection:
        before, cpu = _confirmed(connection, side), cpu_seconds(side.sessions(), connection)
        loader = time.process_time()
        begin = time.perf_counter()
        side.offer(events)
        offered = time.perf_counter()
        loader = time.process_time() - loader
        _await_confirmed(connection, side, before + len(events))
        end = time.perf_counter()
        after = cpu_seconds(side.sessions(), connection)
    spent = {name: round(seconds - cpu[name], 2) for name, seconds in after.items()}
    took = end - begin
    return Measured(took, len(events) / took, offered - begin, {"loader": round(loader, 2), **spent})


def warm_up(side: Side, events: Sequence[Event]) -> None:
    """Let every process read its rules and open its connections before any clock starts."""
    with _watching(side) as connection:
        before = _confirmed(connection, side)
        for event in events:
            side.offer_one(event)
        _await_confirmed(connection, side, before + len(events))


def latency(side: Side, events: Sequence[Event]) -> dict[str, float]:
    """p50 and p95 in milliseconds from accepted to seen in the journal, ten documents a second."""
    took: list[float] = []
    with _watching(side) as connection:
        due = time.perf_counter()
        for event in events:
            side.offer_one(event)
            accepted = time.perf_counter()
            while connection.execute(side.journalized_query, [event["id"]]).fetchone() is None:
                if time.perf_counter() - accepted > _STALLED_AFTER:
                    raise RuntimeError(f"{side.name}: a document never reached the journal")
                time.sleep(_CLOSE_POLL)
            took.append((time.perf_counter() - accepted) * 1000)
            due += _PACE
            time.sleep(max(0.0, due - time.perf_counter()))
    return {"p50": round(median(took), 1), "p95": round(quantiles(took, n=20)[-1], 1), "documents": len(took)}


@contextmanager
def started(place: Place, services: Sequence[Service]) -> Iterator[Mapping[str, int]]:
    """Run services until left; gives their session ids by name. Raises RuntimeError with the ends of their logs."""
    supervisor = Supervisor(place.directory, services)
    try:
        supervisor.__enter__()
    except Permanent as error:
        # The logs go with the directory.
        raise RuntimeError(f"{error}\n{_last_words(place)}") from error
    try:
        watcher = threading.Thread(target=supervisor.watch, daemon=True)
        watcher.start()
        run = place.directory / "run"
        yield {service.name: int((run / f"{service.name}.pid").read_text()) for service in services}
    finally:
        supervisor.stop()


def _last_words(place: Place) -> str:
    logs = sorted((place.directory / "logs").glob("*.log"))
    return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs)


@contextmanager
def _watching(side: Side) -> Iterator[psycopg.Connection]:
    with psycopg.connect(side.place.database, autocommit=True) as connection:
        yield connection


def _confirmed(connection: psycopg.Connection, side: Side) -> int:
    row = connection.execute(side.confirmed_query).fetchone()
    return int(row[0]) if row else 0


def _await_confirmed(connection: psycopg.Connection, side: Side, wanted: int) -> None:
    reached, moved = 0, time.monotonic()
    while (now := _confirmed(connection, side)) < wanted:
        if now > reached:
            reached, moved = now, time.monotonic()
        if time.monotonic() - moved > _STALLED_AFTER:
            raise RuntimeError(f"{side.name}: stopped at {now} of {wanted} confirmed\n{_last_words(side.place)}")
        time.sleep(_POLL)
