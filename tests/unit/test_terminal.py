"""What stands in a terminal can be read there, however narrow it is and in either language."""

import pytest

from bus.cli.console import Terminal

COLUMNS = ("account", "name", "debit", "note")
ROWS = [
    ("6602.10", "管理费用-差旅费，含交通与住宿", "1234567890.12", "a note that is long enough to be broken"),
    ("6601.04", "Business entertainment", "-880.00", ""),
]


def drawn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, columns: tuple[str, ...] = COLUMNS
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    Terminal("zh").table(columns, ROWS, right=(2,), whole=(0,), spare=(3,))
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120])
def test_an_amount_is_never_broken(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = drawn(capsys, monkeypatch, width)
    assert "1234567890.12" in out
    assert "6602.10" in out


def test_a_column_that_nothing_protects_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    Terminal("zh").table(COLUMNS, ROWS)
    assert "1234567890.12" not in capsys.readouterr().out


def test_a_spare_column_goes_where_there_is_no_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "note" in drawn(capsys, monkeypatch, 120)
    assert "note" not in drawn(capsys, monkeypatch, 80)
    assert "管理费用-差旅费，含交通与住宿" in drawn(capsys, monkeypatch, 80)


def test_a_table_without_names_has_no_header(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drawn(capsys, monkeypatch, 120, ("",) * 4).splitlines()[0].startswith("6602.10")


def test_a_reader_of_chinese_is_told_states_in_chinese() -> None:
    assert (Terminal("zh").state("in_doubt"), Terminal("en").state("in_doubt")) == ("存疑", "in_doubt")
    assert Terminal("zh").state("a reason of a pack") == "a reason of a pack"
