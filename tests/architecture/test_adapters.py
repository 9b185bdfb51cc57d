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
    """Whether a test file has a class that inherits the contract and names the adapter as its `module`."""
    return any(
        isinstance(node, ast.ClassDef)
        and CONTRACTS[kind] in {ast.unparse(base).rsplit(".", 1)[-1] for base in node.bases}
        and f"module = 'adapters.{kind}.{module}'" in {ast.unparse(line) for line in node.body}
        for node in ast.walk(source.tree)
    )


@pytest.mark.parametrize(("kind", "module"), adapters())
def test_an_adapter_passes_the_contract_of_its_port(kind: str, module: str) -> None:
    assert [source.path for source in sources("tests") if proves(source, kind, module)]


def test_an_adapter_without_its_contract_is_caught() -> None:
    text = 'class TestSap(FinanceAdapterContract):\n    module = "adapters.finance.sap"\n'
    assert proves(Source("tests/a.py", text), "finance", "sap")
    assert not proves(Source("tests/a.py", text), "finance", "other")
    assert not proves(Source("tests/a.py", text.replace("(FinanceAdapterContract)", "")), "finance", "sap")
