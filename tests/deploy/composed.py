"""compose.yaml as a host without containers runs it: the same commands and environments, other paths and addresses."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.command import PROJECT

Described = dict[str, Any]


def described(*names: str) -> Described:
    """The files merged as compose merges them: mappings by key, lists of secrets joined, anything else replaced."""
    merged: Described = {}
    for name in names:
        merged = _merged(merged, yaml.safe_load((PROJECT / name).read_text(encoding="utf-8")))
    return merged


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        both = below.keys() & above.keys()
        return {**below, **above, **{name: _merged(below[name], above[name]) for name in both}}
    return above


@dataclass
class Native:
    """Runs services of a description as processes. `secrets` is the directory that secrets.sh filled."""

    services: Described
    files: dict[str, Path]
    home: Path
    ports: dict[str, str]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        """A service's own, with secrets where they lie here; nothing of ours comes from the caller's."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("LEDGERBUS_", "FLOWER_"))}
        own = {key: self._here(name, str(value)) for key, value in self.services[name].get("environment", {}).items()}
        home = self.home / name
        local = {"LEDGERBUS_HOME": str(home), "LEDGERBUS_RUN_DIR": str(home), "LEDGERBUS_LANGUAGE": "en"}
        return {**clean, "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1", **local, **self.ports, **own}

    def _here(self, name: str, value: str) -> str:
        found = re.fullmatch(r"/run/secrets/(\w+)", value)
        if found is None:
            return value
        assert found[1] in self.services[name]["secrets"], f"{name} names a secret that it is not given: {value}"
        return str(self.files[found[1]])

    def run(self, name: str) -> "subprocess.CompletedProcess[str]":
        """A service that ends by itself."""
        done = [self._python(word) for word in self.services[name]["command"]]
        return subprocess.run(
            done, cwd=PROJECT, env=self.environment(name), capture_output=True, text=True, timeout=120, check=False
        )

    def start(self, name: str) -> None:
        """A service that stays, its output in <home>/<name>.log."""
        (self.home / name).mkdir()
        command = [self._python(word) for word in self.services[name]["command"]]
        with (self.home / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=PROJECT, env=self.environment(name), stdout=log, stderr=log, start_new_session=True
            )

    def is_healthy(self, name: str) -> bool:
        """Whether its health check says so."""
        [kind, *command] = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        asked = [self._python(word) for word in command]
        return (
            subprocess.run(asked, cwd=PROJECT, env=self.environment(name), capture_output=True, check=False).returncode
            == 0
        )

    def stop(self) -> None:
        """End them all."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(40)

    @staticmethod
    def _python(word: str) -> str:
        return re.sub(r"^python(?= |$)|(?<=&& )python(?= )", sys.executable, word)


def ask(url: str, key: str | None, body: str | None = None) -> tuple[int, Any]:
    """Status and JSON of a request with a bearer key."""
    headers = {"Content-Type": "application/cloudevents+json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, body.encode() if body else None, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)
