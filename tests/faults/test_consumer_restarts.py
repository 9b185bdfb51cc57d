"""External consumers confirm every posting while the broker is killed and started again: none missed, none twice."""

from pathlib import Path

import pytest

from tests.faults.consumer_restarts import Plan, run


@pytest.mark.timeout(600)
@pytest.mark.parametrize("broker", ["rabbitmq", "redis"])
def test_no_posting_is_missed_or_applied_twice_while_the_broker_restarts(broker: str, tmp_path: Path) -> None:
    figures = run(Plan(broker, store="sqlite", postings=400, restarts=2), tmp_path)
    assert figures["exact"], figures
