"""The deployment that is described is one that works: valid, closed, and run here command by command."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bus.cli.services import free_port
from tests.acceptance.command import PROJECT
from tests.brokers import RABBITMQ, load, own_valkey, rabbitmqctl, virtual_host
from tests.deploy.composed import Native, ask, described
from tests.waiting import eventually

FILES = {"rabbitmq": ("compose.yaml",), "redis": ("compose.yaml", "compose.redis.yaml")}
LASTING = ("gateway", "dispatcher", "worker", "flower")


@pytest.mark.parametrize("name", ["compose.yaml", "compose.redis.yaml"])
def test_the_description_is_one_that_compose_takes(name: str) -> None:
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.validate(described(name), schema)
    broken = described(name)
    broken["services"]["broker"]["imagee"] = "x"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_compose_itself_reads_it() -> None:
    asked = ["docker", "compose", "version"]
    if shutil.which("docker") is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("no docker compose on PATH")
    for names in FILES.values():
        words = [word for name in names for word in ("-f", name)]
        subprocess.run(["docker", "compose", *words, "config", "--quiet"], cwd=PROJECT, check=True)


def test_everything_is_closed_that_can_be() -> None:
    found = described("compose.yaml")
    for name in ("migrate", *LASTING):
        service = found["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert not [value for value in service["environment"].values() if "://" in str(value)]
    ports = {name: service["ports"] for name, service in found["services"].items() if "ports" in service}
    assert ports == {"gateway": ["127.0.0.1:8380:8380"], "flower": ["127.0.0.1:5555:5555"]}
    assert all("healthcheck" in found["services"][name] for name in ("postgres", "broker", *LASTING))
    assert "broker_url" not in str(found["services"]["gateway"]["secrets"])
    assert "\nUSER 10001" in (PROJECT / "Dockerfile").read_text()


@pytest.fixture(params=["rabbitmq", "redis"])
def native(request: pytest.FixtureRequest, postgres_url: str, tmp_path: Path) -> Iterator[Native]:
    """The services of a description over an empty database and an empty broker, none started yet."""
    found = described(*FILES[request.param])
    with virtual_host() if request.param == "rabbitmq" else own_valkey(tmp_path) as broker:
        host, name = RABBITMQ.rsplit("@", 1)[1], broker.rsplit("/", 1)[1]
        settings = {"BROKER_HOST": host, "BROKER_VHOST": name, "BROKER_PREFIX": f"{name}.", "PYTHON": sys.executable}
        _make_secrets(tmp_path / "secrets", settings)
        (tmp_path / "secrets" / "store_url").write_text(postgres_url)
        if request.param == "redis":
            (tmp_path / "secrets" / "broker_url_redis").write_text(broker)
        else:
            load(tmp_path / "secrets" / "definitions.json")
        places = {key: tmp_path / "secrets" / Path(one["file"]).name for key, one in found["secrets"].items()}
        ports = {f"LEDGERBUS_{one}_PORT": str(free_port("127.0.0.1", 0)) for one in ("GATEWAY", "FLOWER")}
        services = Native(found["services"], places, tmp_path, ports)
        try:
            yield services
        finally:
            services.stop()
            if request.param == "rabbitmq":
                for role in ("setup", "dispatcher", "worker", "flower"):
                    rabbitmqctl("delete_user", f"{name}.{role}")


def _make_secrets(into: Path, settings: dict[str, str]) -> None:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LEDGERBUS_HOME": str(into.parent), **settings}
    subprocess.run([PROJECT / "deploy" / "secrets.sh", into], cwd=PROJECT, env=environment, check=True)
    assert into.stat().st_mode & 0o77 == 0


def test_an_event_offered_at_the_door_is_confirmed_by_the_ledger(native: Native) -> None:
    migrated = native.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    for name in LASTING:
        native.start(name)
    for name in LASTING:
        eventually(lambda name=name: native.is_healthy(name), 90)  # type: ignore[misc]
    url = f"http://127.0.0.1:{native.ports['LEDGERBUS_GATEWAY_PORT']}"
    key = (native.files["store_url"].parent / "gateway_key").read_text()
    samples = (PROJECT / "rules" / "samples" / "november-2026.jsonl").read_text(encoding="utf-8").splitlines()
    event = next(line for line in samples if '"reimbursement.approved"' in line)
    assert ask(f"{url}/events", None, event)[0] == 401
    assert ask(f"{url}/events", key + "x", event)[0] == 401
    assert ask(f"{url}/events", key, event)[0] == 202
    said = json.loads(event)
    document = f"{url}/documents/{said['company']}/{said['subject']}"
    eventually(lambda: _confirmed(ask(document, key)[1]), 90)
    assert ask(document, None)[0] == 401
    assert all(native.is_healthy(name) for name in LASTING)
    native.running["gateway"].terminate()
    native.running["gateway"].wait(30)
    assert not native.is_healthy("gateway")


def _confirmed(traced: dict[str, Any]) -> bool:
    text = json.dumps(traced)
    return '"confirmed"' in text and '"pending"' not in text
