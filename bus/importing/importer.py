"""Import a log: read, translate, offer in batches, write down what was refused, and be able to go on after a crash."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bus.importing.checkpoint import ImportFolder, fingerprint, import_folder, resume_point
from bus.importing.documents import read_joined
from bus.importing.inputs import open_inputs
from bus.importing.offering import Offer, Offering, opened_journals
from bus.importing.ordering import ordered_rows
from bus.importing.plan import Mapping
from bus.importing.registrar import Registrar
from bus.importing.report import ImportProgress, ImportReport, Pace
from bus.importing.scratch import Scratch
from bus.importing.tables import Malformed, TableFile
from bus.importing.translate import Translator
from bus.importing.values import Line
from bus.pipeline.receive import Receipt


def run_import(  # noqa: PLR0917 - one call, and each of these is one thing that the caller owns
    mapping: Mapping,
    files: Sequence[Path],
    offer: Callable[[Sequence[dict[str, Any]]], list[Receipt]],
    register: Callable[[str, Sequence[str]], None],
    work_dir: Path,
    progress: Callable[[ImportProgress], None],
    batch_size: int = 500,
    *,
    again: bool = True,
) -> ImportReport:
    """Import `files`, one for each of the mapping's inputs, in that order.

    `offer` takes structured CloudEvents, about `batch_size` at a time, and answers one receipt each, in order;
    `register` takes a company and document keys. Both must be idempotent: an interrupted import repeats its last batch.
    An import that had finished offers everything again, which adds only duplicates; with `again` false it offers
    nothing and reports what it had counted.

    Raises Invalid IMPORT_FILES_MISMATCH, IMPORT_FILE_UNREADABLE, Transient IMPORT_RUNNING, and what `offer` and
    `register` raise; a checkpoint in `work_dir` then holds what was done, and the same call goes on from there.
    """
    started = time.monotonic()
    tables = open_inputs(mapping, files)
    print_of = fingerprint(mapping.digest, files)
    with import_folder(work_dir, mapping.name, print_of) as folder, Scratch(folder.scratch) as scratch:
        registrar = Registrar(register, scratch, batch_size)
        run = _Run(mapping, tables, folder, scratch, registrar, Pace(progress))
        return run.to_end(offer, batch_size, started, again=again)


@dataclass(frozen=True, slots=True)
class _Run:
    mapping: Mapping
    tables: dict[str, TableFile]
    folder: ImportFolder
    scratch: Scratch
    registrar: Registrar
    pace: Pace

    def to_end(self, offer: Offer, batch_size: int, started: float, *, again: bool) -> ImportReport:
        translator = Translator(self.mapping, self.scratch)
        joined = read_joined(
            self.mapping,
            self.tables,
            translator=translator,
            registrar=self.registrar,
            folder=self.folder,
            pace=self.pace,
        )
        done = resume_point(self.folder, self.mapping.rows, again=again)
        resumed_at = done.tally.rows
        with opened_journals(self.folder, self.tables[self.mapping.rows], done) as journals:
            offering = Offering(offer, self.registrar, journals, done, batch_size)
            self._offer_rows(translator, offering, resumed_at)
            offering.finish()
        self.pace.end("events", 1.0, done.tally.rows, done.tally)
        done.tally.rejected.update(joined.rejected)
        rejects = {one.name: self.folder.rejects(one.name) for one in self.mapping.inputs}
        return ImportReport(
            mapping=self.mapping.name,
            folder=self.folder.path,
            rejects={name: path for name, path in rejects.items() if path.exists()},
            provenance=self.folder.provenance,
            documents=self.scratch.known(),
            tally=done.tally,
            receipts_now=offering.receipts_now,
            resumed_at=resumed_at,
            seconds=time.monotonic() - started,
        )

    def _offer_rows(self, translator: Translator, offering: Offering, resumed_at: int) -> None:
        file = self.tables[self.mapping.rows]

        def sorting(count: int) -> None:
            self.pace.tell("sorting", file, count, offering.tally)

        for position, line in enumerate(ordered_rows(self.mapping, file, self.scratch, sorting), 1):
            self.pace.tell("events", file, position, offering.tally)
            if position > resumed_at:
                _take(line, translator, offering)
            elif isinstance(line, Line):
                self.registrar.skip(translator.read(line, done=True).documents)


def _take(line: Line | Malformed, translator: Translator, offering: Offering) -> None:
    if isinstance(line, Malformed):
        offering.malformed(line)
    else:
        offering.take(translator.read(line))
