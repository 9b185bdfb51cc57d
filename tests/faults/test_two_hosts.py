"""A worker on each of two hosts: nothing is booked twice, nothing is missing, and both take their share."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import real_log
from tests.acceptance.invented import write_log
from tests.acceptance.test_real_servers import Servers, in_words_of_the_oracle
from tests.brokers import broker_of
from tests.conftest import missing
from tests.faults.two_hosts import HOSTS, may_make_hosts, run


@pytest.mark.parametrize("kind", ["rabbitmq", "redis"])
def test_two_hosts_share_the_work_and_the_figures_are_exact(kind: str, postgres_url: str, tmp_path: Path) -> None:
    if not may_make_hosts():
        missing("not root, or no ip and unshare: no hosts can be made here")
    log = write_log(tmp_path / "log", documents=400, seed=23)
    with broker_of(kind, tmp_path) as broker:
        done = run(log, postgres_url, broker, tmp_path / "home", within=200)
    assert {name: done["figures"][name] for name in log.expected} == log.expected
    assert set(done["batches"]) == set(HOSTS)
    assert min(shares["journalize"] for shares in done["batches"].values()) > 0, done["batches"]
    print(done["batches"])


@pytest.mark.timeout(600)
def test_two_hosts_end_with_every_figure_of_the_oracle(postgres_url: str, tmp_path: Path) -> None:
    log = real_log("Domestic")
    if not may_make_hosts():
        missing("not root, or no ip and unshare: no hosts can be made here")
    with broker_of("rabbitmq", tmp_path) as broker:
        done = run(log, postgres_url, broker, tmp_path / "home", within=500)
        servers = Servers("rabbitmq", postgres_url, broker, tmp_path / "home")
        found = in_words_of_the_oracle(done["figures"], servers)
    assert {name: found[name] for name in log.expected} == log.expected
    assert min(shares["journalize"] for shares in done["batches"].values()) > 0, done["batches"]
    print(done["batches"])
