"""Log lines: structlog, UTC, JSON or console, one allow-list of keys; what is not on it is written as "…".

Lines of libraries (uvicorn, celery, alembic) go the same way. Their arguments may carry payloads, so text among them is
masked, except for libraries whose lines are known to name only addresses, paths of this bus and revisions.
"""

import logging
import sys
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from traceback import extract_tb
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from bus.errors import BusError

MASK: Final = "…"

ALLOWED_KEYS: Final = frozenset(
    {
        "accepted", "attempts", "batch", "book", "causation_id", "code", "company", "conflicts", "correlation_id",
        "count", "depth", "document", "documents", "due_at", "duplicates", "entry_id", "error", "error_at",
        "event", "event_id", "event_type", "exit_code", "file", "host", "id", "ids", "inbox_id", "invalid", "kind",
        "level", "lease_until", "line", "logger", "loop", "method", "number", "outcome", "pack", "path",
        "period", "pid", "port", "posting", "posting_id", "progress", "queue", "reason", "rows", "rule", "runtime",
        "seconds", "sequence", "service", "source", "state", "status", "target", "task", "task_id", "timestamp",
        "version", "where", "word", "worker",
    }
)  # fmt: skip

_OURS: Final = ("bus", "adapters", "workers")
_PLAIN_TEXT: Final = (*_OURS, "uvicorn", "alembic")
_KNOWN: Final = (*_PLAIN_TEXT, "celery", "kombu", "amqp", "redis", "flower", "tornado", "sqlalchemy")
_TASK_ARGUMENTS: Final = ("id", "name", "runtime")
_LONGEST_TEXT: Final = 400
_LONGEST_LIST: Final = 1000

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(level: str = "INFO", *, as_json: bool = False, stream: TextIO | None = None) -> None:
    """Route structlog and the standard library's logging of this process to `stream` (default: stderr). Repeatable."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream is None and sys.stderr.isatty())
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(mask_arguments)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "celery", "alembic"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True


def redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Structlog processor: keep values of allowed keys that are scalars or lists of them; mask everything else."""
    return {key: _kept(value) if key in ALLOWED_KEYS or key.startswith("_") else MASK for key, value in line.items()}


def describe_exception(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Structlog processor: an exception becomes its type and place; its message only where it is one of our own.

    A foreign exception's message may quote the row or payload it failed on.
    """
    raised = _exception_of(line.pop("exc_info", None))
    if raised is None:
        return line
    kind, error, trace = raised
    line["error"] = str(error) if isinstance(error, BusError) else kind.__name__
    if isinstance(error, BusError):
        line.setdefault("code", error.code)
    line["error_at"] = [f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in extract_tb(trace)[-8:]]
    return line


def mask_arguments(record: logging.LogRecord) -> bool:
    """Logging filter: mask what a library's line carries in its arguments; always lets the (masked) line through."""
    if "_from_structlog" in record.__dict__ or isinstance(record.msg, dict) or _is_of(record.name, _PLAIN_TEXT):
        return True
    if not _is_of(record.name, _KNOWN):
        record.msg, record.args = MASK, None
    elif isinstance(record.args, Mapping):
        record.args = {key: value if key in _TASK_ARGUMENTS else MASK for key, value in record.args.items()}
    elif record.args:
        record.args = tuple(value if isinstance(value, int | float) else MASK for value in record.args)
    return True


def _is_of(logger: str, families: Iterable[str]) -> bool:
    return logger.split(".", 1)[0] in families


def _kept(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | structlog.stdlib.BoundLogger | logging.LogRecord):
        return value
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + MASK
    if isinstance(value, list | tuple | set | frozenset):
        return [_kept(one) if isinstance(one, str | int) else MASK for one in list(value)[:_LONGEST_LIST]]
    return MASK


def _exception_of(given: Any) -> ExcInfo | None:
    if isinstance(given, BaseException):
        return (type(given), given, given.__traceback__)
    if isinstance(given, tuple):
        return given if given[0] is not None else None
    if given:
        current = sys.exc_info()
        return current if current[0] is not None else None
    return None
