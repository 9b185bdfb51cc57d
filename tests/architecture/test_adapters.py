"""An adapter is one file plus one test class that inherits its port's contract."""

import ast

import pytest

from tests.architecture.source import Source, sources

CONTRACTS = {"finance": "FinanceAdapterContract", "oa": "OAAdapterContract"}


def adapters() -> list[tuple[str, str]]:
    """(kind, module) of every adapter file."""
    return [
        (kind, source.path.rsplit("/", 1)[1].removesuffix(".py"))
        for kind in CONTRACTS
        for source in sources(f"adapters/{kind}")
        if not source.path.endswith("__init__.py")
    ]


def proves(source: Source, kind: str, module: str) -> bool:
    """Whether a test file has a class that inherits the contract and imports the adapter."""
    imports = {node.module for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom)}
    imports |= {
        f"{node.module}.{alias.name}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    bases = {
        getattr(base, "id", getattr(base, "attr", ""))
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
    }
    return CONTRACTS[kind] in bases and f"adapters.{kind}.{module}" in imports


@pytest.mark.parametrize(("kind", "module"), adapters())
def test_an_adapter_passes_the_contract_of_its_port(kind: str, module: str) -> None:
    assert [source.path for source in sources("tests") if proves(source, kind, module)]


def test_an_adapter_without_its_contract_is_caught() -> None:
    text = "from adapters.finance.sap import open_adapter\nclass TestSap:\n    pass\n"
    assert not proves(Source("tests/a.py", text), "finance", "sap")
    assert proves(Source("tests/a.py", text.replace("TestSap", "TestSap(FinanceAdapterContract)")), "finance", "sap")
