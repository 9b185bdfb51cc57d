"""The project's Python files as trees, and what house style says of them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("bus", "adapters", "workers")
EVERYWHERE = (*PRODUCT, "tests", "benchmarks")
PURE_FILES = ("message", "money", "errors", "channels", "catalogue", "routing", "recoverability", "schemas", "ports")
PURE_FOLDERS = ("accounting", "budget")

LONGEST_FUNCTION = 40
LONGEST_FILE = 300
# A migration is a record of what was done to a schema: never shortened, never touched again.
RECORDS = "bus/store/migrations/versions/"

_BANNED_NAME = re.compile(
    r"(?:^|_)(?:utils?|helpers?|common|managers?|handle_data)(?:$|_)|^_?process_|^_?process$|^_?do_"
)
_LEFTOVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")

# What a pure room may import: computation, no clock, no files, no network, no framework.
PURE_IMPORTS = frozenset(
    {
        "abc", "ast", "bisect", "calendar", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal",
        "difflib", "enum", "fractions", "functools", "graphlib", "hashlib", "heapq", "itertools", "json", "math",
        "operator", "re", "string", "textwrap", "types", "typing", "unicodedata", "zoneinfo", "__future__",
        "csv", "io", "jsonschema", "jsonschema_rs", "orjson", "rule_engine", "yaml", "bus",
    }
)  # fmt: skip
_IMPURE_ATTRIBUTES = frozenset({"now", "utcnow", "today", "read_text", "write_text", "read_bytes", "write_bytes"})
_IMPURE_NAMES = frozenset({"open", "print", "input", "exec", "eval", "Path"})


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its text and its tree."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_pure(self) -> bool:
        parts = Path(self.path).with_suffix("").parts
        return parts[0] == "bus" and len(parts) > 1 and (parts[1] in PURE_FILES or parts[1] in PURE_FOLDERS)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file under these folders of the project."""
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return tuple(Source(str(file.relative_to(ROOT)), file.read_text()) for file in files)


def style_findings(source: Source) -> Iterator[str]:
    """Where a file breaks the house style, as "path:line: what"."""
    lines = source.text.count("\n")
    if lines > LONGEST_FILE:
        yield f"{source.path}: {lines} lines"
    if source.path.endswith("__init__.py") and source.text.strip():
        yield f"{source.path}: not empty"
    for number, line in enumerate(source.text.splitlines(), 1):
        if _LEFTOVER.search(line):
            yield f"{source.path}:{number}: something left to do"
    if _BANNED_NAME.search(Path(source.path).stem):
        yield f"{source.path}: a file name that says nothing"
    for node in ast.walk(source.tree):
        yield from _definition_findings(source.path, node)


def purity_findings(source: Source) -> Iterator[str]:
    """Where a pure room reaches for a clock, a file, the network or a framework."""
    for node in ast.walk(source.tree):
        at = f"{source.path}:{getattr(node, 'lineno', 0)}:"
        yield from (f"{at} imports {name}" for name in _imported(node) if name not in PURE_IMPORTS)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in _IMPURE_ATTRIBUTES:
                yield f"{at} calls .{node.func.attr}()"
            if isinstance(node.func, ast.Name) and node.func.id in _IMPURE_NAMES:
                yield f"{at} calls {node.func.id}()"


def _definition_findings(path: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        at = f"{path}:{node.lineno}:"
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if not isinstance(node, ast.ClassDef) and length > LONGEST_FUNCTION:
            yield f"{at} {node.name} has {length} lines"
        if _BANNED_NAME.search(_snake(node.name)):
            yield f"{at} {node.name}: a name that says nothing"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module.split(".")[0]]
    return []
