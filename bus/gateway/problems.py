"""Refusals as RFC 9457 problem details: a stable type, words in the reader's language, a pointer; never the payload."""

import re
from typing import Any, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bus.errors import BusError, Invalid, Transient
from bus.gateway.body import Refusal
from bus.gateway.correlation import correlation_id
from bus.message import canonical_json

TYPE_PREFIX: Final = "urn:ledgerbus:problem:"
RETRY_AFTER_SECONDS: Final = 1

_STATUS: Final = {
    "MESSAGE_MALFORMED": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "EVENT_CONFLICT": 409,
    "TOO_LARGE": 413,
    "MEDIA_TYPE_UNSUPPORTED": 415,
}
_HTTP_CODES: Final = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_HEADERS: Final = {
    "UNAUTHENTICATED": {"www-authenticate": 'Bearer realm="ledgerbus"'},
    "TOO_LARGE": {"connection": "close"},
}
_POSITION = re.compile(r"\d+:\d+\Z")


def problem(request: Request, error: BusError, **members: Any) -> Response:
    """The answer that says why: application/problem+json with title and remedy by Accept-Language, and more members."""
    status = _status(error)
    language = preferred_language(request.headers.get("accept-language", ""))
    words = error.words
    said = {
        "type": TYPE_PREFIX + error.code.lower().replace("_", "-"),
        "title": words.zh if language == "zh" else words.en,
        "status": status,
        "detail": error.message,
        "remedy": words.remedy_zh if language == "zh" else words.remedy_en,
        "code": error.code,
        "correlation_id": correlation_id(request.scope),
        **members,
    }
    if error.where:
        said["position" if _POSITION.match(error.where) else "pointer"] = error.where
    headers = {"content-language": language, **_HEADERS.get(error.code, {})}
    if status == 503:
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    answer = Refusal if request.method == "POST" and not getattr(request.state, "body_read", False) else Response
    return answer(canonical_json(said), status, headers, media_type="application/problem+json")


def preferred_language(accepted: str) -> str:
    """ "zh" where an Accept-Language header ranks Chinese above English, else "en"."""
    ranks = {"zh": 0.0, "en": 0.0}
    for choice in accepted.lower().split(","):
        tag, *parameters = (part.strip() for part in choice.split(";"))
        language = tag.partition("-")[0]
        if language in ranks:
            ranks[language] = max(ranks[language], _weight(parameters))
    return "zh" if ranks["zh"] > ranks["en"] else "en"


def answer_problems(app: FastAPI) -> None:
    """Let every refusal of the app, also an unknown path or method, be answered as a problem."""

    @app.exception_handler(BusError)
    async def refused(request: Request, error: BusError) -> Response:
        return problem(request, error)

    @app.exception_handler(HTTPException)
    async def not_served(request: Request, error: HTTPException) -> Response:
        code = _HTTP_CODES.get(error.status_code, "MESSAGE_MALFORMED")
        return problem(request, Invalid(code, "not served here / 此处不提供"))


def _status(error: BusError) -> int:
    if error.code in _STATUS:
        return _STATUS[error.code]
    if isinstance(error, Transient):
        return 503
    return 422 if isinstance(error, Invalid) else 500


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if re.fullmatch(r"[01](\.\d{0,3})?", value.strip()) else 0.0
    return 1.0
