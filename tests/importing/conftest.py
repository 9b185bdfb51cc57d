"""A real door, on a real store, for every import."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.importing.importer import run_import
from bus.importing.mapping import load_mapping
from bus.importing.report import ImportProgress, ImportReport
from bus.pipeline.receive import Receipt, Receive
from bus.schemas import EventSchemas
from bus.store.schema import upgrade
from bus.store.unit_of_work import SqlStore

SCHEMAS = Path(__file__).parents[2] / "schemas" / "events"


class Crash(Exception):
    """The process dies here."""


class Door:
    """Store and receive of one bus; keeps what was offered, and can die at a moment that a test names."""

    def __init__(self, url: str) -> None:
        self.store = SqlStore.open(url)
        upgrade(self.store.engine)
        documents = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")}
        self._receive = Receive(self.store, EventSchemas(documents), {"EU01", "CN01"})
        self.offered: list[dict[str, Any]] = []
        self.progress: list[ImportProgress] = []
        self.dies_before: int | None = None
        self.dies_after: int | None = None
        self.calls = 0

    def offer(self, events: Sequence[dict[str, Any]]) -> list[Receipt]:
        self.calls += 1
        if self.calls == self.dies_before:
            raise Crash
        receipts = self._receive(events)
        self.offered.extend(events)
        if self.calls == self.dies_after:
            raise Crash
        return receipts

    def register(self, company: str, documents: Sequence[str]) -> None:
        with self.store.begin() as uow:
            uow.inbox.register({(company, document) for document in documents})

    def documents(self) -> int:
        with self.store.read() as uow:
            return uow.totals.documents()

    def accepted(self) -> int:
        with self.store.read() as uow:
            return sum(uow.totals.inbox_states().values())

    def run(self, mapping: str, files: Sequence[Path], work_dir: Path, size: int = 500, **more: bool) -> ImportReport:
        loaded = load_mapping("m.yaml", mapping)
        return run_import(loaded, files, self.offer, self.register, work_dir, self.progress.append, size, **more)


@pytest.fixture
def door(sqlite_url: str):
    opened = Door(sqlite_url)
    yield opened
    opened.store.close()
