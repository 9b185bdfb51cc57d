"""What the pages for newcomers say can be typed, and what they link to is there."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bus.cli.app import app
from bus.config import PROJECT
from tests.acceptance import settings_table
from tests.acceptance.command import ledgerbus

READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, *(f"docs/{page.name}" for page in sorted((PROJECT / "docs").glob("*.md"))))
_FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#([^)\s]+))?\)")
_QUOTED = re.compile(r"`(ledgerbus [a-z][^`]*|make [a-z][^`]*)`")


def text_of(page: str) -> str:
    return (PROJECT / page).read_text(encoding="utf-8")


def commands_in(text: str) -> Iterator[list[str]]:
    """Each command of the sh blocks, and each ledgerbus or make command that is quoted in a sentence, in words."""
    for block in _FENCED.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line)
    for quoted in _QUOTED.findall(text.replace("…", "x")):
        yield shlex.split(quoted)


def defects(words: list[str], make: str) -> Iterator[str]:
    """What of a ledgerbus or make command does not exist."""
    if words[0] == "make":
        targets = [word for word in words[1:] if "=" not in word]
        yield from (f"make {target}" for target in targets if f"\n{target}:" not in make)
    if Path(words[0]).name == "ledgerbus":
        yield from _ledgerbus_defects(words[1:])


def _ledgerbus_defects(words: list[str]) -> Iterator[str]:
    command: Any = get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name, *words = words
        if name not in command.commands:
            yield f"ledgerbus {name}"
            return
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    yield from (word for word in words if word.startswith("--") and word.split("=")[0] not in known)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_exists_with_its_options(page: str) -> None:
    make = (PROJECT / "Makefile").read_text(encoding="utf-8")
    written = list(commands_in(text_of(page)))
    assert written or page not in READMES
    assert [found for words in written for found in defects(words, make)] == []


@pytest.mark.parametrize("line", ["make nothing", "ledgerbus nothing", "ledgerbus up --nothing", "ledgerbus audit x"])
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    [words] = commands_in(f"```sh\n{line}\n```\n")
    assert list(defects(words, "\nsetup: x\n"))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_on_a_page_leads_somewhere(page: str) -> None:
    folder = (PROJECT / page).parent
    links = [(folder / target, part) for target, part in _LINK.findall(text_of(page))]
    assert [str(target) for target, _ in links if not target.exists()] == []
    headings = {(target, part): _headings(target) for target, part in links if part}
    assert [str(target) for (target, part), found in headings.items() if part not in found] == []


def _headings(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_both_readmes_say_the_same_commands_and_lead_to_the_same_pages() -> None:
    english, chinese = map(text_of, READMES)
    assert _FENCED.findall(english) == _FENCED.findall(chinese)
    assert {link for link in _LINK.findall(english) if "README" not in link[0]} == {
        link for link in _LINK.findall(chinese) if "README" not in link[0]
    }
    assert english.count("\n## ") == chinese.count("\n## ")


@pytest.mark.parametrize("target", ["help", "-n setup", "-n demo", "-n check", "-n test"])
def test_the_cheap_make_commands_run(target: str) -> None:
    subprocess.run(["make", *target.split()], cwd=PROJECT, check=True, capture_output=True)


def test_the_cheap_ledgerbus_commands_run(tmp_path: Path) -> None:
    assert ledgerbus("db", "upgrade", "--home", tmp_path).code == 0
    verified = ledgerbus("audit", "verify", "--home", tmp_path, "--json")
    assert (verified.code, verified.result["chain"]) == (0, "ok")
    assert ledgerbus("audit", "export", tmp_path / "exports", "--home", tmp_path).code == 0
    assert ledgerbus("trace", "BX-2026-1001", "--home", tmp_path).code == 1


def test_the_table_of_environment_variables_is_the_codes_own() -> None:
    page = text_of("docs/operating.md")
    assert settings_table.render(page) == page, "python -m tests.acceptance.settings_table"
    assert settings_table.render(page.replace("| `500` |", "| `501` |")) != page.replace("| `500` |", "| `501` |")
    assert settings_table.MEANINGS.keys() == settings_table.Settings.model_fields.keys()
