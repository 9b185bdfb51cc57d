"""Messages of an open channel -> CloudEvents as JSON objects, or what is kept of those that are none."""

import base64
import hashlib
import json
from typing import Any, Final

from bus.errors import BusError, Invalid
from bus.message import read_json
from bus.pipeline.open_channel import Incoming
from bus.records import QuarantinedMessage

STRUCTURED: Final = "application/cloudevents+json"
MESSAGE_LIMIT: Final = 1024 * 1024

_BINARY: Final = "application/json"
# The AMQP binding's two prefixes: some clients cannot write a colon.
_PREFIXES: Final = ("cloudEvents:", "cloudEvents_")
_PLAIN_ENCODINGS: Final = ("", "utf-8", "identity", "binary")
_SHOWN: Final = 200
_KEPT_ATTRIBUTES: Final = frozenset(
    {"specversion", "source", "id", "type", "subject", "company", "time", "sequence", "dataschema", "correlationid"}
)
_KEPT_HEADERS: Final = frozenset({"task", "lang", "id", "origin", "x-death"})


def unpack(message: Incoming) -> dict[str, Any]:
    """One CloudEvent in structured or binary mode (CloudEvents AMQP binding 1.0.2), amounts still text.

    Raises Invalid TOO_LARGE (over 1 MiB), MEDIA_TYPE_UNSUPPORTED, MESSAGE_MALFORMED (`where` = "line:column").
    """
    media_type = _media_type(message)
    if len(message.body) > MESSAGE_LIMIT:
        raise Invalid("TOO_LARGE", f"more than {MESSAGE_LIMIT} bytes / 超过 {MESSAGE_LIMIT} 字节")
    if media_type == STRUCTURED:
        value = read_json(message.body)
        if not isinstance(value, dict):
            raise Invalid("MESSAGE_MALFORMED", "not a JSON object / 不是 JSON 对象", "1:1")
        return value
    attributes = _attributes(message)
    return {**attributes, "datacontenttype": _BINARY, "data": read_json(message.body)}


def is_cloudevent(message: Incoming) -> bool:
    """Whether the message says of itself that it is a CloudEvent."""
    try:
        _media_type(message)
    except Invalid:
        return False
    return True


def quarantined(channel: str, message: Incoming, error: BusError) -> QuarantinedMessage:
    """What is kept of a message that was refused: its first 1 MiB, and the headers that carry no business data."""
    kept = {"content_type": message.content_type, "content_encoding": message.content_encoding}
    kept |= {name: value for name, value in message.headers.items() if _is_kept(name)}
    return QuarantinedMessage(
        channel=channel,
        message_id=shown(message.message_id),
        sender=None if message.sender is None else shown(message.sender),
        body_hash=hashlib.sha256(message.body).hexdigest(),
        length=len(message.body),
        body=base64.b64encode(message.body[:MESSAGE_LIMIT]).decode("ascii"),
        headers=json.dumps({shown(name): shown(value) for name, value in kept.items()}, sort_keys=True),
        code=error.code,
        message=shown(error.message),
        pointer=shown(error.where) or None,
    )


def shown(value: object) -> str:
    """A foreign value as text that every store holds: at most 200 characters, no half characters, no NUL."""
    text = str(value)[:_SHOWN].replace("\x00", "�")
    return text.encode("utf-8", "replace").decode("utf-8")


def _media_type(message: Incoming) -> str:
    named, *parameters = message.content_type.lower().split(";")
    charsets = [p.strip().partition("=")[2].strip('"') for p in parameters if p.strip().startswith("charset=")]
    if message.content_encoding.lower() not in _PLAIN_ENCODINGS or any(charset != "utf-8" for charset in charsets):
        raise Invalid("MEDIA_TYPE_UNSUPPORTED", "neither plain nor UTF-8 / 非明文或非 UTF-8")
    media_type = named.strip()
    if media_type == STRUCTURED or (media_type == _BINARY and any(_attribute(name) for name in message.headers)):
        return media_type
    raise Invalid("MEDIA_TYPE_UNSUPPORTED", "no CloudEvent / 不是 CloudEvent")


def _attributes(message: Incoming) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for header, value in message.headers.items():
        name = _attribute(header)
        if not name:
            continue
        if name in found or name in ("data", "datacontenttype"):
            raise Invalid("MESSAGE_MALFORMED", "an attribute twice, or one that is the body's / 属性重复或不应出现")
        found[name] = _text(value)
    return found


def _attribute(header: str) -> str:
    return next((header.removeprefix(prefix) for prefix in _PREFIXES if header.startswith(prefix)), "")


def _text(value: object) -> str:
    """AMQP carries whole numbers and times as such; an attribute of ours is text."""
    if isinstance(value, bool) or not (isinstance(value, str | int) or hasattr(value, "isoformat")):
        raise Invalid("MESSAGE_MALFORMED", "an attribute that is no text / 属性值不是文本")
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid("MESSAGE_MALFORMED", "text with half a surrogate pair / 文本含不成对的代理码") from None
    return str(text)


def _is_kept(header: str) -> bool:
    return header in _KEPT_HEADERS or _attribute(header) in _KEPT_ATTRIBUTES
