"""What all commands have: their options, their settings, their terminal, and how they end when something is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from traceback import format_exception
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from bus import logs
from bus.bootstrap import Runtime
from bus.cli.console import Terminal
from bus.config import Settings
from bus.errors import BusError, Permanent

Home = Annotated[Path | None, typer.Option("--home", help="Where everything is kept. / 数据目录", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line of stdout. / 输出 JSON")]
Language = Annotated[str | None, typer.Option("--language", help="en or zh. / 语言")]
Store = Annotated[str | None, typer.Option("--store", help="sqlite:///FILE or postgresql://… / 存储地址")]
Broker = Annotated[str | None, typer.Option("--broker", help="redis://… or amqp://… / 消息代理地址")]
AllowUnsafe = Annotated[
    bool, typer.Option("--allow-unsafe-broker", help="Take a broker that can lose messages. / 允许可能丢消息的代理")
]


def settings_of(home: Path | None, language: str | None = None, **more: str | bool | None) -> Settings:
    """The environment's settings, with what the command line says over them. Raises Permanent SETTINGS_INVALID."""
    if language not in (None, "en", "zh"):
        raise typer.BadParameter("en or zh", param_hint="--language")
    given: dict[str, Any] = {"home": home, "language": language, **more}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Permanent("SETTINGS_INVALID", first["msg"], f"LEDGERBUS_{where.upper()}") from error


@contextmanager
def command(language: str | None, *, as_json: bool) -> Iterator[Terminal]:
    """A command's terminal; what goes wrong inside is said in words and ends with exit code 1."""
    terminal = Terminal(language or Settings().language, as_json=as_json)
    logs.configure("WARNING")
    try:
        yield terminal
    except BusError as error:
        terminal.failure(error)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(1) from error
    except (typer.Exit, typer.BadParameter):
        raise
    except Exception as error:
        terminal.failure(unexpected(error))
        raise typer.Exit(1) from error


def unexpected(error: Exception) -> Permanent:
    """A defect of ours, in words; its traceback goes to a file, because it may quote a document."""
    with NamedTemporaryFile("w", prefix="ledgerbus-defect-", suffix=".txt", delete=False) as file:
        file.write("".join(format_exception(error)))
    return Permanent("INTERNAL_ERROR", f"{type(error).__name__}; the details are in {file.name}")


@contextmanager
def opened(settings: Settings) -> Iterator[Runtime]:
    """A runtime over an existing store. Raises Permanent STORE_MISSING_SCHEMA where there is none."""
    runtime = Runtime(settings)
    try:
        yield runtime
    finally:
        runtime.close()
