"""Text files that grow by whole batches: each append ends in a comment that proves it complete.

The trailer reads `; ledgerbus batch n=<count> bytes=<length> sha256=<hex>`: length and hash are of the bytes between
the trailer before and this one. What follows the last valid trailer is a write that a crash cut short.
"""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count as numbers_from
from pathlib import Path

from bus.errors import Permanent

_TRAILER = re.compile(rb"; ledgerbus batch n=[0-9]{1,9} bytes=([0-9]{1,18}) sha256=([0-9a-f]{64})\n")
_MODE = 0o640


def sealed(block: bytes, entries: int) -> bytes:
    """The block (whole lines) followed by its trailer, as one append writes it."""
    digest = hashlib.sha256(block).hexdigest()
    return block + f"; ledgerbus batch n={entries} bytes={len(block)} sha256={digest}\n".encode()


@dataclass(slots=True)
class BatchFile:
    """One file and how far it is known: `size` bytes, ending in a valid trailer, as they were at `modified` (ns).

    The caller holds the directory's lock during every call.
    """

    path: Path
    size: int = 0
    inode: int | None = None
    modified: int = 0

    def is_replaced(self) -> bool:
        """Whether the file known so far is gone, shorter, or another one: everything read from it is void."""
        if self.inode is None:
            return False
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return True
        edited = found.st_size == self.size and found.st_mtime_ns != self.modified
        return edited or found.st_ino != self.inode or found.st_size < self.size

    def read_new(self, take: Callable[[bytes], None]) -> None:
        """Hand each block appended since the last call to `take`; cut a torn tail off into `<name>.torn-<n>`.

        Raises Permanent LEDGER_FILE_DAMAGED when valid batches follow bytes that belong to none, and OSError.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return
        if (found.st_ino, found.st_size) == (self.inode, self.size):
            return
        with self.path.open("rb+") as file:
            file.seek(self.size)
            tail = bytearray()
            for line in file:
                seal = _TRAILER.fullmatch(line)
                if seal is None or not self._closes(seal, tail):
                    tail += line
                    continue
                take(bytes(tail))
                self.size += len(tail) + len(line)
                tail.clear()
            if tail:
                self._cut(tail)
            # The writer may have died between write and fsync: nothing is reported as posted before it is durable.
            os.fsync(file.fileno())
            if self.inode is None:
                sync_directory(self.path.parent)
            self._note(file.fileno())

    def _closes(self, seal: re.Match[bytes], tail: bytearray) -> bool:
        length = int(seal[1])
        if len(tail) < length or hashlib.sha256(tail[len(tail) - length :]).hexdigest().encode() != seal[2]:
            return False
        if len(tail) > length:
            raise Permanent(
                "LEDGER_FILE_DAMAGED",
                f"{len(tail) - length} bytes belong to no batch",
                f"{self.path.name}:byte {self.size}",
            )
        return True

    def _cut(self, tail: bytearray) -> None:
        for n in numbers_from(1):
            kept = self.path.with_name(f"{self.path.name}.torn-{n}")
            try:
                with kept.open("xb") as file:
                    file.write(tail)
                    file.flush()
                    os.fsync(file.fileno())
                break
            except FileExistsError:
                continue
        sync_directory(self.path.parent)
        os.truncate(self.path, self.size)

    def create(self) -> None:
        """Make the file, empty and durable, if it is not there."""
        if self.inode is None:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, _MODE)
            self._note(descriptor)
            os.close(descriptor)
            sync_directory(self.path.parent)

    def append(self, block: bytes, entries: int) -> None:
        """Add one sealed batch, durably, or nothing: raises OSError with the file cut back to what it was."""
        self.create()
        data = memoryview(sealed(block, entries))
        length = len(data)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
            self.size += length
        except OSError:
            os.ftruncate(descriptor, self.size)
            raise
        finally:
            self._note(descriptor)
            os.close(descriptor)

    def _note(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        self.inode, self.modified = found.st_ino, found.st_mtime_ns


def make_directories(path: Path) -> None:
    """The directory and its parents, each durable in the one above it."""
    if not path.is_dir():
        make_directories(path.parent)
        path.mkdir(exist_ok=True)
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
