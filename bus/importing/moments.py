"""Points in time as foreign files write them -> RFC 3339 times and local dates. Pure but for the zone tables."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from bus.errors import Invalid
from bus.importing.values import MANDATORY, Absence, Ref, View

ISO: Final = "iso"
EPOCH_UNITS: Final = {"epoch_seconds": 1, "epoch_milliseconds": 1000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in a column. `formats` are tried in order ("iso", "epoch_seconds", strptime patterns). `zone` is where a
    text without an offset was written; `convert_to` moves the time into another zone before its date is taken."""

    ref: Ref
    formats: tuple[str, ...] = (ISO,)
    zone: tzinfo | None = None
    convert_to: tzinfo | None = None
    absence: Absence = MANDATORY

    def moment(self, view: View, at: str) -> datetime | None:
        """The time, with its own offset where the text has one; naive if nothing names a zone. None where absent.

        Raises Invalid IMPORT_TIME_INVALID.
        """
        raw = view.text(self.ref, at) or self.absence.read(self.ref.column, at)
        if raw is None:
            return None
        found = self._parse(raw, at)
        if found.tzinfo is None and self.zone is not None:
            found = found.replace(tzinfo=self.zone)
        if self.convert_to is None:
            return found
        if found.tzinfo is None:
            raise Invalid("IMPORT_TIME_INVALID", f"{raw!r} has no offset and the mapping names no timezone", at)
        return found.astimezone(self.convert_to)

    def _parse(self, raw: str, at: str) -> datetime:
        for pattern in self.formats:
            try:
                if pattern == ISO:
                    return datetime.fromisoformat(raw)
                if pattern in EPOCH_UNITS:
                    return _EPOCH + timedelta(milliseconds=int(raw) * (1000 // EPOCH_UNITS[pattern]))
                return datetime.strptime(raw, pattern)  # noqa: DTZ007  (the zone is the mapping's to say)
            except (ValueError, OverflowError):
                continue
        raise Invalid("IMPORT_TIME_INVALID", f"{raw[:40]!r} fits none of {', '.join(self.formats)}", at)


@dataclass(frozen=True, slots=True)
class LocalDate:
    """The date of a moment where it was written (or in `convert_to`): YYYY-MM-DD."""

    source: Moment

    def read(self, view: View, at: str) -> str | None:
        """The date text."""
        moment = self.source.moment(view, at)
        return None if moment is None else moment.date().isoformat()


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment as an RFC 3339 time that keeps its offset."""

    source: Moment

    def read(self, view: View, at: str) -> str | None:
        """The time text. A time that no offset or zone places is Invalid IMPORT_TIME_INVALID."""
        moment = self.source.moment(view, at)
        if moment is not None and moment.tzinfo is None:
            raise Invalid("IMPORT_TIME_INVALID", "the time has no offset and the mapping names no timezone", at)
        return None if moment is None else moment.isoformat()
