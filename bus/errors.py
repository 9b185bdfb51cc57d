"""One tree of errors with stable codes.

Transient: try again later. Permanent: a person must change something (a map row, a period). Invalid: the input is
wrong and will never be accepted as it is. Every code has words and a remedy in English and Chinese in CATALOGUE.
"""

from dataclasses import dataclass
from typing import Any

from bus.catalogue import CATALOGUE
from bus.words.entry import Words


@dataclass(eq=False)
class BusError(Exception):
    """An error with a stable code, a sentence for a person, where it is (JSON pointer or file:line:column) and facts.

    `detail` may be shown to people and stored: it holds codes, keys and document numbers, never whole payloads.
    """

    code: str
    message: str
    where: str = ""
    detail: dict[str, Any] | None = None

    def __str__(self) -> str:
        at = f" at {self.where}" if self.where else ""
        return f"{self.code}{at}: {self.message}"

    @property
    def words(self) -> Words:
        """Title and remedy in English and Chinese."""
        return words_of(self.code)


class Transient(BusError):
    """Worth another try: a lock, a lost connection, a busy target."""


class Permanent(BusError):
    """A person has to act before another try can succeed."""


class Invalid(BusError):
    """The input itself is wrong; nothing was stored because of it."""


def words_of(code: str) -> Words:
    """The catalogue's words for a code; an unknown code is a defect and raises KeyError."""
    return CATALOGUE[code]
