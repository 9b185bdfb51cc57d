"""The envelope of a business event: CloudEvents 1.0 attributes, amounts as text, the hash that names its content."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import orjson

from bus.errors import Invalid

SPEC_VERSION: Final = "1.0"
SCHEMA_PREFIX: Final = "urn:ledgerbus:schema:"
WITHDRAWN: Final = "document.withdrawn"

MAX_DEPTH: Final = 32
MAX_INTEGER_DIGITS: Final = 18
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"(?P<colon>\s*:)?|[-+.\w]+|[\[\]{}]')


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
    """The schema version that `dataschema` names ("urn:ledgerbus:schema:<type>:v<n>"); 1 when it names none."""
    named = attributes.get("dataschema")
    if named is None:
        return 1
    prefix = f"{SCHEMA_PREFIX}{attributes['type']}:v"
    if not named.startswith(prefix) or not named[len(prefix) :].isdecimal():
        raise Invalid("EVENT_TYPE_UNKNOWN", f"dataschema must read {prefix}<n>", "/dataschema")
    return int(named[len(prefix) :])


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a value without floats.

    orjson sorts keys by code point, RFC 8785 by UTF-16 unit: equal below U+10000, and the schemas allow ASCII names.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def read_json(raw: bytes) -> object:
    """One JSON value in UTF-8 -> dicts, lists, text, integers, booleans, null.

    Refused with Invalid MESSAGE_MALFORMED, `where` = "line:column" (in characters, from 1): what is not JSON, duplicate
    keys, NaN and Infinity, numbers with a fraction or exponent, integers over 18 digits, more than 32 levels.
    """
    try:
        text = raw.decode("utf-8")
        orjson.loads(raw)  # stricter than the standard library: it refuses lone surrogates
    except UnicodeDecodeError as fault:
        raise _malformed(raw[: fault.start].decode("utf-8"), "not UTF-8") from None
    except orjson.JSONDecodeError as fault:
        raise _malformed(fault.doc[: fault.pos], "not JSON") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_refuse, parse_int=_short_integer)
        refused = _too_deep(value)
    except (ValueError, RecursionError):
        refused = True
    if refused:
        at, why = next(_refused_tokens(text), (0, "not JSON"))
        raise _malformed(text[:at], why)
    return value


def _malformed(before: str, why: str) -> Invalid:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Invalid("MESSAGE_MALFORMED", why, f"{line}:{column}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _refuse(_token: str) -> Any:
    raise ValueError


def _short_integer(token: str) -> int:
    if len(token.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise ValueError
    return int(token)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
    return any(isinstance(inner, dict | list) for inner in level)


def _members(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refused_tokens(text: str) -> Iterator[tuple[int, str]]:
    """Offset and reason of each token that read_json refuses in a well-formed text."""
    keys: list[set[str]] = []
    for found in _WORD.finditer(text):
        word, at = found[0], found.start()
        if word in "[{":
            keys.append(set())
            if len(keys) > MAX_DEPTH:
                yield at, f"more than {MAX_DEPTH} levels"
        elif word in "]}":
            keys.pop()
        elif found["colon"]:
            name = json.loads(word[: -len(found["colon"])])
            if name in keys[-1]:
                yield at, "a key twice in one object"
            keys[-1].add(name)
        elif word[0] in "-0123456789":
            if not word.lstrip("-").isdigit():
                yield at, "a number with a fraction or an exponent"
            elif len(word.lstrip("-")) > MAX_INTEGER_DIGITS:
                yield at, f"an integer of more than {MAX_INTEGER_DIGITS} digits"
