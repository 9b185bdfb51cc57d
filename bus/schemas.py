"""Checks of CloudEvents against the event schemas: jsonschema-rs gives the verdict, jsonschema the words."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from jsonschema.protocols import Validator

from bus.errors import Invalid
from bus.message import schema_version

ENVELOPE: Final = "envelope.v1"

_CODES: Final = {"amount": "AMOUNT_INVALID", "rate": "AMOUNT_INVALID"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}\Z")

# Never the library's own message: it quotes the value, and a value may be a salary.
_WORDS: Final = {
    "required": "a required field is missing / 缺少必填字段",
    "additionalProperties": "the schema does not know this field / 模式中没有此字段",
    "propertyNames": "not the name of an attribute / 属性名称不合规",
    "type": "a value of another type is wanted / 值的类型不正确",
    "const": "another value is wanted / 值不正确",
    "enum": "none of the listed values / 不在所列取值之内",
    "pattern": "not in the form that the schema asks for / 格式不符合模式",
    "format": "no such date or time / 日期或时间不存在",
    "minLength": "empty or too short / 为空或过短",
    "maxLength": "too long / 过长",
    "minItems": "too few rows / 行数过少",
    "maxItems": "too many rows / 行数过多",
    "minimum": "too small / 数值过小",
    "maximum": "too large / 数值过大",
}
_OTHER_WORDS: Final = "does not match the schema / 不符合模式"


class EventSchemas:
    """The event schemas, compiled. `documents`: JSON Schemas by file stem, "envelope.v1" and "<type>.v<n>"."""

    def __init__(self, documents: Mapping[str, dict[str, Any]]) -> None:
        self._verdicts = {
            stem: jsonschema_rs.Draft202012Validator(document, validate_formats=True)
            for stem, document in documents.items()
        }
        self._words = {stem: _wording(document) for stem, document in documents.items()}

    def check(self, attributes: dict[str, Any]) -> None:
        """Accept a structured CloudEvent as `bus.message.read_json` gives it, or raise Invalid.

        `where` is a JSON pointer into the event ("/data/rows/0/gross"). Codes: EVENT_INVALID, AMOUNT_INVALID,
        EVENT_TYPE_UNKNOWN. The message says what is wrong in English and Chinese and never quotes a value.
        """
        self._check(ENVELOPE, attributes, "")
        stem = f"{attributes['type']}.v{schema_version(attributes)}"
        if stem not in self._verdicts:
            raise Invalid("EVENT_TYPE_UNKNOWN", "no schema of this type and version / 没有此类型与版本的模式", "/type")
        self._check(stem, attributes["data"], "/data")

    def check_data(self, stem: str, data: Any) -> None:
        """Accept the data of an event against the schema `stem` alone, or raise Invalid as `check` does."""
        self._check(stem, data, "/data")

    def _check(self, stem: str, instance: Any, prefix: str) -> None:
        try:
            if self._verdicts[stem].is_valid(instance):
                return
        except UnicodeEncodeError:
            raise Invalid("EVENT_INVALID", "text with half a surrogate pair / 文本含不成对的代理码", prefix) from None
        fault = next(self._words[stem].iter_errors(instance), None)
        if fault is None:
            raise Invalid("EVENT_INVALID", _OTHER_WORDS, prefix)
        meaning = fault.schema.get("x-ledgerbus") if isinstance(fault.schema, dict) else None
        words = _WORDS.get(str(fault.validator), _OTHER_WORDS)
        raise Invalid(_CODES.get(str(meaning), "EVENT_INVALID"), words, prefix + _pointer(fault))


def _wording(document: dict[str, Any]) -> Validator:
    formats = FormatChecker(["date"])
    formats.checks("date-time", ValueError)(_is_moment)
    wording: Validator = _Wording(document, format_checker=formats)
    return wording


def _is_moment(instance: object) -> bool:
    return not isinstance(instance, str) or datetime.fromisoformat(instance) is not None


def _ecma_pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _ecma(pattern).search(instance):
        yield ValidationError("pattern")


@lru_cache
def _ecma(pattern: str) -> re.Pattern[str]:
    # In JSON Schema `$` is the very end; in Python it also matches before a last line break.
    return re.compile(pattern.replace("$", r"\Z"))


# jsonschema ships without types for this one call.
_Wording = validators.extend(Draft202012Validator, {"pattern": _ecma_pattern})  # type: ignore[no-untyped-call]


def _pointer(fault: ValidationError) -> str:
    """RFC 6901 pointer; a missing field or an unknown one of a plain name is pointed at, another at its object."""
    steps = [str(step) for step in fault.absolute_path]
    instance: Any = fault.instance
    wanted: Any = fault.validator_value
    if fault.validator == "required":
        steps += [name for name in wanted if name not in instance][:1]
    elif fault.validator == "additionalProperties" and isinstance(fault.schema, dict):
        unknown = [name for name in instance if name not in fault.schema["properties"]]
        steps += [name for name in unknown if _NAME.match(name)][:1]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
