"""Every code has words in both languages, every code with words is used, and the page for people says the same."""

import ast
import re

import pytest

from bus.catalogue import CATALOGUE
from tests.architecture.error_page import PAGE, render
from tests.architecture.source import PRODUCT, Source, sources

_CODE = re.compile(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$")
_MAKERS = frozenset({"Transient", "Permanent", "Invalid", "Failure", "RulesInvalid"})


def raised(source: Source) -> set[str]:
    """Codes written out as first argument, or as `code=`, of a call that makes an error or a failure."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [*(node.args[:1] if name in _MAKERS else []), *(k.value for k in node.keywords if k.arg == "code")]
            found |= {a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


def mentioned(source: Source) -> set[str]:
    """Every text in the shape of a code."""
    texts = (node.value for node in ast.walk(source.tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and (_CODE.match(text) or text in CATALOGUE)}


def product() -> list[Source]:
    return [source for source in sources(*PRODUCT) if not source.path.startswith("bus/words/")]


def test_every_code_that_is_raised_has_words() -> None:
    missing = {(source.path, code) for source in product() for code in raised(source) if code not in CATALOGUE}
    assert missing == set()


def test_every_code_with_words_is_used() -> None:
    used = {code for source in product() for code in mentioned(source)}
    assert sorted(CATALOGUE.keys() - used) == []


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_code_has_a_title_and_a_remedy_in_both_languages(code: str) -> None:
    words = CATALOGUE[code]
    assert all(text.strip() for text in words)
    assert re.search(r"[一-鿿]", words.zh)
    assert re.search(r"[一-鿿]", words.remedy_zh)
    assert words.en.isascii()


def test_the_page_says_what_the_catalogue_says() -> None:
    assert PAGE.read_text() == render(), "make docs"


def test_an_error_without_words_is_caught() -> None:
    source = Source("bus/a.py", 'raise Permanent("NO_SUCH_THING", "it")\nRejection(code="NOR_THIS")\n')
    assert raised(source) == {"NO_SUCH_THING", "NOR_THIS"}
