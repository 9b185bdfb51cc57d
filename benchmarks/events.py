"""The load: approved reimbursements of four items, the same ones for the same seed."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

COMPANY: Final = "CN01"
SOURCE: Final = "oa.bench"
_CATEGORIES: Final = ("差旅费", "办公费", "业务招待费", "交通费", "通讯费", "培训费", "会议费")
_DEPARTMENTS: Final = (("D01", "管理"), ("D02", "销售"), ("D03", "研发"))
_EMPLOYEES: Final = ("张三", "李四", "王五", "赵六", "钱七", "孙八")
_CITIES: Final = ("北京", "上海", "广州", "深圳", "成都", "杭州")
_TAX_RATE: Final = Decimal("0.06")
_CENT: Final = Decimal("0.01")


def reimbursements(count: int, prefix: str = "BX", seed: int = 20261105) -> list[dict[str, Any]]:
    """`count` CloudEvents of about 1.5 KB, one document each, sequence 1; a voucher has about six lines.

    `prefix` starts the document numbers, so that loads with different prefixes never meet.
    """
    chance = random.Random(f"{seed}/{prefix}")  # noqa: S311 - a load that can be repeated, no secret
    return [_event(f"{prefix}-2026-{number:07}", chance) for number in range(1, count + 1)]


def claimed(events: list[dict[str, Any]]) -> int:
    """What these events claim in all, in minor units of CNY: the debits that both sides must show."""
    return sum(int(Decimal(event["data"]["total"]) * 100) for event in events)


def _event(document: str, chance: random.Random) -> dict[str, Any]:
    rows = list(_rows(chance))
    total = sum((Decimal(row["gross"]) for row in rows), Decimal(0))
    advance = (total / 2).quantize(_CENT) if chance.random() < 0.2 else Decimal(0)
    day = f"2026-11-{chance.randint(1, 28):02}"
    return {
        "specversion": "1.0",
        "source": SOURCE,
        "id": f"{document}/1",
        "type": "reimbursement.approved",
        "subject": document,
        "company": COMPANY,
        "time": f"{day}T09:30:00+08:00",
        "datacontenttype": "application/json",
        "dataschema": "urn:ledgerbus:schema:reimbursement.approved:v1",
        "sequence": "1",
        "correlationid": document,
        "data": {
            "doc_no": document,
            "employee": chance.choice(_EMPLOYEES),
            "accounting_date": day,
            "currency": "CNY",
            "total": str(total),
            "advance": str(advance),
            "memo": f"赴{chance.choice(_CITIES)}拜访客户并参加项目评审会议",
            "rows": rows,
        },
    }


def _rows(chance: random.Random) -> Iterator[dict[str, Any]]:
    with_vat = chance.choice((0, 1, 1, 2))
    for place, category in enumerate(chance.sample(_CATEGORIES, 4)):
        department, kind = chance.choice(_DEPARTMENTS)
        gross = Decimal(chance.randint(1_000, 500_000)) / 100
        tax = (gross * _TAX_RATE / (1 + _TAX_RATE)).quantize(_CENT)
        yield {
            "category": category,
            "dept_kind": kind,
            "dept": department,
            "project": f"P{chance.randint(1, 9)}",
            "memo": f"{chance.choice(_CITIES)}项目现场支持费用，按合同约定由本部门承担",
            "gross": f"{gross:.2f}",
            "tax": f"{tax:.2f}",
            "deductible": place < with_vat,
            "certified": place == 0,
        }
