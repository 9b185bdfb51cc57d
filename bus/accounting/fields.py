"""The fields of an event: from its JSON Schema to typed values that expressions compute with.

Amounts and rates become Decimal, dates become datetimes in UTC, lists become tuples. A field that is absent takes the
schema's `default`; without one, amounts are 0, flags false, texts and lists empty. This is the one place that says so.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from rule_engine import DataType

from bus.accounting.generated import Code
from bus.errors import Invalid
from bus.money import AMOUNT_PATTERN, RATE_PATTERN, parse_amount, parse_rate

# Most amounts: no sign, at most 17 digits. What is not like this is read by the strict rule.
_PLAIN: Final = re.compile(r"(?:0|[1-9][0-9]{0,10})(?:\.[0-9]{1,6})?").fullmatch
_DAYS: Final = 4096
_BY_PATTERN: Final = {AMOUNT_PATTERN: "amount", RATE_PATTERN: "rate"}


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is read. `convert` raises ValueError, TypeError, KeyError or Invalid for another type."""

    type: Any
    convert: Callable[[Any], Any]
    default: Any


def record_of(schema: Mapping[str, Any], name: str) -> Field:
    """The field for the whole data of an event type, `name` being what its type is called."""
    return _field(schema, schema, name)


def convert_data(record: Field, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Typed values of an event's data. Raises Invalid EVENT_INVALID when a value is not of its declared type."""
    try:
        converted: Mapping[str, Any] = record.convert(data)
    except (ValueError, TypeError, KeyError, AttributeError, Invalid) as error:
        raise Invalid(
            "EVENT_INVALID", f"a field is not of its declared type ({type(error).__name__})", "/data"
        ) from error
    return converted


def day_value(day: date) -> datetime:
    """A date as expressions know it: midnight, UTC."""
    return datetime.combine(day, time(), UTC)


def _amount(value: Any) -> Decimal:
    return Decimal(value) if value.__class__ is str and _PLAIN(value) else parse_amount(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not true or false")
    return value


def _whole(value: Any) -> Decimal:
    if type(value) is not int:
        raise TypeError("not a whole number")
    return Decimal(value)


@lru_cache(_DAYS)
def _day(value: Any) -> datetime:
    return day_value(date.fromisoformat(value))


@lru_cache(_DAYS)
def _month(day: datetime) -> str:
    return f"{day:%Y-%m}"


_SCALARS: Final[dict[str, tuple[Any, Callable[[Any], Any], Any]]] = {
    "amount": (DataType.FLOAT, _amount, Decimal(0)),
    "rate": (DataType.FLOAT, parse_rate, Decimal(0)),
    "integer": (DataType.FLOAT, _whole, Decimal(0)),
    "boolean": (DataType.BOOLEAN, _flag, False),
    "string": (DataType.STRING, _text, ""),
    "date": (DataType.NULLABLE(DataType.DATETIME), _day, None),
}


def _field(schema: Mapping[str, Any], root: Mapping[str, Any], name: str) -> Field:
    schema = _resolved(schema, root)
    kind = _kind(schema)
    if kind == "object":
        return _record(schema, root, name)
    if kind == "array":
        member = _field(schema.get("items", {}), root, f"{name}[]")
        return Field(DataType.ARRAY(member.type), lambda values: tuple(map(member.convert, values)), ())
    data_type, convert, default = _SCALARS[kind]
    declared = schema.get("default")
    return Field(data_type, convert, default if declared is None else convert(declared))


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref", "")
    if not reference.startswith("#/"):
        return schema
    target: Any = root
    for step in reference[2:].split("/"):
        target = target[step]
    return {**_resolved(target, root), **{key: value for key, value in schema.items() if key != "$ref"}}


def _kind(schema: Mapping[str, Any]) -> str:
    marked = schema.get("x-ledgerbus") or _BY_PATTERN.get(schema.get("pattern", ""))
    if marked in ("amount", "rate", "date"):
        return str(marked)
    declared = schema.get("type", "string")
    if isinstance(declared, list):
        declared = next(kind for kind in declared if kind != "null")
    if declared == "string" and schema.get("format") == "date":
        return "date"
    return declared if declared in ("object", "array", "integer", "boolean") else "string"


def _record(schema: Mapping[str, Any], root: Mapping[str, Any], name: str) -> Field:
    required = frozenset(schema.get("required", ()))
    fields = {key: _field(value, root, f"{name}.{key}") for key, value in schema.get("properties", {}).items()}
    types = {key: _given(field.type) if key in required else field.type for key, field in fields.items()}
    convert = _converter(name, fields)
    if "accounting_date" in types:
        types.setdefault("period", DataType.STRING)
    default = None if required else convert({})
    return Field(DataType.OBJECT(name, types, operator.getitem), convert, default)


def _converter(name: str, fields: Mapping[str, Field]) -> Callable[[Any], dict[str, Any]]:
    """One function that reads all fields of a record."""
    code = Code()
    members = [f"{key!r}: {_read(code, key, field)}" for key, field in fields.items()]
    body = ["get = data.get", f"values = {{{', '.join(members)}}}"]
    if "accounting_date" in fields and "period" not in fields:
        body.append(f"values['period'] = {code.name(_month)}(values['accounting_date'])")
    return code.function(f"fields of {name}", "data", [*body, "return values"])


def _read(code: Code, key: str, field: Field) -> str:
    convert = f"{code.name(field.convert)}(value)"
    checks: dict[Any, str] = {_text: f"value.__class__ is {code.name(str)}", _flag: "value is True or value is False"}
    quick = checks.get(field.convert)
    read = f"value if {quick} else {convert}" if quick else convert
    return f"{code.name(field.default)} if (value := get({key!r})) is None else {read}"


def _given(data_type: Any) -> Any:
    return DataType.NULLABLE.unwrap(data_type)
