"""The schema: brought up to date by Alembic migrations, in one transaction."""

from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 7_239_001  # any number, the same for every process that migrates this database


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration over a connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Bring the store to this version's schema. Safe to run from several processes at once."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(configuration(connection), "head")


def is_current(engine: Engine) -> bool:
    """Whether the store has this version's schema."""
    with engine.connect() as connection:
        found: Any = MigrationContext.configure(connection).get_current_revision()
    return bool(found == ScriptDirectory.from_config(configuration()).get_current_head())
