"""A service is healthy while it gets through its work, not because its process is there."""

import os
import threading
import time
from pathlib import Path

import pytest

from bus.cli.brokers import _why_unhealthy
from bus.config import Settings
from bus.dispatcher import Loop, run
from bus.errors import Permanent
from tests.waiting import eventually


@pytest.mark.parametrize("service", ["dispatcher", "worker"])
def test_a_beat_makes_healthy_until_it_is_old(tmp_path: Path, service) -> None:
    settings = Settings(home=tmp_path, run_dir=tmp_path / "here")
    assert "not begun" in _why_unhealthy(settings, service)
    beat = settings.beat_file(service)
    beat.parent.mkdir()
    beat.touch()
    assert _why_unhealthy(settings, service) == ""
    os.utime(beat, (time.time() - 100,) * 2)
    assert "100 s" in _why_unhealthy(settings, service)


def test_a_door_that_nobody_opens_is_not_healthy(tmp_path: Path) -> None:
    assert "/ready" in _why_unhealthy(Settings(home=tmp_path, gateway_port=1), "gateway")


def test_a_dispatcher_beats_while_its_loops_move_and_not_when_one_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.dispatcher._STUCK_AFTER", 0.2)
    monkeypatch.setattr("bus.dispatcher._BEAT_EVERY", 0.02)
    stop, held, beat = threading.Event(), threading.Event(), tmp_path / "run" / "dispatcher.beat"
    held.set()

    def turn() -> int:
        held.wait(20)
        return 0

    every = [Loop("moving", lambda: 0, 0.01, 0.01), Loop("held", turn, 0.01, 0.01)]
    running = threading.Thread(target=run, args=(every, stop, beat))
    running.start()
    try:
        eventually(beat.exists)
        held.clear()
        eventually(lambda: not every[1].is_moving)
        beat.unlink(missing_ok=True)
        eventually(lambda: not every[1].is_moving and not beat.exists())
        held.set()
        eventually(beat.exists)
    finally:
        held.set()
        stop.set()
        running.join(10)


@pytest.mark.parametrize("name", ["store_url", "broker_url", "flower_password"])
def test_a_secret_may_come_from_a_file_and_the_variable_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = tmp_path / "secret"
    file.write_text("redis://from-file\n")
    monkeypatch.setenv(f"LEDGERBUS_{name.upper()}_FILE", str(file))
    found = getattr(Settings(home=tmp_path), name)
    assert (found.get_secret_value() if name == "flower_password" else found) == "redis://from-file"
    monkeypatch.setenv(f"LEDGERBUS_{name.upper()}", "redis://said")
    assert "said" in Settings(home=tmp_path).as_environment()[f"LEDGERBUS_{name.upper()}"]
    monkeypatch.delenv(f"LEDGERBUS_{name.upper()}")
    file.unlink()
    with pytest.raises(Permanent, match="SETTINGS_INVALID"):
        Settings(home=tmp_path)
