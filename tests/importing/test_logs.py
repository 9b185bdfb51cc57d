"""What comes out of a log."""

from pathlib import Path

import orjson
import pytest

from bus.errors import Invalid
from tests.importing.conftest import Door
from tests.importing.logs import FOREIGN, PLAIN, foreign_files, plain_files


def test_events_are_numbered_densely_per_document_even_where_documents_alternate(door: Door, tmp_path: Path) -> None:
    events = [("A", "1", "submit"), ("B", "1", "approve"), ("A", "2", "approve"), ("B", "2", "note"), ("B", "3", "pay")]
    report = door.run(PLAIN, plain_files(tmp_path, events, [("A", "1"), ("B", "2"), ("C", "3")]), tmp_path / "w")
    assert [(e["id"], e["sequence"]) for e in door.offered] == [("B#1", "1"), ("A#2", "1"), ("B#3", "2")]
    assert report.to_json()["ignored"] == {"submit": 1, "note": 1}
    assert report.to_json()["events"] == {"reimbursement.approved": 2, "payment.made": 1}
    assert report.to_json()["receipts"] == {"accepted": 3}
    assert (report.tally.rows, report.documents, door.documents()) == (5, 3, 3)


def test_a_log_that_differs_in_everything_needs_only_a_mapping(door: Door, tmp_path: Path) -> None:
    report = door.run(FOREIGN, foreign_files(tmp_path), tmp_path / "w")
    assert (report.rejected, report.tally.left_out, report.documents) == (0, 1, 2)
    eight, seven = door.offered
    assert (eight["subject"], eight["company"], eight["source"]) == ("2025-8", "CN01", "oa.foreign")
    assert eight["time"] == "2025-02-28T23:30:00+08:00"
    assert (eight["data"]["accounting_date"], eight["data"]["memo"]) == ("2025-02-28", "墨盒")
    assert seven["data"] == {
        "doc_no": "2025-7",
        "employee": "张三",
        "accounting_date": "2025-03-01",
        "currency": "CNY",
        "total": "1234.51",
        "rows": [{"category": "差旅费", "dept": "总部", "gross": "1234.51", "deductible": False}],
    }
    assert report.to_json()["ignored"] == {"终审（退回）": 1}
    assert door.accepted() == 2


def test_a_rounded_amount_keeps_its_raw_text_in_the_provenance_journal(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [("A", "1", "approve")], [("B", "9"), ("A", "26.8550000000001")])
    report = door.run(PLAIN, files, tmp_path / "w")
    (origin,) = (orjson.loads(line) for line in report.provenance.read_bytes().splitlines())
    assert (origin["event"], origin["file"], origin["row"]) == ("A#1", "events.csv", 1)
    assert origin["amounts"][0] == {
        "pointer": "/data/total",
        "raw": "26.8550000000001",
        "value": "26.86",
        "rounding": "half_up",
        "file": "claims.csv",
        "row": 2,
        "column": "sum",
    }


ONE_TABLE = """\
mapping: one-table
company: EU01
inputs: {claims: {}}
document: {column: no}
time: {column: approved, timezone: Europe/Amsterdam}
every_match: true
events:
  - type: reimbursement.approved
    when: {column: approved, empty: false}
    id: "{document}#approved"
    data:
      doc_no: {column: no}
      employee: {column: who}
      accounting_date: {date: {column: approved}}
      currency: {column: currency}
      total: {number: {column: sum, currency: {column: currency}, round: half_up}}
      rows:
        - category: {const: travel}
          dept: {const: D1}
          gross: {number: {column: sum, decimals: 2, round: half_up}}
  - type: payment.made
    when: {column: paid, empty: false}
    id: "{document}#paid"
    time: {column: paid, format: epoch_seconds}
    data:
      payment_no: {template: "P{no}"}
      document_no: {column: no}
      accounting_date: {date: {column: paid, format: epoch_seconds, convert_to: Asia/Shanghai}}
      currency: {column: currency}
      amount: {number: {column: sum, currency: {column: currency}, round: half_up, minor_units: true}}
"""


def test_one_row_of_a_wide_table_is_several_events_with_the_digits_of_its_currency(door: Door, tmp_path: Path) -> None:
    table = tmp_path / "claims.csv"
    table.write_text("\ufeffno,who,sum,currency,approved,paid\nA,x,1999,JPY,2025-01-02,1735833600\nB,y,5,EUR,,\n")
    report = door.run(ONE_TABLE, [table], tmp_path / "w")
    approved, paid = door.offered
    assert (approved["data"]["total"], approved["data"]["rows"][0]["gross"]) == ("1999", "1999.00")
    assert approved["time"] == "2025-01-02T00:00:00+01:00"
    assert (paid["id"], paid["sequence"], paid["data"]["amount"]) == ("A#paid", "2", "1999")
    assert (paid["time"], paid["data"]["accounting_date"]) == ("2025-01-02T16:00:00+00:00", "2025-01-03")
    assert (report.documents, door.documents()) == (2, 2), "a document without an event is known too"


def test_rows_are_ordered_by_columns_where_the_mapping_says_so(door: Door, tmp_path: Path) -> None:
    events = [("A", "10", "pay"), ("A", "9", "approve"), ("A", "x", "withdraw")]
    mapping = PLAIN.replace("activity:", "order: [{column: step, as: number}]\nactivity:")
    report = door.run(mapping, plain_files(tmp_path, events, [("A", "1")]), tmp_path / "w")
    assert [e["id"] for e in door.offered] == ["A#9", "A#10"]
    assert report.to_json()["rejected_by_code"] == {"IMPORT_ROW_MALFORMED": 1}


def test_rows_ordered_by_time_follow_the_instant_and_not_the_clock_on_the_wall(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [], [("A", "1")])
    files[0].write_text("no,step,what,at\nA,1,pay,2025-10-26T02:10:00+01:00\nA,2,approve,2025-10-26T02:50:00+02:00\n")
    mapping = PLAIN.replace("activity:", "order: [{column: at, as: time}]\nactivity:")
    door.run(mapping, files, tmp_path / "w")
    assert [e["id"] for e in door.offered] == ["A#2", "A#1"]


def test_a_table_without_a_header_row_gets_its_column_names_from_the_mapping(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [("A", "1", "approve")], [("A", "1")])
    files[0].write_text(files[0].read_text().partition("\n")[2])
    mapping = PLAIN.replace("events: {}", "events: {header: [no, step, what, at]}")
    assert door.run(mapping, files, tmp_path / "w").tally.rows == 1
    assert door.offered[0]["id"] == "A#1"


def test_progress_names_the_phase_and_ends_with_everything_read(door: Door, tmp_path: Path) -> None:
    door.run(PLAIN, plain_files(tmp_path, [("A", "1", "approve")], [("A", "1")]), tmp_path / "w")
    assert [one.phase for one in door.progress] == ["documents", "events", "events"]
    assert (door.progress[-1].fraction, door.progress[-1].rows, door.progress[-1].offered) == (1.0, 1, 1)


def swapped(files: list[Path]) -> list[Path]:
    return files[::-1]


def test_swapped_files_are_told_from_their_columns(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [("A", "1", "approve")], [("A", "1")])
    with pytest.raises(
        Invalid, match=r"claims.csv, given as 'events'.*seem to be swapped: events.csv has all"
    ) as caught:
        door.run(PLAIN, swapped(files), tmp_path / "w")
    assert caught.value.code == "IMPORT_FILES_MISMATCH"


def test_a_missing_column_is_named_with_the_nearest_one_and_the_line_that_wants_it(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [], [])
    files[1].write_text("no,Sum\n")
    with pytest.raises(Invalid, match=r"no column 'sum'.*did you mean 'Sum'") as caught:
        door.run(PLAIN, files, tmp_path / "w")
    assert caught.value.where == "m.yaml:19:39"


def test_too_few_files_are_refused_with_what_is_wanted(door: Door, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"reads 2 files \(events, claims, in this order\), 1 were given"):
        door.run(PLAIN, plain_files(tmp_path, [], [])[:1], tmp_path / "w")


def test_a_column_that_stands_twice_is_refused(door: Door, tmp_path: Path) -> None:
    files = plain_files(tmp_path, [], [])
    files[1].write_text("no,sum,sum\n")
    with pytest.raises(Invalid, match="'sum' more than once"):
        door.run(PLAIN, files, tmp_path / "w")


def test_a_gzip_file_that_was_cut_off_stops_the_import_and_says_so(door: Door, tmp_path: Path) -> None:
    files = foreign_files(tmp_path)
    files[0].write_bytes(files[0].read_bytes()[:-30])
    with pytest.raises(Invalid, match="cannot be read") as caught:
        door.run(FOREIGN, files, tmp_path / "w")
    assert caught.value.code == "IMPORT_FILE_UNREADABLE"
