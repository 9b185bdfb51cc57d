"""Documents as their schemas allow them, drawn at random."""

from typing import Any

from hypothesis import strategies as st

from bus.message import Event
from tests.unit.accounting.packs import made, schemas

CATEGORIES = st.sampled_from(["差旅费", "办公费", "业务招待费", "goods", "services", "商品", "未知", ""])
TEXTS = st.one_of(
    CATEGORIES, st.sampled_from(["管理", "销售", "D1", "{voucher}"]), st.text("aé张\U0001f600 {}\"'", max_size=8)
)
AMOUNTS = st.one_of(
    st.sampled_from(["0", "0.01", "0.005", "-1", "100.00", "999999999999.999999", "0.000001"]),
    st.integers(0, 10**7).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
)
RATES = st.sampled_from(["0", "0.13", "33", "34", "100", "-5", "0.0000000001"])
DAYS = st.dates().filter(lambda day: 1900 <= day.year < 2100).map(str) | st.sampled_from(["2026-02-30", "2026-11-05"])


def values_of(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema within its root schema."""
    if "$ref" in schema:
        schema = {
            **root["$defs"][schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    marked = {"amount": AMOUNTS, "rate": RATES, "date": DAYS}.get(schema.get("x-ledgerbus", ""))
    if marked is not None:
        return marked
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return st.lists(values_of(schema["items"], root), min_size=schema.get("minItems", 0), max_size=4)
    if kind == "object":
        fields = {name: values_of(value, root) for name, value in schema["properties"].items()}
        required = set(schema.get("required", ()))
        optional = {name: value for name, value in fields.items() if name not in required}
        return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional)
    return {"boolean": st.booleans(), "integer": st.integers(1, 9999)}.get(kind or "", TEXTS)


def data_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Data of an event type, in some currency."""
    currency = st.sampled_from(["CNY", "EUR", "EUR", "CNY", "JPY", "ZZZ"])
    plain = values_of(schemas()[kind], schemas()[kind])
    whole = st.tuples(plain, currency).map(lambda pair: {**pair[0], "currency": pair[1]})
    return plain if kind == "document.withdrawn" else whole


def consistent(data: dict[str, Any]) -> dict[str, Any]:
    """The same document with a total that its rows add up to, so that many examples reach the ledger."""
    rows = [{**row, "gross": "12.30", "category": "办公费", "dept_kind": "管理", "dept": "D1"} for row in data["rows"]]
    total = f"{1230 * len(rows) // 100}.{1230 * len(rows) % 100:02}"
    return {**data, "rows": rows, "total": total, "accounting_date": "2026-11-05", "employee": "E"}


def event_of(kind: str, number: int, data: dict[str, Any]) -> Event:
    """An event of CN01 about the document X, in November 2026 unless its data say otherwise."""
    event = made(kind, "X", str(number), {**data, "accounting_date": "2026-11-05"}, company="CN01")
    return Event(event.source, event.id, event.type, "X", event.company, event.time, data)
