"""The AsyncAPI document is what the code says, and a parser of other authors takes it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.asyncapi import FILE, render
from tests.architecture.source import ROOT
from tests.conftest import missing

CHECK = ROOT / "tests" / "architecture" / "asyncapi_check"


def parse(document: Path) -> "subprocess.CompletedProcess[str]":
    if shutil.which("node") is None or not (CHECK / "node_modules").exists():
        missing("no node, or no tests/architecture/asyncapi_check/node_modules (npm ci there)")
    command = ["node", str(CHECK / "check.js"), str(document)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_document_says_what_the_code_says() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), "make docs"


def test_the_parser_of_asyncapi_takes_it_with_every_schema() -> None:
    done = parse(FILE)
    assert done.returncode == 0, done.stderr
    channels = ["oa.events", "oa.receipts.{sender}", "ledger.postings.{consumer}", "ledger.confirmations"]
    assert done.stdout.splitlines() == channels


@pytest.mark.parametrize(("right", "wrong"), [("./ledger/posting.v1.json", "./ledger/gone.json"), ("3.0.0", "9.9.9")])
def test_a_document_that_is_wrong_is_caught(tmp_path: Path, right: str, wrong: str) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    document = tmp_path / "schemas" / "asyncapi.yaml"
    document.write_text(render().replace(right, wrong), encoding="utf-8")
    assert parse(document).returncode == 1
