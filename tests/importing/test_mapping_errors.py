"""A wrong mapping is refused where it is wrong."""

from pathlib import Path

import pytest

from bus.errors import Invalid
from bus.importing.mapping import load_mapping
from tests.importing.logs import FOREIGN, PLAIN


def at(text: str, mark: str) -> str:
    """file:line:column of the first `mark` in the text."""
    before = text[: text.index(mark)]
    return f"m.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@pytest.mark.parametrize(
    ("old", "new", "mark", "words"),
    [
        ("company: EU01", "compny: EU01", "compny", "did you mean 'company'"),
        ("round: half_up", "round: half_upp", "half_upp", "did you mean 'half_up'"),
        ("round: half_up", "", "{column: claims.sum, currency: EUR, }", "'round' is missing"),
        ("currency: EUR, round", "round", "{column: claims.sum", "either 'currency' or 'decimals'"),
        ("currency: EUR, round", "currency: euro, round", "euro", "not an ISO 4217 code"),
        ("equals: approve", "equal: approve", "equal", "did you mean 'equals'"),
        ("equals: approve", "equals: a, prefix: b", "{column: what, equals: a", "exactly one test"),
        ("equals: approve", 'matches: "(("', '"(("', "not a regular expression"),
        ("{document}#{step}", "{document}#{step", '"{document}#{step"', "single '{'"),
        ("claims: {key: no}", "claims: {matches: no}", "{matches: no}", "needs a 'key'"),
        ("events: {}", "events: {encoding: utf-88}", "utf-88", "not a text encoding"),
        ("events: {}", "events: {encoding: base64}", "base64", "not a text encoding"),
        ("events: {}", "events: {delimiter: semi}", "semi", "one character"),
        ("time: {column: at}", "time: {column: at, timezone: Mars/Phobos}", "Mars/Phobos", "not a time zone"),
        ("time: {column: at}", "time: {column: at, format: YYYY}", "YYYY", "neither iso"),
        ("{const: E1}", "{const: E1, column: no}", "{const: E1", "exactly one of"),
        ("{const: E1}", "{cnst: E1}", "cnst", "did you mean 'const'"),
        ("{const: E1}", "E1", "E1", "a mapping (name: value) is expected"),
        ("{const: E1}", "{column: no, map: kinds}", "kinds", "not known here"),
        ("{const: E1}", "{column: no, otherwise: x}", "{column: no, otherwise", "belong to a 'map'"),
        ("mapping: plain", "mapping: ../up", "../up", "ASCII letters"),
        ("activity:", "order: newest\nactivity:", "newest", "not known here"),
        ("activity:", "order: [claims.sum]\nactivity:", "claims.sum", "only columns of 'events'"),
        ("activity:", "every_match: yes\nactivity:", "yes", "true or false"),
        ("activity:", "company: EU02\nactivity:", "company: EU02", "stands here twice"),
        ("input: claims", "input: claim", "claim,", "did you mean 'claims'"),
    ],
)
def test_an_error_names_file_line_and_column(old: str, new: str, mark: str, words: str) -> None:
    text = PLAIN.replace(old, new, 1)
    with pytest.raises(Invalid) as caught:
        load_mapping("m.yaml", text)
    assert words in caught.value.message
    assert (caught.value.code, caught.value.where) == ("MAPPING_INVALID", at(text, mark))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "m.yaml:1:1"),
        ("mapping: [a\n", "m.yaml:2:1"),
        ("a: 1\n---\nb: 2\n", "m.yaml:2:1"),
        ("mapping: \tx: y\n", "m.yaml:1:10"),
        ("- a\n", "m.yaml:1:1"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused_at_its_place(text: str, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        load_mapping("m.yaml", text)
    assert (caught.value.code, caught.value.where) == ("MAPPING_INVALID", where)


def test_a_mapping_that_contains_itself_ends() -> None:
    with pytest.raises(Invalid, match="nested too deeply"):
        load_mapping("m.yaml", PLAIN.replace("when: {column: what, equals: pay}", "when: &x {not: *x}"))


def test_plain_scalars_are_the_text_that_was_written() -> None:
    mapping = load_mapping(
        "m.yaml", PLAIN.replace("{const: E1}", "{const: 007.10}").replace("{const: D1}", "{const: no}")
    )
    fields = dict(mapping.events[0].data.fields)
    assert fields["employee"].value == "007.10"
    assert dict(fields["rows"].members[0].fields)["dept"].value == "no"


def test_the_columns_a_file_must_have_are_those_that_the_mapping_reads() -> None:
    mapping = load_mapping("m.yaml", FOREIGN)
    assert set(mapping.input_named("流程").columns) == {"公司", "年度", "单据号", "动作", "时间", "状态"}
    assert set(mapping.input_named("单据").columns) == {"年", "单号", "报销人", "金额", "事由", "类别", "部门"}


@pytest.mark.parametrize("file", sorted((Path(__file__).parents[2] / "rules" / "imports").glob("*.yaml")), ids=str)
def test_the_mappings_that_are_shipped_are_sound(file: Path) -> None:
    assert load_mapping(str(file), file.read_text(encoding="utf-8")).name == file.stem


def test_the_example_of_the_guide_is_a_sound_mapping() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    example = guide.split("```yaml\n")[1].split("```")[0]
    mapping = load_mapping("docs/importing.md", example)
    assert (mapping.name, [one.name for one in mapping.inputs]) == ("claims-2025", ["events", "claims"])
