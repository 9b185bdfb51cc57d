"""Expressions over a document with fields of every kind, and such documents, drawn at random."""

from hypothesis import strategies as st

from bus.accounting.fields import record_of
from bus.accounting.rule_scope import event_scope
from tests.unit.accounting.documents import AMOUNTS, RATES

AMOUNT, RATE = {"x-ledgerbus": "amount"}, {"x-ledgerbus": "rate"}
DAY = {"x-ledgerbus": "date"}
ROW = {"type": "object", "properties": {"gross": AMOUNT, "ok": {"type": "boolean"}, "kind": {"type": "string"}}}
SCHEMA = {
    "type": "object",
    "required": ["accounting_date", "paid_on"],
    "properties": {
        "a": AMOUNT,
        "r": RATE,
        "n": {"type": "integer"},
        "flag": {"type": "boolean"},
        "memo": {"type": "string"},
        "accounting_date": DAY,
        "paid_on": DAY,
        "due_on": DAY,
        "rows": {"type": "array", "items": ROW},
        "shares": {"type": "array", "items": RATE},
    },
}
RECORD = record_of(SCHEMA, "doc")
SCOPE = event_scope(RECORD.type)

NUMBERS = st.deferred(
    lambda: (
        st.sampled_from(["doc.a", "doc.r", "doc.n", "0", "1", "3", "0.5", "doc.shares[doc.n]"])
        | st.tuples(NUMBERS, st.sampled_from("+-*/%"), NUMBERS).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | st.tuples(TRUTHS, NUMBERS, NUMBERS).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})")
        | NUMBERS.map(lambda n: f"-({n})")
        | st.tuples(st.sampled_from(["min", "max"]), NUMBERS, NUMBERS).map(lambda p: f"{p[0]}({p[1]}, {p[2]})")
        | NUMBERS.map(lambda n: f"round({n})")
        | LISTS.map(lambda n: f"sum({n})")
        | st.tuples(LISTS, NUMBERS).map(lambda p: f"{p[0]}[{p[1]}]")
        | NUMBERS.map(lambda n: f"doc.rows[{n}].gross")
        | st.tuples(DATES, DATES).map(lambda p: f"days({p[0]}, {p[1]})")
        | DATES.map(lambda d: f"days(doc.due_on ?? {d}, {d})")
    )
)
LISTS = st.deferred(
    lambda: (
        st.just("doc.shares")
        | st.tuples(NUMBERS, NUMBERS).map(lambda p: f"[{p[0]}, {p[1]}]")
        | st.tuples(NUMBERS, LISTS).map(lambda p: f"split({p[0]}, {p[1]})")
        | TRUTHS.map(lambda t: f"[row.gross for row in doc.rows if {t}]")
        | NUMBERS.map(lambda n: f"[row.gross * {n} for row in doc.rows if row.ok]")
        | LISTS.map(lambda n: f"[share + 1 for share in {n}]")
    )
)
TEXTS = st.deferred(
    lambda: (
        st.sampled_from(["doc.memo", "doc.period", '"a"', "'员\"'", '"x\\\\\' + y"', "doc.rows[0].kind", "doc.memo[0]"])
        | st.tuples(TEXTS, TEXTS).map(lambda p: f"({p[0]} + {p[1]})")
        | st.tuples(TRUTHS, TEXTS, TEXTS).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})")
    )
)
DATES = st.sampled_from(["doc.accounting_date", "doc.paid_on", "d'2026-11-05'"])
TRUTHS = st.deferred(
    lambda: (
        st.sampled_from(["doc.flag", "true", "doc.due_on == null", "doc.due_on != doc.paid_on", "doc.rows[1].ok"])
        | st.tuples(TRUTHS, st.sampled_from(["and", "or"]), TRUTHS).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | TRUTHS.map(lambda t: f"(not {t})")
        | st.tuples(NUMBERS, _COMPARISONS, NUMBERS).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | st.tuples(TEXTS, _COMPARISONS, TEXTS).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | st.tuples(DATES, _COMPARISONS, DATES).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | st.tuples(TEXTS, TEXTS).map(lambda p: f"({p[0]} in {p[1]})")
        | st.tuples(TEXTS, TEXTS).map(lambda p: f"({p[0]} in [{p[1]}, 'a'])")
        | st.tuples(NUMBERS, NUMBERS).map(lambda p: f"({p[0]} in {{{p[1]}, 1}})")
        | st.tuples(LISTS, LISTS).map(lambda p: f"({p[0]} == {p[1]})")
    )
)
_COMPARISONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
DOCUMENTS = st.fixed_dictionaries(
    {"accounting_date": st.sampled_from(["2026-11-05", "2017-02-28"])},
    optional={
        "a": AMOUNTS,
        "r": RATES,
        "n": st.integers(-2, 3),
        "flag": st.booleans(),
        "memo": st.text("aé员'\"\\", max_size=4),
        "paid_on": st.sampled_from(["2026-11-05", "2020-02-29"]),
        "due_on": st.sampled_from(["2026-11-05", "2020-02-29"]),
        "shares": st.lists(RATES, max_size=3),
        "rows": st.lists(st.fixed_dictionaries({"gross": AMOUNTS, "ok": st.booleans(), "kind": st.just("a")})),
    },
)
