"""The two public claim logs, from files to the door; figures were computed apart from this product.

Set LEDGERBUS_REAL_DATA to a folder that holds bpic2020/ and oracle.json.
"""

import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.importing.conftest import Door

DATA = os.environ.get("LEDGERBUS_REAL_DATA")
MAPPINGS = Path(__file__).parents[2] / "rules" / "imports"
pytestmark = pytest.mark.skipif(not DATA, reason="LEDGERBUS_REAL_DATA is not set")


def files(log: str) -> list[Path]:
    return [Path(DATA or "") / "bpic2020" / f"{log}Declarations.{table}.csv.gz" for table in ("events", "cases")]


def figures(offered: list[dict[str, Any]]) -> dict[str, Any]:
    """What the oracle counts, by the plainest bookkeeping: an approval is live until a withdrawal."""
    live: dict[str, Decimal] = {}
    found: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for event in offered:
        document, data = event["subject"], event["data"]
        if event["type"] == "reimbursement.approved":
            found["approve_events"] += 1
            if document not in live and Decimal(data["total"]):
                live[document] = Decimal(data["total"])
                found["approval_vouchers"] += 1
                sums["sum_approval"] += live[document]
        elif event["type"] == "document.withdrawn":
            if document in live:
                found["reversal_vouchers"] += 1
                sums["sum_reversal"] += live.pop(document)
        elif Decimal(data["amount"]):
            known = document in live
            found["payment_vouchers" if known else "payment_without_live_approval"] += 1
            sums["sum_payment"] += Decimal(data["amount"]) if known else 0
    found["live_documents"] = len(live)
    sums["sum_live"] = sum(live.values(), Decimal(0))
    return {**found, **{name: f"{value:.2f}" for name, value in sums.items()}}


def expected(log: str) -> dict[str, Any]:
    oracle = json.loads((Path(DATA or "") / "oracle.json").read_text())[f"{log}Declarations"]
    left_out = ("documents", "approve_zero", "reversal_zero", "payment_zero", "employee_payable_at_end")
    return {name: value for name, value in oracle.items() if name not in left_out and value != 0}


@pytest.mark.parametrize("log", ["Domestic", "International"])
def test_a_real_log_gives_the_figures_of_the_oracle_and_again_only_duplicates(
    log: str, door: Door, tmp_path: Path
) -> None:
    mapping = (MAPPINGS / f"bpic2020-{log.lower()}.yaml").read_text(encoding="utf-8")
    report = door.run(mapping, files(log), tmp_path)
    assert report.rejected == 0
    assert report.receipts_now == {"accepted": len(door.offered)}
    assert report.tally.rows == report.tally.ignored.total() + len(door.offered)
    assert figures(door.offered) == expected(log)
    oracle = json.loads((Path(DATA or "") / "oracle.json").read_text())[f"{log}Declarations"]
    assert door.documents() == report.documents == oracle["documents"]
    dense = Counter(event["subject"] for event in door.offered)
    places = {(event["subject"], event["sequence"]) for event in door.offered}
    assert places == {(document, str(place)) for document, last in dense.items() for place in range(1, last + 1)}

    before = len(door.offered)
    assert door.run(mapping, files(log), tmp_path).receipts_now == {"duplicate": before}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("round: half_up", "round: floor"),
        ("Declaration FINAL_APPROVED", "Declaration APPROVED"),
        ("document: {column: case_id} ", "document: {column: documents.DeclarationNumber} "),
    ],
)
def test_a_mapping_that_rounds_or_selects_otherwise_is_caught(right, wrong, door: Door, tmp_path: Path) -> None:
    mapping = (MAPPINGS / "bpic2020-domestic.yaml").read_text(encoding="utf-8")
    assert right in mapping
    report = door.run(mapping.replace(right, wrong), files("Domestic"), tmp_path)
    assert (figures(door.offered), report.rejected) != (expected("Domestic"), 0)
