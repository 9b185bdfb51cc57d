"""How far an import has come: a folder of its own for each mapping and content, a lock, an atomic checkpoint."""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from bus.errors import Transient
from bus.importing.report import Tally

# Part of the fingerprint: an importer that numbers or names events otherwise must not continue an older one's work.
_FORMAT: Final = b"ledgerbus import 1"


def fingerprint(digest: str, files: Sequence[Path]) -> str:
    """SHA-256, hex, of the mapping's digest and the content of the files in the order given."""
    whole = hashlib.sha256(_FORMAT + digest.encode())
    for path in files:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


@dataclass(frozen=True, slots=True)
class ImportFolder:
    """What one import keeps on disk."""

    path: Path

    def rejects(self, table: str) -> Path:
        """The reject file of an input."""
        return self.path / f"rejects.{table}.csv"

    @property
    def provenance(self) -> Path:
        """The journal of where events come from."""
        return self.path / "provenance.jsonl"

    @property
    def checkpoint(self) -> Path:
        """How far the import has come."""
        return self.path / "checkpoint.json"

    @property
    def scratch(self) -> Path:
        """Working memory, gone when the import ends."""
        return self.path / "scratch.db"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Counts so far (`tally.rows`: rows read, offered and answered), the sizes at which both journals were good."""

    tally: Tally
    rejects_size: int = 0
    provenance_size: int = 0
    finished: bool = False


@contextmanager
def import_folder(work_dir: Path, name: str, print_of: str) -> Iterator[ImportFolder]:
    """The folder of one import, locked. Raises Transient IMPORT_RUNNING where another process holds it."""
    folder = work_dir / f"{name}-{print_of[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Transient("IMPORT_RUNNING", "the same import runs in another process", str(folder)) from error
        yield ImportFolder(folder)


def resume_point(folder: ImportFolder, table: str, *, again: bool) -> Checkpoint:
    """Where to go on: the checkpoint, or the start where there is none, or where it is finished and `again` is asked.

    Journals shorter than the checkpoint says have been touched; only a fresh start writes them again.
    """
    start, found = Checkpoint(Tally()), _read(folder.checkpoint)
    if found is None or (found.finished and again):
        return start
    whole = _size(folder.rejects(table)) >= found.rejects_size and _size(folder.provenance) >= found.provenance_size
    return found if whole else start


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read(path: Path) -> Checkpoint | None:
    try:
        stored: dict[str, Any] = orjson.loads(path.read_bytes())
        tally = Tally.from_json(stored["tally"])
        return Checkpoint(tally, stored["rejects_size"], stored["provenance_size"], stored["finished"])
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError):
        return None


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint atomically and durably."""
    stored = {
        "rejects_size": checkpoint.rejects_size,
        "provenance_size": checkpoint.provenance_size,
        "tally": checkpoint.tally.to_json(),
        "finished": checkpoint.finished,
    }
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(orjson.dumps(stored))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
