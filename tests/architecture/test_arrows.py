"""The arrows between rooms are kept, and each contract that proves them notices when its arrow is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import PRODUCT, ROOT

WRONG = {
    "bus/newroom.py": "",
    "bus/money.py": "import bus.ports\n",
    "bus/cli/a.py": "import celery\n",
    "bus/gateway/a.py": "import redis\nimport sqlalchemy\n",
    "workers/a.py": "import pydantic_settings\n",
    "adapters/finance/a.py": "import bus.config\n",
}


def lint(directory: Path) -> tuple[int, str]:
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(directory), "NO_COLOR": "1"}
    done = subprocess.run(
        [str(program), "--no-cache"], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def copy_of_the_project(directory: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", directory)
    for folder in PRODUCT:
        shutil.copytree(ROOT / folder, directory / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return directory


def test_the_arrows_are_kept() -> None:
    status, report = lint(ROOT)
    assert status == 0, report


def test_every_broken_arrow_and_an_unknown_room_are_caught(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path)
    for path, text in WRONG.items():
        with (project / path).open("a") as file:
            file.write(text)
    status, report = lint(project)
    assert status != 0
    assert "0 kept, 6 broken" in report, report
    for culprit in ("newroom", "bus.money", "bus.cli.a", "bus.gateway.a", "workers.a", "adapters.finance.a"):
        assert culprit in report, report
