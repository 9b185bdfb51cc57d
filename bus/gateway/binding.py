"""The CloudEvents 1.0 HTTP protocol binding: structured, batched and binary mode -> CloudEvents as JSON objects."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers

from bus.errors import Invalid
from bus.gateway.body import BATCH_EVENTS, BATCH_LIMIT, EVENT_LIMIT
from bus.message import read_json

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\Z')
_ATTRIBUTE = re.compile(r"[a-z0-9]+\Z")
_PREFIX: Final = "ce-"
_IN_THE_BODY: Final = frozenset({"data", "datacontenttype"})


class Mode(StrEnum):
    """How an HTTP request carries CloudEvents."""

    STRUCTURED = "structured"
    BATCHED = "batched"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Binding:
    """The mode of one request, what its headers say of the event (binary mode), and how large its body may be."""

    mode: Mode
    attributes: dict[str, Any]
    limit: int


def bind(headers: Headers) -> Binding:
    """The binding that a request's headers ask for. Raises Invalid MEDIA_TYPE_UNSUPPORTED or MESSAGE_MALFORMED."""
    media_type = _media_type(headers)
    if media_type == "application/cloudevents+json":
        return Binding(Mode.STRUCTURED, {}, EVENT_LIMIT)
    if media_type == "application/cloudevents-batch+json":
        return Binding(Mode.BATCHED, {}, BATCH_LIMIT)
    if media_type == "application/json" and any(name.startswith(_PREFIX) for name in headers):
        return Binding(Mode.BINARY, _attributes(headers.items()), EVENT_LIMIT)
    raise Invalid(
        "MEDIA_TYPE_UNSUPPORTED",
        "no CloudEvents media type and no ce- headers / 既非 CloudEvents 媒体类型，亦无 ce- 头",
    )


def read_events(binding: Binding, body: bytes) -> list[Any]:
    """The events of a body: one JSON object, or in batched mode whatever the array holds.

    Raises Invalid MESSAGE_MALFORMED (`where` = "line:column" of the body) or TOO_LARGE (more than 1,000 events).
    """
    value = read_json(body)
    if binding.mode is Mode.BINARY:
        return [{**binding.attributes, "datacontenttype": "application/json", "data": value}]
    if binding.mode is Mode.STRUCTURED:
        if not isinstance(value, dict):
            raise Invalid("MESSAGE_MALFORMED", "not a JSON object / 不是 JSON 对象", "1:1")
        return [value]
    if not isinstance(value, list):
        raise Invalid("MESSAGE_MALFORMED", "not a JSON array / 不是 JSON 数组", "1:1")
    if len(value) > BATCH_EVENTS:
        raise Invalid("TOO_LARGE", f"more than {BATCH_EVENTS} events / 超过 {BATCH_EVENTS} 个事件")
    return value


def _media_type(headers: Headers) -> str:
    named, *parameters = headers.get("content-type", "").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') != "utf-8":
            raise Invalid("MEDIA_TYPE_UNSUPPORTED", "another charset than UTF-8 / 字符集不是 UTF-8")
    return named.strip()


def _attributes(headers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for header, value in headers:
        name = header.removeprefix(_PREFIX)
        if name == header:
            continue
        if name in found or name in _IN_THE_BODY or not _ATTRIBUTE.match(name):
            raise Invalid(
                "MESSAGE_MALFORMED", "a ce- header twice or with no attribute's name / ce- 头重复或名称不合规"
            )
        found[name] = _decoded(value)
    return found


def _decoded(value: str) -> str:
    """A header's value after the binding's rules: quoted strings unquoted, then percent-decoded as UTF-8."""
    quoted = _QUOTED.match(value)
    plain = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value
    try:
        return unquote_to_bytes(plain.encode("ascii")).decode("utf-8")
    except UnicodeError:
        raise Invalid(
            "MESSAGE_MALFORMED", "a ce- header that is no percent-encoded UTF-8 / ce- 头不是百分号编码的 UTF-8"
        ) from None
