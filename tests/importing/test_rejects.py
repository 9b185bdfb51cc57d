"""Rows that cannot become events, and their way back."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from bus.importing.rejects import MARKS, escape, unescape
from tests.importing.conftest import Door
from tests.importing.logs import PLAIN, plain_files

EVENTS = [("A", "1", "approve"), ("A", "2", "pay"), ("B", "1", "approve")]


def rejected(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("event", "claim", "code", "pointer"),
    [
        (("A", "1", "approve"), ("A", "12.5O"), "AMOUNT_INVALID", "/data/total"),
        (("A", "1", "approve"), ("A", "NaN"), "AMOUNT_INVALID", "/data/total"),
        (("A", "1", "approve"), ("A", "１２"), "AMOUNT_INVALID", "/data/total"),
        (("A", "1", "approve"), ("A", "1e3"), "AMOUNT_INVALID", "/data/total"),
        (("A", "1", "approve"), ("A", "1234567890123456789"), "AMOUNT_INVALID", "/data/total"),
        (("A", "1", "approve"), ("A", ""), "IMPORT_FIELD_MISSING", "/data/total"),
        (("A", "1", "approve"), ("B", "1"), "IMPORT_JOIN_MISSING", "/data/total"),
        (("", "1", "approve"), ("A", "1"), "IMPORT_FIELD_MISSING", "/subject"),
        (("A", "", "approve"), ("A", "1"), "IMPORT_FIELD_MISSING", "/id"),
        (("A", "1", "approve", "x"), ("A", "1"), "IMPORT_ROW_MALFORMED", ""),
        (("A", "1", '"approve'), ("A", "1"), "IMPORT_ROW_MALFORMED", ""),
        (("A\x07", "1", "approve"), ("A\x07", "1"), "EVENT_INVALID", "/id"),
    ],
)
def test_a_row_that_cannot_be_translated_is_written_down_with_code_and_field(
    event: tuple[str, ...], claim: tuple[str, ...], code: str, pointer: str, door: Door, tmp_path: Path
) -> None:
    report = door.run(PLAIN, plain_files(tmp_path, [event], [claim]), tmp_path / "w")
    rows = [row for path in report.rejects.values() for row in rejected(path)]
    assert (rows[0]["ledgerbus_code"], rows[0]["ledgerbus_pointer"]) == (code, pointer)
    assert (rows[0]["ledgerbus_row"], report.to_json()["receipts"].get("accepted")) == ("1", None)
    assert report.rejected == len(rows)


def test_a_row_of_the_claims_table_has_a_reject_file_of_its_own(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [("A", "1", "approve")], [("A", "12", "50"), ("", "1"), ("B", "1")])
    report = door.run(PLAIN, files, tmp_path / "w")
    found = {name: [row["ledgerbus_code"] for row in rejected(path)] for name, path in report.rejects.items()}
    assert found == {"events": ["IMPORT_JOIN_MISSING"], "claims": ["IMPORT_ROW_MALFORMED", "IMPORT_FIELD_MISSING"]}
    assert (report.rejected, report.documents) == (3, 1)


def test_an_unknown_currency_is_a_reject(door: Door, tmp_path: Path) -> None:
    mapping = PLAIN.replace("column: claims.sum, currency: EUR", "column: claims.sum, currency: {column: what}")
    report = door.run(mapping, plain_files(tmp_path, [("A", "1", "approve")], [("A", "1")]), tmp_path / "w")
    assert report.to_json()["rejected_by_code"] == {"CURRENCY_INVALID": 1}


def test_a_company_without_books_is_refused_at_the_door_and_comes_to_the_reject_file(
    door: Door, tmp_path: Path
) -> None:
    mapping = PLAIN.replace("company: EU01", "company: XX")
    report = door.run(mapping, plain_files(tmp_path, [("A", "1", "approve")], [("A", "1")]), tmp_path / "w")
    (row,) = rejected(report.rejects["events"])
    assert (row["ledgerbus_code"], row["ledgerbus_pointer"], row["ledgerbus_document"]) == (
        "COMPANY_UNKNOWN",
        "/company",
        "A",
    )


def test_bytes_outside_the_encoding_cost_their_row_and_not_the_file(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [("A", "1", "approve"), ("A", "2", "pay")], [("A", "1")])
    files[0].write_bytes(files[0].read_bytes().replace(b"approve", b"appr\xffve"))
    report = door.run(PLAIN, files, tmp_path / "w")
    assert report.to_json()["rejected_by_code"] == {"IMPORT_TEXT_UNREADABLE": 1}
    assert report.to_json()["events"] == {"payment.made": 1}


def test_claims_rows_that_contradict_each_other_are_no_amount(door: Door, tmp_path: Path) -> None:
    claims = [("A", "1"), ("A", "2"), ("B", "5"), ("B", "5")]
    report = door.run(PLAIN, plain_files(tmp_path, EVENTS, claims), tmp_path / "w")
    assert report.to_json()["rejected_by_code"] == {"IMPORT_JOIN_AMBIGUOUS": 2}
    assert [e["subject"] for e in door.offered] == ["B"]


def test_same_id_with_other_content_is_a_conflict_in_the_reject_file(door: Door, tmp_path: Path) -> None:
    events = [("A", "1", "approve"), ("A", "1", "pay")]
    report = door.run(PLAIN, plain_files(tmp_path, events, [("A", "1")]), tmp_path / "w")
    (row,) = rejected(report.rejects["events"])
    assert (row["ledgerbus_code"], row["ledgerbus_row"], row["what"]) == ("EVENT_CONFLICT", "2", "pay")


def corrected(path: Path, change: Callable[[dict[str, str]], None], into: Path) -> Path:
    rows = rejected(path)
    for row in rows:
        change(row)
    with into.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return into


def test_a_rejected_row_keeps_its_place_and_takes_it_when_the_corrected_reject_file_is_imported(
    door: Door, tmp_path: Path
) -> None:
    files = plain_files(tmp_path, EVENTS, [("A", "1"), ("B", "2")])
    files[0].write_text(files[0].read_text().replace("2025-03-01T", "yesterday "))
    first = door.run(PLAIN, files, tmp_path / "w")
    assert [(e["id"], e["sequence"]) for e in door.offered] == [("A#2", "2"), ("B#1", "1")]

    again = corrected(
        first.rejects["events"], lambda row: row.update(at="2025-03-01T10:00:00+01:00"), tmp_path / "mended.csv"
    )
    second = door.run(PLAIN, [again, files[1]], tmp_path / "w")
    assert (second.rejected, second.to_json()["receipts"]) == (0, {"accepted": 1})
    assert (door.offered[-1]["id"], door.offered[-1]["sequence"]) == ("A#1", "1")
    origin = second.provenance.read_text()
    assert '"file":"events.csv","row":1' in origin


def test_correcting_the_log_itself_adds_the_missing_event_and_disturbs_no_other(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, EVENTS, [("A", "1"), ("B", "2")])
    good = files[0].read_text()
    files[0].write_text(good.replace("2025-03-01T", "yesterday "))
    door.run(PLAIN, files, tmp_path / "w")
    files[0].write_text(good)
    report = door.run(PLAIN, files, tmp_path / "w")
    assert report.to_json()["receipts"] == {"accepted": 1, "duplicate": 2}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''", "plain", ""])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed_and_comes_back_unchanged(cell: str) -> None:
    assert not escape(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unescape(escape(cell)) == cell


def test_the_reject_file_itself_holds_no_live_formula(door: Door, tmp_path: Path) -> None:
    report = door.run(PLAIN, plain_files(tmp_path, [("=HYPERLINK(1)", "1", "approve")], []), tmp_path / "w")
    (row,) = rejected(report.rejects["events"])
    assert (row["no"], row["ledgerbus_document"]) == ("'=HYPERLINK(1)", "'=HYPERLINK(1)")
    assert tuple(row)[: len(MARKS)] == MARKS
