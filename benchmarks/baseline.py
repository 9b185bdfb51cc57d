"""The hand-written Celery pipeline under the same load: one worker with four processes, events as first tasks."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import create_engine, make_url

from benchmarks.baseline_celery.app import BROKER, create_app
from benchmarks.baseline_celery.models import DATABASE, Base
from benchmarks.rows import Rows, at_target
from benchmarks.servers import Place
from benchmarks.side import started
from bus.cli.child import Service

WORKER_PROCESSES: Final = 4
_ROOT: Final = Path(__file__).parents[1]

_CONFIRMED = "SELECT count(*) FROM journal WHERE state = 'confirmed'"
_ENTRIES = "SELECT count(*) FROM journal"
_SUMS = "SELECT account, sum(debit) * 100, sum(credit) * 100, count(*) FROM journal_line GROUP BY account"
_UNBALANCED = (
    "SELECT count(*) FROM (SELECT journal_id FROM journal_line GROUP BY journal_id"
    " HAVING sum(debit) <> sum(credit)) AS unequal"
)


class Baseline:
    """A running hand-written pipeline."""

    name = "baseline"
    confirmed_query = _CONFIRMED
    journalized_query = "SELECT 1 FROM journal WHERE source = 'oa.bench' AND event_id = %s"

    def __init__(self, place: Place, sessions: Mapping[str, int]) -> None:
        self.place = place
        self._sessions = sessions
        self._app = create_app(place.broker)

    def offer(self, events: Sequence[dict[str, Any]]) -> None:
        """Publish one ingest task an event over one kept producer."""
        with self._app.producer_or_acquire() as producer:
            for event in events:
                self._app.send_task("baseline.ingest", (event,), producer=producer)

    def offer_one(self, event: dict[str, Any]) -> None:
        """Publish one event as the first of the three tasks."""
        self.offer([event])

    def rows(self) -> Rows:
        """Rows of the database and of the sandbox ledger."""
        with psycopg.connect(self.place.database) as connection:
            sums = connection.execute(_SUMS).fetchall()
            entries, confirmed, unbalanced = (
                connection.execute(query).fetchall()[0][0] for query in (_ENTRIES, _CONFIRMED, _UNBALANCED)
            )
        return Rows(
            entries=entries,
            lines=sum(row[3] for row in sums),
            confirmed=confirmed,
            unbalanced=unbalanced,
            here={account: (int(debit), int(credit)) for account, debit, credit, _ in sums},
            **at_target(_ledger(self.place)),
        )

    def batches(self) -> str:
        """Documents a message."""
        return "1 at every hop: ingest, account, post"

    def sessions(self) -> Mapping[str, int]:
        """The worker."""
        return self._sessions


class OneTask(Baseline):
    """The same pipeline with checking and booking in one task: the least that Celery needs for a document."""

    name = "one Celery task"

    def offer(self, events: Sequence[dict[str, Any]]) -> None:
        """Publish one task an event."""
        with self._app.producer_or_acquire() as producer:
            for event in events:
                self._app.send_task("baseline.book", (event,), producer=producer)


@contextmanager
def baseline(place: Place) -> Iterator[Baseline]:
    """The hand-written pipeline, idle and ready."""
    database = make_url(place.database).set(drivername="postgresql+psycopg")
    engine = create_engine(database)
    Base.metadata.create_all(engine)
    engine.dispose()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))),
        BROKER: place.broker,
        DATABASE: database.render_as_string(hide_password=False),
        "BASELINE_LEDGER": str(_ledger(place)),
    }
    # Gossip and mingle serve several workers that know of each other; here they only cost messages.
    work = ("worker", "-c", str(WORKER_PROCESSES), "-l", "WARNING", "--without-gossip", "--without-mingle")
    command = (sys.executable, "-m", "celery", "-A", "benchmarks.baseline_celery.app", *work)
    service = Service("worker", command, environment, place.directory / "run" / "worker", announces=True)
    with started(place, [service]) as sessions:
        yield Baseline(place, sessions)


def _ledger(place: Place) -> Path:
    return place.directory / "sandbox.db"
