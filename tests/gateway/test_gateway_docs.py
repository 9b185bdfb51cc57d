"""What docs/events.md tells a newcomer to type works as written."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.door import Door

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```(sh|python)\n(.*?)^```", (ROOT / "docs" / "events.md").read_text(encoding="utf-8"), re.S | re.M
)
COMMANDS = {"sh": ["sh", "-ec"], "python": [sys.executable, "-c"]}


@pytest.mark.parametrize(("language", "text"), BLOCKS, ids=["structured", "binary", "batched"])
def test_an_example_of_the_documentation_is_accepted(door: Door, language: str, text: str) -> None:
    if language == "sh" and shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    here = text.replace("http://127.0.0.1:8380", f"http://127.0.0.1:{door.port}")
    assert here != text
    done = subprocess.run([*COMMANDS[language], here], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "accepted" in done.stdout
    assert door.inbox.kept
