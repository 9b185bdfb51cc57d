"""A way to the bus over HTTP: batches of CloudEvents to the gateway; the answer brings the receipts."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, Final

from bus.errors import Transient

_BATCHED: Final = "application/cloudevents-batch+json"
_ANSWER_SECONDS: Final = 60


class HttpWay:
    """Posts to `url`/events with an optional bearer key. For one thread."""

    def __init__(self, url: str, key: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("the gateway's URL begins with http:// or https://")
        self._url = f"{url.rstrip('/')}/events"
        self._headers = {"Content-Type": _BATCHED} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._receipts: list[dict[str, Any]] = []

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Offer events (message id, JSON bytes). Raises Transient GATEWAY_UNAVAILABLE; then some may have got there."""
        body = b"[" + b",".join(content for _, content in messages) + b"]"
        request = urllib.request.Request(self._url, body, self._headers, method="POST")  # noqa: S310 - see __init__
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - see __init__
                receipts = json.load(answer)["receipts"]
        except urllib.error.HTTPError as error:
            raise Transient("GATEWAY_UNAVAILABLE", f"the door answers {error.code}") from error
        except (OSError, ValueError, KeyError) as error:
            raise Transient("GATEWAY_UNAVAILABLE", f"the door does not answer: {type(error).__name__}") from error
        for (message_id, _), receipt in zip(messages, receipts, strict=False):
            self._receipts.append({**receipt, "message_id": message_id})

    def receipts(self, wait_seconds: float) -> list[dict[str, Any]]:  # noqa: ARG002 - nothing comes by itself here
        """What the answers so far have brought."""
        given, self._receipts = self._receipts, []
        return given

    def close(self) -> None:
        """Nothing to let go of."""
