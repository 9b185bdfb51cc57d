"""The body of a request, read no further than its limit, and a refusal that the sender gets to read."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bus.errors import Invalid

EVENT_LIMIT: Final = 1024 * 1024
BATCH_LIMIT: Final = 8 * 1024 * 1024
BATCH_EVENTS: Final = 1000
LINGER_SECONDS: Final = 1


async def read_body(request: Request, limit: int) -> bytes:
    """At most `limit` bytes, counted while they arrive. Raises Invalid TOO_LARGE, MEDIA_TYPE_UNSUPPORTED."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Invalid("MEDIA_TYPE_UNSUPPORTED", "no content encoding is accepted / 不接受任何内容编码")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise too_large(limit)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
    request.state.body_read = True
    return b"".join(chunks)


def too_large(limit: int) -> Invalid:
    """The refusal of more than `limit` bytes."""
    return Invalid("TOO_LARGE", f"more than {limit} bytes / 超过 {limit} 字节")


class Refusal(Response):
    """An answer before the body has been read. Closing at once would reset the connection, and the answer be lost:
    what still comes is thrown away for up to a second.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI names it
        """Answer, linger, end."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while (await receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b""})
