"""0 done, 1 something is wrong, 2 bad usage; and what is wrong is said."""

import fcntl
import json
from pathlib import Path

import pytest

from tests.acceptance.command import ledgerbus


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--mapping", "rules/imports/bpic2020-domestic.yaml"),
        ("demo", "steps.csv"),
        ("demo", "--mapping", "nowhere.yaml", "steps.csv"),
        ("demo", "--wait", "0"),
        ("demo", "--language", "fr"),
        ("trace",),
        ("import", "steps.csv"),
        ("no-such-command",),
    ],
)
def test_bad_usage_is_2_and_starts_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "home"
    told = ledgerbus(*arguments, home=str(home))
    assert told.code == 2, told.text
    assert "Traceback" not in told.text
    assert not home.exists()


@pytest.mark.parametrize(("language", "words"), [("en", "No such document"), ("zh", "单据")])
def test_an_unknown_document_is_1_and_says_what_to_do(tmp_path: Path, language: str, words: str) -> None:
    home = tmp_path / "home"
    assert ledgerbus("db", "upgrade", "--home", home).code == 0
    told = ledgerbus("trace", "BX-9", "--json", "--home", home, "--language", language)
    assert told.code == 1
    assert told.result["error"]["code"] == "DOCUMENT_UNKNOWN"
    assert words in told.result["error"]["title"]
    assert told.result["error"]["remedy"]


def test_a_bus_that_does_not_come_to_rest_in_time_is_1_and_says_what_is_left(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "ledger").mkdir(parents=True)
    # Somebody else writes the ledger all the time: no voucher can be confirmed there.
    with (home / "ledger" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = ledgerbus("demo", "--json", "--home", home, "--wait", "4")
    assert told.code == 1, told.text
    assert told.result["error"]["code"] == "NOT_AT_REST"
    assert "postings_unsettled" in told.result["error"]["message"]
    assert told.result["error"]["remedy"]
    assert "Traceback" not in told.text

    # With the ledger free again, the same home comes to rest by itself, and nothing was booked twice.
    after = ledgerbus("demo", "--json", "--home", home)
    assert after.code == 0, after.err
    assert after.result["events"] == {"accepted": 0, "duplicate": 48, "conflict": 1, "invalid": 1}
    assert json.dumps(after.result["postings"]["beancount"]) == json.dumps(
        {"confirmed": 33, "rejected": 0, "in_doubt": 0, "pending": 0}
    )
