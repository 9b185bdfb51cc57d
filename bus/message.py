"""The envelope of a business event: CloudEvents 1.0 attributes, amounts as text, and the hash that names its content."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import orjson

from bus.errors import Invalid

SPEC_VERSION: Final = "1.0"
SCHEMA_PREFIX: Final = "urn:ledgerbus:schema:"
WITHDRAWN: Final = "document.withdrawn"


@dataclass(frozen=True, slots=True)
class Event:
    """One business event. `subject` is the document key, `sequence` its place (from 1) in the document's life or None.

    `data` holds only text, integers, booleans, null, lists and objects; amounts are text (bus.money).
    `version` is the schema version of (`type`, `data`).
    """

    source: str
    id: str
    type: str
    subject: str
    company: str
    time: datetime
    data: dict[str, Any]
    sequence: int | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    version: int = 1

    @property
    def content_hash(self) -> str:
        """SHA-256, hex, over RFC 8785 canonical JSON of what the event says, not of when or how it travelled."""
        said = {
            "company": self.company,
            "data": self.data,
            "id": self.id,
            "source": self.source,
            "subject": self.subject,
            "type": self.type,
        }
        if self.sequence is not None:
            said["sequence"] = str(self.sequence)
        return hashlib.sha256(canonical_json(said)).hexdigest()

    @classmethod
    def from_cloudevent(cls, attributes: dict[str, Any]) -> Self:
        """A schema-checked structured CloudEvent (JSON object) -> Event."""
        sequence = attributes.get("sequence")
        return cls(
            source=attributes["source"],
            id=attributes["id"],
            type=attributes["type"],
            subject=attributes["subject"],
            company=attributes["company"],
            time=datetime.fromisoformat(attributes["time"]),
            data=attributes["data"],
            sequence=None if sequence is None else int(sequence),
            correlation_id=attributes.get("correlationid"),
            causation_id=attributes.get("causationid"),
            version=schema_version(attributes),
        )

    def to_cloudevent(self) -> dict[str, Any]:
        """The structured-mode CloudEvent of this event, absent attributes left out."""
        optional = {
            "sequence": None if self.sequence is None else str(self.sequence),
            "correlationid": self.correlation_id,
            "causationid": self.causation_id,
        }
        return {
            "specversion": SPEC_VERSION,
            "source": self.source,
            "id": self.id,
            "type": self.type,
            "subject": self.subject,
            "company": self.company,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "dataschema": f"{SCHEMA_PREFIX}{self.type}:v{self.version}",
            **{name: value for name, value in optional.items() if value is not None},
            "data": self.data,
        }


def schema_version(attributes: dict[str, Any]) -> int:
    """The schema version a CloudEvent names in `dataschema` ("urn:ledgerbus:schema:<type>:v<n>"); 1 when it names none."""
    named = attributes.get("dataschema")
    if named is None:
        return 1
    prefix = f"{SCHEMA_PREFIX}{attributes['type']}:v"
    if not named.startswith(prefix) or not named[len(prefix) :].isdecimal():
        raise Invalid("EVENT_TYPE_UNKNOWN", f"dataschema must read {prefix}<n>", "/dataschema")
    return int(named[len(prefix) :])


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a value without floats.

    orjson sorts keys by code point, RFC 8785 by UTF-16 unit: equal below U+10000, and the schemas allow ASCII names only.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
