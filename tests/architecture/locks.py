"""The locks: every requirement pinned, with hashes, without addresses, and a fingerprint of what they were made from.

`python -m tests.architecture.locks` writes them anew.
"""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {"requirements.lock": (), "requirements-dev.lock": ("--group", "dev")}
FINGERPRINT = "# Made from the dependencies of pyproject.toml with SHA-256 "

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<rest>.*)$")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def fingerprint(project: dict[str, Any]) -> str:
    """SHA-256, hex, of all that decides what the locks hold."""
    decides = [
        project["project"]["requires-python"],
        project["project"]["dependencies"],
        project["project"].get("optional-dependencies", {}),
        project["dependency-groups"],
        project["build-system"]["requires"],
    ]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def pins(text: str) -> dict[str, list[tuple[str, int]]]:
    """Normalised name -> its (version, number of hashes), one for each marker it is pinned under."""
    found: dict[str, list[tuple[str, int]]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        pin = _PIN.match(line)
        if pin is not None:
            found.setdefault(normalised(pin["name"]), []).append((pin["version"], pin["rest"].count("--hash=sha256:")))
    return found


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def findings(text: str, wanted: list[str], made_from: str) -> list[str]:
    """Everything that is wrong with a lock's text; `wanted` are the requirements it must satisfy."""
    wrong = []
    if text.splitlines()[0] != FINGERPRINT + made_from:
        wrong.append("made from other dependencies than pyproject.toml has now: make lock")
    pinned = pins(text)
    for requirement in map(Requirement, wanted):
        versions = pinned.get(normalised(requirement.name), [])
        if not versions:
            wrong.append(f"{requirement.name} is not pinned")
        wrong += [f"{requirement} is pinned to {v}" for v, _ in versions if not requirement.specifier.contains(v)]
    wrong += [f"{name} {v} has no hash" for name, versions in pinned.items() for v, hashes in versions if not hashes]
    wrong += [f"an address: {line}" for line in text.splitlines() if re.search(r"://|^\s*-(?!-hash)|--(?!hash)", line)]
    return wrong


def write() -> None:
    """Resolve anew and write both locks. Needs an index."""
    for name, groups in LOCKS.items():
        target = ROOT / name
        command = [
            "uv", "pip", "compile", "pyproject.toml", *groups, "--universal", "--generate-hashes", "--no-header",
            "--no-annotate", "--python-version", "3.11", "--upgrade", "--quiet",
        ]  # fmt: skip
        command[0] = str(Path(sys.executable).with_name("uv"))
        made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        target.write_text(f"{FINGERPRINT}{fingerprint(project())}\n{made}")


if __name__ == "__main__":
    write()
