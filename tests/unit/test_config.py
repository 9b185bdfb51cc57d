"""Settings come from the environment, travel to child processes whole, and never show a secret."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from bus.config import Settings, language_of


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LEDGERBUS_")]:
        monkeypatch.delenv(name)


def test_everything_has_a_default_under_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.store_url == f"sqlite:///{tmp_path}/store.db"
    assert settings.broker_url is None
    assert settings.broker_directory == tmp_path / "valkey"
    assert (settings.rules_dir.name, settings.schemas_dir.name) == ("rules", "schemas")
    assert (settings.gateway_host, settings.gateway_port) == ("127.0.0.1", 8380)


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEDGERBUS_HOME", str(tmp_path / "x" / ".." / "y"))
    monkeypatch.setenv("LEDGERBUS_STORE_URL", "postgresql+psycopg://u@h/d")
    monkeypatch.setenv("LEDGERBUS_BATCH_SIZE", "7")
    settings = Settings()
    assert settings.home == tmp_path / "y"
    assert settings.store_url == "postgresql+psycopg://u@h/d"
    assert settings.batch_size == 7


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, broker_url="redis://:secret@127.0.0.1:1/0", flower_password="p w", log_json=True)
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, broker_url="redis://:CANARY@h/0", store_url="x://CANARY@h", flower_password="CANARY"
    )
    assert "CANARY" not in repr(settings)
    assert "CANARY" not in str(settings)


def test_the_password_of_flower_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made = Settings(home=tmp_path).flower_secret()
    assert len(made) >= 20
    assert Settings(home=tmp_path).flower_secret() == made
    assert (tmp_path / "secrets" / "flower").stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == ["flower"]
    assert Settings(home=tmp_path, flower_password="chosen").flower_secret() == "chosen"


def test_a_wrong_value_is_refused_without_repeating_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERBUS_GATEWAY_PORT", "CANARY")
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert "gateway_port" in str(refusal.value)
    assert "CANARY" not in str(refusal.value)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_TW"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_follows_the_locale(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
