"""The shipped packs: the tests their rules carry, and the file schema that editors complete from."""

import json
from typing import Any

import jsonschema
import pytest

from bus.accounting.findings import Findings
from bus.accounting.pack import load_pack
from bus.accounting.rule_tests import run_rule_tests
from bus.accounting.yaml_text import Fields, Items, Node, read_documents
from tests.unit.accounting.packs import ROOT, SHIPPED, companies, pack_files, schemas, shipped


@pytest.mark.parametrize("name", SHIPPED)
def test_every_test_inside_the_rules_passes(name: str) -> None:
    results = run_rule_tests(shipped(name), companies()[SHIPPED[name]])
    assert results
    assert [f"{result.place}: {result.name}: {result.detail}" for result in results if not result.passed] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_every_rule_carries_a_test(name: str) -> None:
    assert [rule.name for rule in shipped(name).rules if not rule.tests] == []


def test_a_wrong_account_in_a_map_is_caught_by_the_tests_inside_the_rules() -> None:
    files = pack_files("cn-gaap")
    right, wrong = (
        'category: 差旅费, dept_kind: 管理, to: "6602.10"',
        'category: 差旅费, dept_kind: 管理, to: "6602.11"',
    )
    files["maps/expense_account.yaml"] = files["maps/expense_account.yaml"].replace(right, wrong)
    results = run_rule_tests(load_pack("cn-gaap", files, schemas()), companies()["CN01"])
    failed = [result for result in results if not result.passed]
    assert [result.name for result in failed] == ["三个类别，一个可抵扣，一个待认证，冲借款 500"]
    assert "debit 6602.11" in failed[0].detail


@pytest.mark.parametrize("category", ["差旅费", "办公费", "业务招待费", "交通费", "通讯费", "培训费", "会议费"])
def test_the_chinese_map_knows_each_usual_category_for_each_kind_of_department(category: str) -> None:
    pack = shipped("cn-gaap")
    day = pack.rules[0].span.start
    rows = [pack.maps["expense_account"].find((category, kind), day) for kind in ("管理", "销售", "研发")]
    accounts = [pack.charts["CN_GAAP"].accounts[row.to] for row in rows if row]
    assert [account.name_zh for account in accounts] == [category] * 3
    assert [account.code[:4] for account in accounts] == ["6602", "6601", "5301"]


def test_a_pack_is_named_by_all_of_its_content() -> None:
    files = pack_files("en-eur")
    same = load_pack("en-eur", dict(reversed(files.items())), schemas()).content_hash
    other = load_pack("en-eur", {**files, "pack.yaml": files["pack.yaml"] + "# a remark\n"}, schemas()).content_hash
    assert same == shipped("en-eur").content_hash != other


@pytest.mark.parametrize("name", SHIPPED)
def test_every_document_of_a_pack_follows_the_published_file_schema(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / "rulepack.v1.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for file, text in pack_files(name).items():
        if file.endswith(".yaml"):
            for document in read_documents(file, text, Findings()):
                errors = [error.message for error in validator.iter_errors(_json(document))]
                assert (file, errors) == (file, [])


def test_the_published_file_schema_refuses_a_misspelt_key() -> None:
    schema = json.loads((ROOT / "schemas" / "rulepack.v1.json").read_text("utf-8"))
    rule = {"rule": "r", "version": 1, "effective": {"from": "2026-01-01"}, "event": "e.f", "books": ["B"]}
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(rule)
    assert not validator.is_valid({**rule, "vouchr": {"word": "记", "text": "x"}})


def _json(node: Node) -> Any:
    if isinstance(node, Fields):
        return {key: _json(value) for key, value in node.entries.items()}
    if isinstance(node, Items):
        return [_json(value) for value in node.values]
    if node.plain and node.kind == "int":
        return int(node.value)
    return node.value == "true" if node.plain and node.kind == "bool" else node.value
