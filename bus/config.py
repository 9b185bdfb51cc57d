"""Settings: environment variables with the prefix LEDGERBUS_, and what each is when it is unset.

The only room that reads the environment. A process started by another gets the same settings through `as_environment`.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bus.errors import Permanent

PREFIX: Final = "LEDGERBUS_"
PROJECT: Final = Path(__file__).resolve().parent.parent

# What may also be given as the name of a file that holds it: LEDGERBUS_STORE_URL_FILE and so on.
SECRETS: Final = ("store_url", "broker_url", "flower_password")

Language = Literal["zh", "en"]


def language_of(environment: dict[str, str]) -> Language:
    """The first of LC_ALL, LC_MESSAGES, LANG that is set decides: zh… -> "zh", anything else -> "en"."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def _default_store(given: dict[str, Any]) -> str:
    return f"sqlite:///{given['home']}/store.db"


class _SecretFiles(PydanticBaseSettingsSource):
    """LEDGERBUS_<NAME>_FILE: the file's text without the line break at its end. The variable itself goes first."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        name = f"{PREFIX}{field_name.upper()}_FILE"
        file = os.environ.get(name) if field_name in SECRETS else None
        return (_secret_text(name, Path(file)) if file else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(FieldInfo(), name)[0] for name in SECRETS}
        return {name: text for name, text in found.items() if text is not None}


class Settings(BaseSettings):
    """Everything a process of the bus is told from outside. Ports are TCP ports, `lease_seconds` seconds.

    `broker_url` None means the embedded Valkey under `home`; `flower_password` None means one made at first start and
    kept in `home`/secrets/flower; `gateway_keys_file` names who may use the door, None leaves it open and on loopback;
    `run_dir` None means `home`/run; where several hosts share a home, it is a directory of each host's own;
    `ready_file` is written by a supervised process when it takes work. `store_url`, `broker_url` and `flower_password`
    may come from a file: LEDGERBUS_STORE_URL_FILE names it. Raises Permanent SETTINGS_INVALID where it is unreadable.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Path = Path("~/.ledgerbus")
    store_url: str = Field(default_factory=_default_store, repr=False)
    broker_url: str | None = Field(default=None, repr=False)
    allow_unsafe_broker: bool = False
    rules_dir: Path = PROJECT / "rules"
    schemas_dir: Path = PROJECT / "schemas"
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8380, ge=1, le=65535)
    gateway_keys_file: Path | None = None
    flower_host: str = "127.0.0.1"
    flower_port: int = Field(default=5555, ge=1, le=65535)
    flower_user: str = Field(default="operator", pattern=r"^[A-Za-z0-9._-]+$")
    flower_password: SecretStr | None = None
    worker_concurrency: int = Field(default=2, ge=1)
    batch_size: int = Field(default=500, ge=1, le=10_000)
    linger_ms: int = Field(default=100, ge=0, le=5_000)
    lease_seconds: int = Field(default=60, ge=5)
    gap_minutes: int = Field(default=15, ge=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = False
    language: Language = Field(default_factory=lambda: language_of(dict(os.environ)))
    run_dir: Path | None = None
    ready_file: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keyword arguments, then the environment, then files named there."""
        return (*sources, named["init_settings"], named["env_settings"], _SecretFiles(settings_cls))

    @field_validator("home", "rules_dir", "schemas_dir", mode="after")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    def beat_file(self, service: str) -> Path:
        """What a dispatcher or worker touches while it gets through its work, and its health check looks at."""
        return (self.run_dir or self.home / "run") / f"{service}.beat"

    @property
    def broker_directory(self) -> Path:
        """Where the embedded Valkey keeps its data."""
        return self.home / "valkey"

    def as_environment(self) -> dict[str, str]:
        """These settings as environment variables, secrets included: for a child process, never for a log."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {PREFIX + name.upper(): _as_text(value) for name, value in values.items() if value is not None}

    def flower_secret(self) -> str:
        """Flower's password: the configured one, else the one in `home`/secrets/flower (0600), made when absent."""
        if self.flower_password is not None:
            return self.flower_password.get_secret_value()
        return _kept_secret(self.home / "secrets" / "flower")

    def announce_ready(self) -> None:
        """Tell whoever started this process that it takes work; nothing when nobody asked."""
        if self.ready_file is not None:
            self.ready_file.touch()


def _kept_secret(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():
        with NamedTemporaryFile("w", dir=file.parent) as draft:
            draft.write(secrets.token_urlsafe(18))
            draft.flush()
            # Of two processes that start at once one links its draft, and both read that one.
            with suppress(FileExistsError):
                os.link(draft.name, file)
    return file.read_text()


def _secret_text(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent("SETTINGS_INVALID", f"cannot read {file}: {type(error).__name__}", name) from error


def _as_text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
