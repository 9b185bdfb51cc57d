"""schemas/asyncapi.yaml from the channel names and the schemas: `python -m tests.architecture.asyncapi` writes it."""

from typing import Any, Final

import yaml

from bus.channels import LEDGER_CONFIRMATIONS, LEDGER_POSTINGS, OA_EVENTS, OA_RECEIPTS
from bus.pipeline.acknowledge import CONFIRMATION_TYPE
from bus.pipeline.consumers import CONSUMER_HEADER, SIGNATURE_HEADER
from bus.pipeline.posting_event import POSTING_TYPE
from bus.pipeline.receive import Receipt, ReceiptOutcome
from tests.architecture.source import ROOT

FILE: Final = ROOT / "schemas" / "asyncapi.yaml"
_CLOUDEVENT: Final = "application/cloudevents+json"
_TEXT: Final = {"type": "string", "minLength": 1}
_RABBIT: Final = {"amqp": {"is": "queue", "queue": {"durable": True, "exclusive": False, "autoDelete": False}}}


def render() -> str:
    """The document as YAML. Schemas are referred to, never repeated."""
    head = "# Made from the code by `make docs`; the schemas beside it say what the data holds.\n"
    return head + yaml.safe_dump(_document(), sort_keys=False, allow_unicode=True, width=120)


def _document() -> dict[str, Any]:
    channels = {
        "oaEvents": _channel(OA_EVENTS, "event", "Business events to the bus. / 业务事件"),
        "oaReceipts": _channel(
            f"{OA_RECEIPTS}.{{sender}}", "receipt", "A receipt for each event. / 每个事件的回执",
            sender="The sender's reply_to, else one made of the event's source.",
        ),
        "ledgerPostings": _channel(
            f"{LEDGER_POSTINGS}.{{consumer}}", "posting", "Postings to a registered consumer. / 发给已登记消费者的过账",
            consumer="The consumer's name in rules/companies.yaml.",
        ),
        "ledgerConfirmations": _channel(
            LEDGER_CONFIRMATIONS, "confirmation", "What consumers answer. / 消费者的确认"
        ),
    }  # fmt: skip
    takes = {"oaEvents": "receive", "oaReceipts": "send", "ledgerPostings": "send", "ledgerConfirmations": "receive"}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ledgerbus",
            "version": "1.0.0",
            "description": "The open channels between approval and ledger. / 业财一体化总线的开放通道",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": _CLOUDEVENT,
        "channels": channels,
        "operations": {
            f"{action}{name[0].upper()}{name[1:]}": {"action": action, "channel": _ref("channels", name)}
            for name, action in takes.items()
        },
        "components": {"messages": _messages()},
    }


def _channel(address: str, message: str, summary: str, **parameters: str) -> dict[str, Any]:
    listed = {name: {"description": text} for name, text in parameters.items()}
    return {
        "address": address,
        "description": summary,
        "messages": {message: _ref("components/messages", message)},
        **({"parameters": listed} if listed else {}),
        "bindings": _RABBIT,
    }


def _messages() -> dict[str, Any]:
    headers = {"type": "object", "properties": {CONSUMER_HEADER: _TEXT, SIGNATURE_HEADER: _TEXT}}
    event = {"oneOf": [_event(file.name) for file in sorted((ROOT / "schemas" / "events").glob("*.json"))]}
    event["oneOf"] = [each for each in event["oneOf"] if each is not None]
    return {
        "event": {"contentType": _CLOUDEVENT, "payload": event},
        "receipt": {"contentType": "application/json", "payload": _receipt()},
        "posting": {"contentType": _CLOUDEVENT, "payload": _cloudevent(POSTING_TYPE, "./ledger/posting.v1.json")},
        "confirmation": {
            "contentType": _CLOUDEVENT,
            "headers": headers,
            "payload": _cloudevent(CONFIRMATION_TYPE, "./ledger/confirmation.v1.json"),
        },
    }


def _event(name: str) -> dict[str, Any] | None:
    kind = name.removesuffix(".v1.json")
    if kind == "envelope":
        return None
    said = {"type": "object", "properties": {"type": {"const": kind}, "data": {"$ref": f"./events/{name}"}}}
    return {"allOf": [{"$ref": "./events/envelope.v1.json"}, said]}


def _cloudevent(kind: str, data: str) -> dict[str, Any]:
    properties = {
        "specversion": {"const": "1.0"}, "id": _TEXT, "source": _TEXT, "type": {"const": kind}, "data": {"$ref": data},
    }  # fmt: skip
    return {"type": "object", "required": list(properties), "properties": properties}


def _receipt() -> dict[str, Any]:
    fields = {name: {"type": "string"} for name in (*Receipt.__dataclass_fields__, "message_id")}
    fields["outcome"] = {"enum": [outcome.value for outcome in ReceiptOutcome]}
    return {"type": "object", "required": ["source", "id", "outcome", "message_id"], "properties": fields}


def _ref(place: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/{place}/{name}"}


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
