"""The sandbox ledger, read back with SQL of the test's own."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.finance.sandbox import open_adapter
from bus.errors import Permanent, Transient
from tests.contracts.finance_adapter import FinanceAdapterContract
from tests.contracts.postings import numbered


class TestSandboxAdapter(FinanceAdapterContract):
    module = "adapters.finance.sandbox"

    def settings(self, place: Path) -> dict[str, str]:
        return {"file": str(place / "sandbox" / "ledger.db")}

    def rows(self, place: Path, sql: str) -> list[tuple]:
        connection = sqlite3.connect(self.settings(place)["file"])
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def held(self, place: Path) -> list[str]:
        return [row[0] for row in self.rows(place, "SELECT posting_id FROM posting")]

    def balances(self, place: Path) -> dict[str, int]:
        return dict(self.rows(place, "SELECT account, sum(debit - credit) FROM posting_line GROUP BY account"))

    def test_references_are_consecutive_also_after_a_refusal(self, tmp_path: Path) -> None:
        adapter = self.open(tmp_path)
        adapter.post([numbered(1), numbered(2)])
        adapter.post([numbered(1)])
        assert [result.reference for result in adapter.post([numbered(4), numbered(3)])] == ["SBX-3", "SBX-4"]

    def test_amounts_of_18_digits_stay_exact(self, tmp_path: Path) -> None:
        huge = 999_999_999_999_999_999
        first, middle, last = numbered(0).lines
        lines = (replace(first, debit=huge), middle, replace(last, credit=huge))
        self.open(tmp_path).post([replace(numbered(0), lines=lines)])
        assert self.balances(tmp_path)[first.account] == huge

    def test_a_ledger_locked_by_another_writer_is_worth_another_try(self, tmp_path: Path) -> None:
        adapter = open_adapter({**self.settings(tmp_path), "lock_timeout_seconds": "0.1"})
        other = sqlite3.connect(self.settings(tmp_path)["file"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Transient) as caught:
            adapter.post([numbered(1)])
        assert caught.value.code == "LEDGER_LOCKED"
        other.execute("ROLLBACK")
        assert adapter.post([numbered(1)])[0].reference == "SBX-1"

    def test_a_file_that_is_no_ledger_is_left_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "letter.txt"
        file.write_text("dear auditor, " * 100)
        with pytest.raises(Permanent) as caught:
            open_adapter({"file": str(file)})
        assert caught.value.code == "LEDGER_FILE_DAMAGED"
        assert file.read_text() == "dear auditor, " * 100
