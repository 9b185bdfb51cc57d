"""The same command on PostgreSQL with RabbitMQ and with Redis: the same figures, by nothing but two addresses."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from bus.cli.services import free_port
from tests.acceptance.command import Finished, ledgerbus
from tests.acceptance.conftest import REAL, real_log
from tests.acceptance.invented import Log, write_log
from tests.acceptance.stored import NO_OP_OF_TYPE, ZERO_TAKEN_BACK
from tests.brokers import broker_of, rabbitmqctl

APPROVALS = "SELECT COUNT(*) FROM inbox WHERE type = 'reimbursement.approved'"


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of an empty database and an empty broker, and a home for what stays on this machine."""

    kind: str
    store: str
    broker: str
    home: Path

    def feed(self, log: Log) -> Finished:
        """`ledgerbus demo` over a log, on these servers."""
        where = ("--store", self.store, "--broker", self.broker, "--home", self.home)
        # A port of its own: two buses that start at once on one machine would both choose the usual one.
        port = str(free_port("127.0.0.1", 0))
        return ledgerbus("demo", "--json", "--mapping", log.mapping, *log.files, *where, gateway_port=port)

    def value(self, statement: str, *given: Any) -> Any:
        """The one value that a statement gives."""
        url = make_url(self.store).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url) as store:
            row = store.execute(statement.replace("?", "%s"), given or None).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture(params=["rabbitmq", "redis"])
def servers(request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path) -> Iterator[Servers]:
    """PostgreSQL, and each broker in turn."""
    with broker_of(request.param, tmp_path) as broker:
        yield Servers(request.param, postgres_url, broker, tmp_path / "home")


def test_an_invented_log_ends_with_the_figures_known_beforehand(servers: Servers, tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", documents=300, seed=21)
    run = servers.feed(log)
    assert run.code == 0, run.err
    assert {name: run.result[name] for name in log.expected} == log.expected
    again = servers.feed(log)
    assert again.result["events"] == {"accepted": 0, "duplicate": log.events, "conflict": 0, "invalid": 0}
    assert {name: again.result[name] for name in log.expected} == log.expected
    if servers.kind == "rabbitmq":
        _is_as_declared(servers.broker.rsplit("/", 1)[1])


def _is_as_declared(host: str) -> None:
    """Quorum queues only, no dead letter, and none of the queues that Celery makes for countdowns."""
    rows = [line.split("\t") for line in rabbitmqctl("list_queues", "-p", host, "name", "type", "messages").split("\n")]
    found = {name: (kind, count) for name, kind, count in rows[1:-1]}
    assert {"journalize", "deliver.beancount", "deliver.sandbox", "ledgerbus.dead"} <= set(found)
    assert Counter(found.values()) == {("quorum", "0"): len(found)}
    assert "celery_delayed" not in rabbitmqctl("list_exchanges", "-p", host, "name")
    assert not [name for name in found if "celery" in name]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", REAL)
def test_a_public_log_ends_with_every_figure_of_its_oracle(servers: Servers, name: str) -> None:
    log = real_log(name)
    run = servers.feed(log)
    assert run.code == 0, run.err
    found = in_words_of_the_oracle(run.result, servers)
    assert {name: found[name] for name in log.expected} == log.expected
    assert (run.result["trial_balance"], run.result["chain"], run.result["voucher_gaps"]) == ("0.00", "ok", 0)


def in_words_of_the_oracle(figures: dict[str, Any], servers: Servers) -> dict[str, Any]:
    """The figures of a run by the oracle's names; some of them only the store tells."""
    approvals, payments = (figures["entries"][f"expense.{name}"] for name in ("reimbursement", "payment"))
    return {
        "documents": figures["documents"]["total"],
        "approve_events": servers.value(APPROVALS),
        "approve_zero": servers.value(NO_OP_OF_TYPE, "reimbursement.approved", "zero_amount"),
        "approval_vouchers": approvals["count"],
        "reversal_vouchers": figures["reversals"]["count"],
        "reversal_zero": servers.value(ZERO_TAKEN_BACK),
        "payment_vouchers": payments["count"],
        "payment_zero": servers.value(NO_OP_OF_TYPE, "payment.made", "zero_amount"),
        "payment_without_live_approval": figures["exceptions"].get("NO_LIVE_APPROVAL", 0),
        "live_documents": figures["documents"]["live"],
        "sum_approval": approvals["sum"],
        "sum_reversal": str(-Decimal(figures["reversals"]["sum"])),
        "sum_payment": payments["sum"],
        "sum_live": figures["documents"]["sum_live"],
        "employee_payable_at_end": figures["accounts"]["2100"]["balance"],
    }
