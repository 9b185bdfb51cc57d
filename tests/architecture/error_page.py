"""docs/errors.md from the catalogue: `python -m tests.architecture.error_page` writes it."""

from pathlib import Path

from bus.catalogue import CATALOGUE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"

_HEAD = """\
# Errors / 错误

Every code the bus can answer, what it means and what to do. Made from `bus/catalogue.py` by `make docs`.
每个错误代码的含义与处理办法。由 `make docs` 根据 `bus/catalogue.py` 生成。
"""


def render() -> str:
    """The page, codes in alphabetical order."""
    parts = [
        f"\n## {code}\n\n{words.en}. {words.remedy_en}\n\n{words.zh}。{words.remedy_zh}\n"
        for code, words in sorted(CATALOGUE.items())
    ]
    return _HEAD + "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render())
