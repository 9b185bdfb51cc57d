"""Feeding a bus: sample events through its HTTP door, or files through an import mapping."""

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bus.bootstrap import Runtime
from bus.cli.console import Terminal, is_interactive
from bus.errors import Permanent, Transient
from bus.importing.importer import run_import
from bus.importing.mapping import load_mapping
from bus.importing.report import ImportProgress, ImportReport

BATCHED: Final = "application/cloudevents-batch+json"
_EVENTS_A_POST: Final = 50


def read_lines(file: Path) -> list[str]:
    """The lines of a JSON Lines file, each one event."""
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def post_events(gateway_url: str, lines: Sequence[str]) -> list[dict[str, Any]]:
    """Offer events (JSON text each) at the door, fifty at a time; their receipts in order. Raises Transient."""
    receipts: list[dict[str, Any]] = []
    for start in range(0, len(lines), _EVENTS_A_POST):
        body = "[" + ",".join(lines[start : start + _EVENTS_A_POST]) + "]"
        request = urllib.request.Request(  # noqa: S310 - our own gateway
            f"{gateway_url}/events", body.encode(), {"Content-Type": BATCHED}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own gateway
                receipts += json.load(answer)["receipts"]
        except urllib.error.URLError as error:
            raise Transient("GATEWAY_UNAVAILABLE", f"the door does not answer: {error.reason}") from error
    return receipts


def import_files(
    runtime: Runtime, terminal: Terminal, mapping_file: Path, files: Sequence[Path], work_dir: Path
) -> ImportReport:
    """Run an import with progress on stderr. Raises Invalid, Permanent and Transient as run_import does."""
    try:
        text = mapping_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent("FILE_UNREADABLE", f"cannot read {mapping_file}: {type(error).__name__}") from error
    mapping = load_mapping(str(mapping_file), text)

    def register(company: str, documents: Sequence[str]) -> None:
        with runtime.store.begin() as uow:
            uow.inbox.register({(company, document) for document in documents})

    with Shown(terminal) as shown:
        return run_import(
            mapping, files, runtime.receive, register, work_dir, shown.tell, runtime.settings.batch_size, again=True
        )


def outcomes(receipts: Sequence[dict[str, Any]]) -> Counter[str]:
    """Receipts by outcome."""
    return Counter(receipt["outcome"] for receipt in receipts)


class Shown:
    """Import progress: a bar for who watches, a line a phase for a log."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=terminal.err, disable=not is_interactive(), transient=True)
        self._task = self._bar.add_task("", total=1.0, said="")
        self._phase = ""

    def __enter__(self) -> "Shown":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, progress: ImportProgress) -> None:
        """Show where the import is."""
        pick = self._terminal.pick
        names = {
            "documents": pick("reading documents", "读取单据"),
            "sorting": pick("sorting", "排序"),
            "events": pick("importing events", "导入事件"),
        }
        said = pick(
            f"{progress.rows} rows, {progress.offered} events, {progress.rejected} rejected",
            f"{progress.rows} 行，{progress.offered} 个事件，{progress.rejected} 行被拒绝",
        )
        name = names[progress.phase]
        self._bar.update(self._task, completed=progress.fraction, description=name, said=said)
        if not is_interactive() and progress.phase != self._phase:
            self._terminal.err.print(f"{name} …", markup=False)
        self._phase = progress.phase
