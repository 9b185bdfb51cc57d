"""Events as a sender writes them: claims, payments and withdrawals of documents, as CloudEvents in JSON objects."""

from typing import Any

SOURCE = "oa.test"
EU, CN = "EU01", "CN01"


def event(
    document: str,
    kind: str,
    data: dict[str, Any],
    *,
    sequence: int | None,
    company: str = EU,
    time: str = "2017-05-02T09:00:00+02:00",
    name: str | None = None,
) -> dict[str, Any]:
    """One event; its id is the document and its sequence unless it is given a `name`."""
    numbered = {} if sequence is None else {"sequence": str(sequence)}
    return {
        "specversion": "1.0",
        "source": SOURCE,
        "id": name or f"{document}/{sequence}",
        "type": kind,
        "subject": document,
        "company": company,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": f"urn:ledgerbus:schema:{kind}:v1",
        **numbered,
        "data": data,
    }


def claim(
    document: str, sequence: int | None = 1, total: str = "100.00", *, on: str = "2017-05-02", **more: Any
) -> dict[str, Any]:
    """An approved expense claim of the euro company."""
    rows = [{"category": "travel", "dept": "D1", "gross": total}]
    data = {"doc_no": document, "employee": "E1", "accounting_date": on, "currency": "EUR", "total": total}
    return event(document, "reimbursement.approved", {**data, "rows": rows}, sequence=sequence, **more)


def payment(
    document: str, sequence: int | None = 2, amount: str = "100.00", *, on: str = "2017-05-10", **more: Any
) -> dict[str, Any]:
    """A payment of a claim; its own number is made of the document's and the sequence."""
    number = more.get("name") or f"P-{document}-{sequence}"
    data = {"payment_no": number, "document_no": document, "accounting_date": on, "currency": "EUR", "amount": amount}
    return event(document, "payment.made", data, sequence=sequence, **more)


def withdrawal(document: str, sequence: int | None = 2, *, on: str = "2017-05-20", **more: Any) -> dict[str, Any]:
    """A document taken back."""
    return event(document, "document.withdrawn", {"doc_no": document, "withdrawn_on": on}, sequence=sequence, **more)


def contract(document: str, sequence: int | None = 1, **more: Any) -> dict[str, Any]:
    """A signed contract: the rules say that it has no effect on the ledger."""
    data = {
        "doc_no": document, "kind": "purchase", "counterparty": "S1", "accounting_date": "2017-05-02",
        "currency": "EUR", "gross": "50.00", "vat_rate": "0.21",
    }  # fmt: skip
    return event(document, "contract.signed", data, sequence=sequence, **more)


def unmapped(document: str, sequence: int | None = 1, **more: Any) -> dict[str, Any]:
    """An invoice with a category that no map row has: MAP_MISSING."""
    rows = [{"category": "cheese", "dept": "D1", "net": "10.00", "tax": "0"}]
    data = {
        "invoice_no": document, "supplier": "S1", "accounting_date": "2017-05-02", "currency": "EUR", "gross": "10.00",
        "tax": "0", "certified": True, "rows": rows,
    }  # fmt: skip
    return event(document, "invoice.received", data, sequence=sequence, **more)


def chinese_claim(
    document: str, sequence: int | None = 1, *, category: str = "差旅费", total: str = "1060.00", tax: str = "60.00"
) -> dict[str, Any]:
    """报销单：一行，税额可抵扣。"""
    row = {
        "category": category, "dept_kind": "管理", "dept": "D01", "gross": total, "tax": tax, "deductible": True,
        "certified": True,
    }  # fmt: skip
    data = {
        "doc_no": document, "employee": "张三", "accounting_date": "2026-11-05", "currency": "CNY", "total": total,
        "rows": [row],
    }  # fmt: skip
    time = "2026-11-05T09:30:00+08:00"
    return event(document, "reimbursement.approved", data, sequence=sequence, company=CN, time=time)
