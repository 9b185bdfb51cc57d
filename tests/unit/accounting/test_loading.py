"""What is wrong with a pack is said at once, with file, line, column and what to do; YAML's traps are closed."""

import pytest

from bus.accounting.company import load_companies
from bus.accounting.findings import RulesInvalid
from bus.accounting.pack import load_pack
from tests.unit.accounting.packs import PLAIN_LINES, RULES, findings_of, schemas, small_files, small_rule


def _findings(rule: str, **more: str) -> list[str]:
    return findings_of({**small_files(rule), **more})


def _changed(old: str, new: str) -> list[str]:
    text = small_rule(PLAIN_LINES)
    assert old in text
    return _findings(text.replace(old, new, 1))


def test_a_good_pack_has_no_findings() -> None:
    assert _findings(small_rule(PLAIN_LINES)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"5000"', "5000", 'rule0.yaml:8:38: account 5000 would be read as int: write "5000"'),
        ('"5000"', "5000.10", 'rule0.yaml:8:38: account 5000.10 would be read as float: write "5000.10"'),
        ("books: [GL]", "books: [no]", 'rule0.yaml:5:9: a book no would be read as bool: write "no"'),
        ("lines:", "on: x\nlines:", 'rule0.yaml:7:1: key on is not text: write it in quotes: "on"'),
        ("lines:", "version: 2\nlines:", "rule0.yaml:7:1: key version is written twice: keep one of them"),
        ("voucher:", "vouchr:", "rule0.yaml:6:1: unknown key vouchr: did you mean voucher?"),
        ("amount: doc.total}", "amount: doc.totl}", "rule0.yaml:8:58: field totl is not known: did you mean total?"),
        ("amount: doc.total}", "amount: 0.5}", 'rule0.yaml:8:54: 0.5 is a float: write "0.5"'),
        ("account: payable", "account: payble", "rule0.yaml:9:39: account payble is no code or role of the chart of "
         "GL: did you mean payable?"),
        ("side: debit", "side: debt", "rule0.yaml:8:22: side debt is not known: did you mean debit?"),
        ("event: reimbursement.approved", "event: reimbursement.aproved", "rule0.yaml:4:8: event reimbursement.aproved "
         "is not known: did you mean reimbursement.approved?"),
        ("{doc.doc_no}", "{doc.number}", "rule0.yaml:6:39: field number is not known: did you mean employee?"),
        ("dims: {employee", "dims: {employe", "rule0.yaml:9:5: dimension employe is not in the chart of GL: "
         "did you mean employee?"),
        ("books: [GL]", "books: [GL, MGMT]", "rule0.yaml:5:13: book MGMT is not known: use one of: GL"),
    ],
)  # fmt: skip
def test_a_defect_is_named_with_its_place_and_its_remedy(old: str, new: str, expected: str) -> None:
    assert expected in _changed(old, new)


def test_all_defects_are_reported_together() -> None:
    text = small_rule(PLAIN_LINES.replace('"5000"', "5000").replace("payable", "payble")).replace("[GL]", "[XX]")
    files = {**small_files(text, small_rule(PLAIN_LINES).replace("voucher", "vouchr"))}
    with pytest.raises(RulesInvalid) as raised:
        load_pack("small", files, schemas())
    assert len(raised.value.findings) >= 3
    assert str(raised.value).count(".yaml:") >= len(raised.value.findings)
    assert raised.value.code == "RULES_INVALID"


@pytest.mark.parametrize(
    ("head", "lines", "what"),
    [
        ("", "  - {id: a, side: debit, account: bank, amount: remainder}\n", "a rule with a remainder needs a check"),
        (
            "check: total(debit) > 0\n",
            "  - {id: a, side: debit, account: bank, amount: remainder}\n"
            "  - {id: b, side: credit, account: bank, amount: remainder}\n",
            "book GL has a second remainder",
        ),
        ("let: {a: b + 1, b: a + 1}\n", PLAIN_LINES, "let a depends on itself"),
        ("when: doc.total\n", PLAIN_LINES, "doc.total is a number, not true or false"),
        ("requires: {live: nobody}\n", PLAIN_LINES, "rule nobody is not in the pack"),
        ("merge: {by: [account]}\n", PLAIN_LINES, "only lines equal in all of these may become one"),
    ],
)
def test_a_rule_that_could_not_be_trusted_is_refused(head: str, lines: str, what: str) -> None:
    assert any(what in finding for finding in _findings(small_rule(lines, head=head)))


def test_a_payment_rule_must_say_which_payment_it_is() -> None:
    rule = small_rule(PLAIN_LINES.replace("doc.total", "doc.amount").replace("doc.employee", "doc.payee"))
    rule = rule.replace("reimbursement.approved", "payment.made").replace("{doc.doc_no}", "{doc.payment_no}")
    assert any("life is missing" in finding for finding in _findings(rule))


def test_overlapping_versions_are_refused_and_a_gap_is_a_warning() -> None:
    first = small_rule(PLAIN_LINES, effective="{from: 2017-01-01, until: 2018-01-01}")
    overlapping = small_rule(PLAIN_LINES, version=2, effective="{from: 2017-12-31}")
    assert any(
        "versions 1 and 2 of claim overlap" in finding for finding in findings_of(small_files(first, overlapping))
    )
    later = small_rule(PLAIN_LINES, version=2, effective="{from: 2018-02-01}")
    pack = load_pack("small", small_files(first, later), schemas())
    assert [warning.what for warning in pack.warnings] == ["no version of claim from 2018-01-01 until 2018-02-01"]


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("      - {category: a, to: '5000', from: 2017-01-01}\n"
         "      - {category: a, to: '5100', from: 2018-01-01}\n", "fit the same key"),
        ("      - {to: '5000', from: 2017-01-01}\n", "is a fallback"),
        ("      - {category: a, to: '7000', from: 2017-01-01}\n", "account 7000 is no code or role"),
        ("      - {category: a, to: 5000, from: 2017-01-01}\n", "to 5000 would be read as int"),
        ("      - {category: a, to: '5000', from: yesterday}\n", "from is not a date"),
        ("      - {category: a, to: '5000', from: 2017-01-01, until: 2017-01-01}\n", "until is not after from"),
    ],
)  # fmt: skip
def test_a_doubtful_map_row_is_refused(rows: str, what: str) -> None:
    lines = PLAIN_LINES.replace('account: "5000"', "account: {map: cost, category: \"'a'\"}")
    maps = f"maps:\n  cost:\n    keys: [category]\n    rows:\n{rows}"
    found = findings_of({**small_files(small_rule(lines)), "maps.yaml": maps})
    assert any(what in finding for finding in found), found


@pytest.mark.parametrize(
    "text",
    ["rule: [", "a: &x [1]\nb: *x\n", "- just\n- a list\n", "strange: {}\n", "\t", "rule: " + "[" * 3000],
    ids=["open bracket", "alias", "list", "no known kind", "tab", "deep"],
)
def test_text_that_is_no_rule_file_is_a_finding_and_never_a_crash(text: str) -> None:
    found = _findings(small_rule(PLAIN_LINES), **{"other.yaml": text})
    assert text == "\t" or any(finding.startswith("other.yaml:") for finding in found)


def test_the_shipped_companies_are_read() -> None:
    companies = load_companies("companies.yaml", (RULES / "companies.yaml").read_text("utf-8"))
    china, university = companies["CN01"], companies["EU01"]
    assert (china.name, china.base_currency, china.timezone, china.pack) == (
        "示例科技有限公司", "CNY", "Asia/Shanghai", "cn-gaap",
    )  # fmt: skip
    assert [book.name for book in (*china.books, *university.books)] == ["CN_GAAP", "GL"]
    assert [target.name for target in china.targets] == ["beancount", "sandbox"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("Asia/Shanghai", "Asia/Peking", "timezone Asia/Peking is not known"),
        ("CNY", "RMBX", "base_currency RMBX is not an ISO 4217 code"),
        ("books: [CN_GAAP]", "books: [CN]", "target takes an unknown book CN"),
        ("locale: zh", "locale: fr", "locale fr is not known"),
    ],
)
def test_a_company_that_cannot_work_is_refused(old: str, new: str, what: str) -> None:
    text = (RULES / "companies.yaml").read_text("utf-8").replace(old, new, 1)
    with pytest.raises(RulesInvalid, match=what):
        load_companies("companies.yaml", text)
