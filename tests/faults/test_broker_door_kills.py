"""The receiver is killed and the broker restarted while events come in: each is accepted once, on both brokers."""

from pathlib import Path

import pytest

from tests.faults.broker_door_kills import Plan, run


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("broker", "store"), [("rabbitmq", "postgres"), ("redis", "sqlite")])
def test_receiver_is_killed_and_the_broker_restarted_and_every_event_is_accepted_once(
    broker: str, store: str, tmp_path: Path
) -> None:
    figures = run(Plan(broker, store, events=2000, kills=5, restarts=1), tmp_path)
    assert figures["exact"], figures
    assert (figures["kills"], figures["restarts"]) == (5, 1), figures
    assert (figures["accepted"], figures["lost"], figures["pending"]) == (2000, 0, 0), figures


@pytest.mark.timeout(600)
@pytest.mark.parametrize("broker", ["rabbitmq", "redis"])
def test_receiver_that_acknowledges_before_it_commits_is_caught_losing_events(broker: str, tmp_path: Path) -> None:
    plan = Plan(broker, "sqlite", events=4000, kills=3, restarts=0, ack_first=True, no_resend=True, quiet_after=25.0)
    figures = run(plan, tmp_path)
    assert not figures["exact"], figures
    assert figures["lost"] > 0, figures
