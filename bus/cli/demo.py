"""`ledgerbus demo`: the whole way of an event, on sample documents or on your own files."""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bus.cli import showing
from bus.cli.console import Terminal
from bus.cli.embedded import Running, running
from bus.cli.feeding import import_files, outcomes, post_events, read_lines
from bus.cli.ledgers import export_hledger
from bus.cli.waiting import wait_for_rest
from bus.config import Settings

SAMPLE = Path("samples") / "november-2026.jsonl"


def home_of(home: Path | None) -> Path:
    """The given directory, or a new temporary one."""
    return Path(tempfile.mkdtemp(prefix="ledgerbus-demo-")) if home is None else home


def run(
    settings: Settings,
    terminal: Terminal,
    mapping: Path | None,
    files: Sequence[Path],
    wait_seconds: int,
    *,
    keep: bool,
) -> dict[str, Any]:
    """Start the bus, feed it, wait for rest, show what became of it; returns the figures. `keep` waits for Ctrl-C."""
    started = time.monotonic()
    terminal.say(f"Starting a bus in {settings.home} …", f"正在 {settings.home} 启动总线……")
    with running(settings) as bus:
        showing.places(terminal, bus)
        receipts, answers = _feed(bus, terminal, mapping, files)
        wait_for_rest(bus.runtime, terminal, wait_seconds)
        figures = bus.runtime.summarize(receipts, time.monotonic() - started)
        exports = export_hledger(bus.runtime, settings.home / "exports")
        showing.results(terminal, bus.runtime, figures, answers)
        showing.files(terminal, bus, exports)
        if keep:
            terminal.say("Everything keeps running; Ctrl-C stops it.", "系统保持运行，按 Ctrl-C 停止。")
            with bus.supervisor.signals():
                bus.supervisor.wait_for_stop_request()
    return figures


def _feed(
    bus: Running, terminal: Terminal, mapping: Path | None, files: Sequence[Path]
) -> tuple[Counter[str], list[dict[str, Any]]]:
    if mapping is not None:
        report = import_files(bus.runtime, terminal, mapping, files, bus.settings.home / "imports")
        showing.imported(terminal, report)
        return report.receipts_now, []
    lines = read_lines(bus.settings.rules_dir / SAMPLE)
    answers = post_events(bus.gateway_url, lines)
    return outcomes(answers), answers
