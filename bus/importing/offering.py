"""Batches on their way to the bus: journals first, then the offer, then the answers, then the checkpoint."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bus.importing.checkpoint import Checkpoint, ImportFolder, write_checkpoint
from bus.importing.provenance import Provenance, origin
from bus.importing.registrar import Registrar
from bus.importing.rejects import Reject, RejectFile
from bus.importing.tables import Malformed, TableFile
from bus.importing.translate import Reading, Translated
from bus.pipeline.receive import Receipt, ReceiptOutcome

Offer = Callable[[Sequence[dict[str, Any]]], list[Receipt]]

_REFUSED: Final = (ReceiptOutcome.INVALID, ReceiptOutcome.CONFLICT)
# Rows without events fill no batch; after so many batches' worth of them progress is written down all the same.
_QUIET_BATCHES: Final = 20


@dataclass(frozen=True, slots=True)
class Journals:
    """The files that an import appends to, and where it writes down how far it has come."""

    rejects: RejectFile
    provenance: Provenance
    checkpoint: Path


@contextmanager
def opened_journals(folder: ImportFolder, file: TableFile, done: Checkpoint) -> Iterator[Journals]:
    """The journals of the row input, open at the sizes of the checkpoint; closed in the end."""
    with (
        closing(RejectFile(folder.rejects(file.name), file.header, done.rejects_size)) as rejects,
        closing(Provenance(folder.provenance, done.provenance_size)) as provenance,
    ):
        yield Journals(rejects, provenance, folder.checkpoint)


class Offering:
    """Takes what rows gave, one row after the other, and offers it.

    A crash before the checkpoint repeats the last batch: its events are offered again and found to be duplicates, its
    journal lines are cut off and written again.
    """

    def __init__(
        self,
        offer: Offer,
        registrar: Registrar,
        journals: Journals,
        done: Checkpoint,
        batch_size: int,
    ) -> None:
        """`done` is where to go on; both journals have been opened at its sizes."""
        self._offer, self._registrar = offer, registrar
        self._journals, self._batch_size = journals, batch_size
        self._events: list[Translated] = []
        self._refused: list[Reject] = []
        self._quiet = 0
        self.tally = done.tally
        self.receipts_now: Counter[str] = Counter()

    def take(self, reading: Reading) -> None:
        """What a row gave."""
        self.tally.left_out += reading.left_out
        if reading.ignored is not None:
            self.tally.ignored[reading.ignored] += 1
        self._registrar.add(reading.documents)
        self._refused.extend(reading.rejects)
        self._events.extend(reading.events)
        self._row_done()

    def malformed(self, line: Malformed) -> None:
        """A row that is no row."""
        self._refused.append(Reject(line.file, line.number, line.cells, "IMPORT_ROW_MALFORMED", line.reason))
        self._row_done()

    def finish(self) -> None:
        """Offer what is left and mark the import as finished."""
        self._flush(finished=True)

    def _row_done(self) -> None:
        self.tally.rows += 1
        self._quiet += 1
        if len(self._events) >= self._batch_size or self._quiet >= self._batch_size * _QUIET_BATCHES:
            self._flush(finished=False)

    def _flush(self, *, finished: bool) -> None:
        self._registrar.flush()
        origins = [origin(one.event, one.line, one.derived) for one in self._events]
        provenance_size = self._journals.provenance.write(origins)
        receipts = self._offer([one.event for one in self._events]) if self._events else []
        for one, receipt in zip(self._events, receipts, strict=True):
            self._answered(one, receipt)
        self._journals.rejects.write(self._refused)
        self.tally.rejected.update(one.code for one in self._refused)
        rejects_size = self._journals.rejects.keep()
        write_checkpoint(self._journals.checkpoint, Checkpoint(self.tally, rejects_size, provenance_size, finished))
        self._events, self._refused, self._quiet = [], [], 0

    def _answered(self, one: Translated, receipt: Receipt) -> None:
        outcome = str(receipt.outcome)
        self.tally.offered[one.event["type"]] += 1
        self.tally.receipts[outcome] += 1
        self.receipts_now[outcome] += 1
        if receipt.outcome in _REFUSED:
            sequence = one.event.get("sequence")
            code = receipt.code or ("EVENT_CONFLICT" if receipt.outcome == ReceiptOutcome.CONFLICT else "EVENT_INVALID")
            self._refused.append(
                Reject(
                    file=one.line.file,
                    number=one.line.number,
                    cells=one.line.cells,
                    code=code,
                    reason=receipt.message or outcome,
                    pointer=receipt.pointer or "",
                    document=one.event["subject"],
                    sequence=None if sequence is None else int(sequence),
                    rule=one.rule,
                )
            )
