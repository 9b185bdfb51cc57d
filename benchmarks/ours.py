"""The bus under load: gateway, dispatcher and a worker with two processes, events through the HTTP door."""

import http.client
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import psycopg
import yaml

from benchmarks.events import COMPANY
from benchmarks.rows import Rows, at_target
from benchmarks.servers import Place
from benchmarks.side import started
from bus.bootstrap import Runtime
from bus.cli.services import free_port, service_commands
from bus.config import PROJECT, Settings

WORKER_PROCESSES: Final = 2
DOCUMENTS_A_POST: Final = 500
# One POST is being read while the other is being committed.
_SENDERS: Final = 2
# The door closes a connection that was idle for 5 s.
_KEPT_SECONDS: Final = 2.0

_ENTRIES = "SELECT count(*), count(DISTINCT booked_at) FROM journal_entry"
_CONFIRMED = "SELECT count(*) FROM posting WHERE state = 'confirmed'"
_DELIVERED = "SELECT count(*), count(DISTINCT settled_at) FROM posting WHERE state = 'confirmed'"
_SUMS = (
    "SELECT account, sum(CASE side WHEN 'debit' THEN amount ELSE 0 END), sum(CASE side WHEN 'credit' THEN amount ELSE 0"
    " END), count(*) FROM journal_line GROUP BY account"
)
_UNBALANCED = (
    "SELECT count(*) FROM (SELECT entry_id FROM journal_line GROUP BY entry_id"
    " HAVING sum(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0) AS unequal"
)


class Ours:
    """A running bus."""

    name = "ledgerbus"
    confirmed_query = _CONFIRMED
    journalized_query = "SELECT 1 FROM journal_entry WHERE source = 'oa.bench' AND event_id = %s"

    def __init__(self, place: Place, settings: Settings, sessions: Mapping[str, int]) -> None:
        self.place = place
        self._settings = settings
        self._sessions = sessions
        self._single = self._connect()
        self._used = 0.0

    def offer(self, events: Sequence[dict[str, Any]]) -> None:
        """POST the load in batches over two connections. Raises RuntimeError unless every event is accepted."""
        batches = [events[at : at + DOCUMENTS_A_POST] for at in range(0, len(events), DOCUMENTS_A_POST)]
        with ThreadPoolExecutor(_SENDERS) as senders:
            list(senders.map(self._offer_share, [batches[sender::_SENDERS] for sender in range(_SENDERS)]))

    def offer_one(self, event: dict[str, Any]) -> None:
        """POST one event. Raises RuntimeError unless it is accepted."""
        if time.monotonic() - self._used > _KEPT_SECONDS:
            self._single.close()  # it opens again by itself
        answer = _post(self._single, orjson.dumps(event), "application/cloudevents+json")
        self._used = time.monotonic()
        _expect_accepted([answer])

    def rows(self) -> Rows:
        """Rows of the store and of the sandbox ledger."""
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
            **at_target(self._settings.home / "sandbox.db"),
        )

    def batches(self) -> str:
        """Documents a message, those of the workers as found in the store."""
        with psycopg.connect(self.place.database) as connection:
            entries, bookings = connection.execute(_ENTRIES).fetchall()[0]
            postings, deliveries = connection.execute(_DELIVERED).fetchall()[0]
        return (
            f"door {DOCUMENTS_A_POST} a POST; journalize and deliver up to {self._settings.batch_size} a message"
            f" ({entries} entries in {bookings} bookings, {postings} postings in {deliveries} confirmations)"
        )

    def sessions(self) -> Mapping[str, int]:
        """Gateway, dispatcher, worker."""
        return self._sessions

    def _offer_share(self, batches: Sequence[Sequence[dict[str, Any]]]) -> None:
        connection = self._connect()
        for batch in batches:
            answer = _post(connection, orjson.dumps(batch), "application/cloudevents-batch+json")
            _expect_accepted(answer["receipts"])
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._settings.gateway_host, self._settings.gateway_port, timeout=120)


@contextmanager
def ours(place: Place) -> Iterator[Ours]:
    """A bus with the sandbox as its only target, at rest and ready."""
    settings = Settings(
        home=place.directory,
        store_url=place.database,
        broker_url=place.broker,
        rules_dir=_rules(place.directory / "rules"),
        gateway_port=free_port("127.0.0.1", 0),
        worker_concurrency=WORKER_PROCESSES,
        log_level="WARNING",
    )
    runtime = Runtime(settings)
    runtime.upgrade_store()
    runtime.set_up_broker()
    services = [each for each in service_commands(settings, runtime.queues) if each.name != "flower"]
    runtime.close()
    with started(place, services) as sessions:
        yield Ours(place, settings, sessions)


def _rules(directory: Path) -> Path:
    """The shipped rules; the company's vouchers go to the sandbox alone."""
    shutil.copytree(PROJECT / "rules", directory)
    file = directory / "companies.yaml"
    companies = yaml.safe_load(file.read_text(encoding="utf-8"))
    company = companies["companies"][COMPANY]
    company["targets"] = [target for target in company["targets"] if target["name"] == "sandbox"]
    file.write_text(yaml.safe_dump(companies, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return directory


def _post(connection: http.client.HTTPConnection, body: bytes, media_type: str) -> Any:
    connection.request("POST", "/events", body, {"content-type": media_type})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 202:
        raise RuntimeError(f"the door answered {answer.status}")
    return orjson.loads(text)


def _expect_accepted(receipts: Sequence[dict[str, str]]) -> None:
    if any(receipt["outcome"] != "accepted" for receipt in receipts):
        raise RuntimeError("the door did not accept an event of the load")
