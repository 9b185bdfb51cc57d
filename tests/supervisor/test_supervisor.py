"""Small real processes run as one unit."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from bus.cli import supervisor as supervisor_module
from bus.cli.child import Service
from bus.cli.home import held
from bus.cli.supervisor import Supervisor
from bus.errors import Permanent
from tests.waiting import eventually

READY = "from pathlib import Path; import os; Path(os.environ['LEDGERBUS_READY_FILE']).touch()\n"
SLEEPER = READY + "import time\nwhile True: time.sleep(60)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPER
WITH_CHILD = textwrap.dedent("""\
    import os, subprocess, sys
    from pathlib import Path
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with Path("children").open("a") as file:
        file.write(f"{left.pid}\\n")
""")
IN_PROCESS = textwrap.dedent("""\
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from tests.supervisor.test_supervisor import SLEEPER, service
    from bus.cli.home import held
    from bus.cli.supervisor import Supervisor
    home = Path(sys.argv[1])
    services = [service(home, "one", SLEEPER), service(home, "two", SLEEPER)]
    with held(home), Supervisor(home, services) as running:
        with running.signals():
            print("up", flush=True)
            running.watch()
    print("down", flush=True)
""")


def service(home: Path, name: str, code: str, **how: object) -> Service:
    command = (sys.executable, "-c", code)
    return Service(name, command, dict(os.environ), home / "run" / name, announces=True, **how)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pid_of(home: Path, name: str) -> int:
    return int((home / "run" / f"{name}.pid").read_text())


def watched(home: Path, services: Sequence[Service]) -> tuple[Supervisor, threading.Thread]:
    running = Supervisor(home, services).__enter__()
    watcher = threading.Thread(target=running.watch)
    watcher.start()
    return running, watcher


def test_everything_starts_in_order_and_stops_in_reverse(tmp_path: Path) -> None:
    note = f"""
import signal, sys, time
from pathlib import Path
def note(what):
    with Path({str(tmp_path / "order")!r}).open("a") as file: file.write(what + "\\n")
def end(*_):
    note("end " + sys.argv[1]); sys.exit(0)
signal.signal(signal.SIGTERM, end)
note("start " + sys.argv[1])
"""
    services = []
    for name in ("first", "second"):
        command = (sys.executable, "-c", note + SLEEPER, name)
        services.append(Service(name, command, dict(os.environ), tmp_path / "run" / name, announces=True))
    with Supervisor(tmp_path, services, {"gateway": "http://127.0.0.1:1"}):
        state = json.loads((tmp_path / "run" / "state.json").read_text())
        assert state["gateway"] == "http://127.0.0.1:1"
        assert state["pid"] == os.getpid()
        assert state["services"]["second"]["pid"] == pid_of(tmp_path, "second")
    assert (tmp_path / "order").read_text().split("\n")[:-1] == [
        "start first", "start second", "end second", "end first",
    ]  # fmt: skip
    assert not (tmp_path / "run" / "state.json").exists()


def test_a_service_that_dies_is_restarted_and_nothing_of_its_earlier_life_is_left(tmp_path: Path) -> None:
    running, watcher = watched(tmp_path, [service(tmp_path, "worker", WITH_CHILD + SLEEPER)])
    try:
        before = pid_of(tmp_path, "worker")
        left = int((tmp_path / "run" / "worker" / "children").read_text().split()[0])
        os.kill(before, signal.SIGKILL)
        eventually(lambda: pid_of(tmp_path, "worker") != before)
        assert alive(pid_of(tmp_path, "worker"))
        eventually(lambda: not alive(left))
    finally:
        running.stop()
        watcher.join()
    assert all(not alive(int(pid)) for pid in (tmp_path / "run" / "worker" / "children").read_text().split())


def test_a_service_that_always_dies_is_restarted_ever_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(supervisor_module, "TICK", 0.01)
    code = textwrap.dedent("""\
        import os, time
        first = not os.path.exists("lives")
        with open("lives", "a") as file:
            file.write(f"{time.monotonic()}\\n")
        if first:
            open(os.environ["LEDGERBUS_READY_FILE"], "w").close()
            time.sleep(600)
    """)
    running, watcher = watched(tmp_path, [service(tmp_path, "dying", code)])
    os.kill(pid_of(tmp_path, "dying"), signal.SIGKILL)
    lives = tmp_path / "run" / "dying" / "lives"
    try:
        eventually(lambda: lives.exists() and len(lives.read_text().split()) >= 5)
    finally:
        running.stop()
        watcher.join()
    moments = [float(line) for line in lives.read_text().split()]
    assert moments[4] - moments[3] > 2 * (moments[2] - moments[1])


def test_a_service_deaf_to_sigterm_is_killed_at_its_deadline(tmp_path: Path) -> None:
    with Supervisor(tmp_path, [service(tmp_path, "deaf", STUBBORN, stop_within=0.3)]):
        pid = pid_of(tmp_path, "deaf")
    assert not alive(pid)


def test_a_service_that_does_not_get_ready_stops_the_rest_and_names_its_log(tmp_path: Path) -> None:
    never = service(tmp_path, "never", "import time; time.sleep(60)", ready_within=0.5)
    with pytest.raises(Permanent) as refusal:
        Supervisor(tmp_path, [service(tmp_path, "good", SLEEPER), never]).__enter__()
    assert refusal.value.code == "SERVICE_NOT_READY"
    assert str(tmp_path / "logs" / "never.log") in refusal.value.message
    assert not (tmp_path / "run" / "good.pid").exists()


def test_a_service_that_ends_at_once_is_told_from_a_slow_one(tmp_path: Path) -> None:
    broken = service(tmp_path, "broken", "raise SystemExit('no such store')")
    with pytest.raises(Permanent, match="ended with 1"):
        Supervisor(tmp_path, [broken]).__enter__()
    assert "no such store" in (tmp_path / "logs" / "broken.log").read_text()


def test_a_home_is_run_by_one_bus_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path):
        with pytest.raises(Permanent) as refusal, held(tmp_path):
            pass
        assert refusal.value.code == "ALREADY_RUNNING"
        assert str(os.getpid()) in refusal.value.message
    with held(tmp_path):
        pass


def _in_process(home: Path) -> subprocess.Popen[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", IN_PROCESS, str(home), root], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_cleanly(tmp_path: Path, name: signal.Signals) -> None:
    process = _in_process(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    pids = [pid_of(tmp_path, "one"), pid_of(tmp_path, "two")]
    process.send_signal(name)
    assert process.communicate(timeout=30)[0] == "down\n"
    assert process.returncode == 0
    assert not any(alive(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent's life")
def test_a_killed_supervisor_leaves_no_service_and_its_home_can_be_used_again(tmp_path: Path) -> None:
    process = _in_process(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    pids = [pid_of(tmp_path, "one"), pid_of(tmp_path, "two")]
    process.kill()
    process.communicate()
    eventually(lambda: not any(alive(pid) for pid in pids))
    with held(tmp_path):
        pass


def test_what_runs_beside_the_services_is_tended_and_its_failure_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "TEND_EVERY", 0.0)
    visits: list[int] = []

    def tend() -> None:
        visits.append(1)
        raise OSError("not now")

    with Supervisor(tmp_path, [service(tmp_path, "one", SLEEPER)], tend=tend) as running:
        watcher = threading.Thread(target=running.watch)
        watcher.start()
        eventually(lambda: len(visits) >= 3)
        assert alive(pid_of(tmp_path, "one"))
    watcher.join()


def test_nothing_is_tended_once_a_stop_has_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tending starts a broker again that is not there: after a stop that would undo the stop."""
    monkeypatch.setattr(supervisor_module, "TEND_EVERY", 0.0)
    entered, leave, visits = threading.Event(), threading.Event(), []

    def tend() -> None:
        visits.append(1)
        entered.set()
        leave.wait(20)

    running = Supervisor(tmp_path, [], tend=tend).__enter__()
    watcher = threading.Thread(target=running.watch)
    watcher.start()
    assert entered.wait(20)
    stopper = threading.Thread(target=running.stop)
    stopper.start()
    stopper.join(0.3)
    assert stopper.is_alive(), "stop must wait for the visit under way"
    leave.set()
    stopper.join(20)
    seen = len(visits)
    watcher.join(20)
    assert len(visits) == seen
