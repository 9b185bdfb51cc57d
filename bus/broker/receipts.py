"""Receipts as they arrive at a sender."""

from typing import Any

import orjson


def receipt_of(body: bytes) -> list[dict[str, Any]]:
    """The receipt in a message, or nothing: whatever else lands in a sender's queue is no answer."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    return [said] if isinstance(said, dict) else []
