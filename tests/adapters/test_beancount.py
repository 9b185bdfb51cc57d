"""The Beancount ledger, read back with the real Beancount: its loader and its bean-check."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data

from bus.money import to_minor
from bus.ports import LedgerPosting, Outcome
from tests.contracts.finance_adapter import FinanceAdapterContract
from tests.contracts.postings import line, numbered, reversal


def mains(directory: Path) -> list[Path]:
    return sorted(directory.glob("*/*/main.beancount"))


def transactions(directory: Path) -> list[data.Transaction]:
    """Every entry of every book; a ledger that Beancount finds fault with fails the test."""
    found: list[data.Transaction] = []
    for main in mains(directory):
        entries, errors, _ = loader.load_file(str(main))
        assert errors == []
        found += [entry for entry in entries if isinstance(entry, data.Transaction)]
    return found


def bean_check(main: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("bean-check")
    return subprocess.run([str(program), str(main)], capture_output=True, text=True, check=False)


class TestBeancountAdapter(FinanceAdapterContract):
    module = "adapters.finance.beancount"

    def settings(self, place: Path) -> dict[str, str]:
        return {"directory": str(place / "ledger")}

    def held(self, place: Path) -> list[str]:
        return [entry.meta["posting-id"] for entry in transactions(place / "ledger")]

    def balances(self, place: Path) -> dict[str, int]:
        total: Counter[str] = Counter()
        for main in mains(place / "ledger"):
            entries, _, _ = loader.load_file(str(main))
            codes = {entry.account: entry.meta["code"] for entry in entries if isinstance(entry, data.Open)}
            for entry in (e for e in entries if isinstance(e, data.Transaction)):
                for posting in entry.postings:
                    total[codes[posting.account]] += to_minor(posting.units.number, posting.units.currency)
        return dict(total)

    def check_clean(self, place: Path) -> None:
        for main in mains(place / "ledger"):
            checked = bean_check(main)
            assert (checked.returncode, checked.stderr, checked.stdout) == (0, "", "")

    def test_bean_check_accepts_books_periods_currencies_and_reversals(self, tmp_path: Path) -> None:
        adapter = self.open(tmp_path)
        adapter.post([numbered(i) for i in range(30)])
        adapter.post([reversal(numbered(i)) for i in range(10)])
        adapter.post([numbered(100 + i, company="EU01", currency="EUR") for i in range(6)])
        adapter.post([numbered(200 + i, currency="USD") for i in range(6)])
        adapter.post([numbered(300, book="管理账", currency="JPY"), numbered(301, currency="KWD")])
        assert len(mains(tmp_path / "ledger")) == 3
        self.check_clean(tmp_path)

    def test_an_entry_dated_before_all_others_is_clean_when_it_comes_last(self, tmp_path: Path) -> None:
        adapter = self.open(tmp_path)
        adapter.post([numbered(1)])
        early = numbered(2).accounting_date.replace(year=1970, month=1, day=1)
        adapter.post([replace(numbered(2), accounting_date=early, period="1970-01")])
        self.check_clean(tmp_path)
        [result] = adapter.post([replace(numbered(3), accounting_date=early.replace(year=1969))])
        assert (result.outcome, result.code) == (Outcome.REJECTED, "POSTING_INVALID")

    def test_an_imbalance_of_a_thousandth_written_by_hand_is_found_by_bean_check(self, tmp_path: Path) -> None:
        self.open(tmp_path).post([numbered(1)])
        [main] = mains(tmp_path / "ledger")
        period = main.with_name("2026-10.beancount")
        text = period.read_text(encoding="utf-8")
        assert "  0.38 CNY" in text
        period.write_text(text.replace("  0.38 CNY", "  0.381 CNY"), encoding="utf-8")
        assert "does not balance" in bean_check(main).stderr
        usual = main.read_text(encoding="utf-8").replace('option "tolerance_multiplier" "0"\n', "")
        main.write_text(usual, encoding="utf-8")
        assert bean_check(main).returncode == 0, "Beancount's own tolerance would have let it pass"

    def test_amounts_keep_their_digits_their_sign_and_their_side(self, tmp_path: Path) -> None:
        huge = 999_999_999_999_999_999
        wide = (line("6602.02", huge, 0), line("2241", 0, huge))
        postings = [
            replace(numbered(1, currency="JPY"), lines=(line("6602.02", 7, 0), line("2241", 0, 7))),
            replace(numbered(2, currency="KWD"), lines=(line("6602.02", -1234, 0), line("2241", 0, -1234))),
            replace(numbered(3), lines=wide),
        ]
        self.open(tmp_path).post(postings)
        seen = {e.meta["voucher"]: [(p.units.number, p.meta["side"]) for p in e.postings] for e in self.read(tmp_path)}
        assert seen[postings[0].number] == [(Decimal(7), "debit"), (Decimal(-7), "credit")]
        assert seen[postings[1].number] == [(Decimal("-1.234"), "debit"), (Decimal("1.234"), "credit")]
        assert seen[postings[2].number][0][0] == Decimal("9999999999999999.99")

    def test_an_entry_tells_its_voucher_document_event_rule_and_dimensions(self, tmp_path: Path) -> None:
        posting = reversal(numbered(1))
        self.open(tmp_path).post([posting])
        [entry] = self.read(tmp_path)
        assert entry.narration == posting.text
        assert entry.links == {"_62a5__9500__20_BX_5f_1"}
        said = [entry.meta[key] for key in ("voucher", "document", "event-id", "rule", "entry-hash", "reverses")]
        assert said == [
            posting.number, posting.document, posting.event_id, posting.rule, posting.entry_hash, posting.reverses,
        ]  # fmt: skip
        first = posting.lines[0]
        assert entry.postings[0].meta["dim-department"] == first.dimensions["department"]
        assert entry.postings[0].meta["dim-cost_center"] == first.dimensions["cost_center"]
        assert entry.postings[0].meta["text"] == first.text

    def test_text_with_quotes_and_line_ends_stays_on_its_line(self, tmp_path: Path) -> None:
        hostile = 'x"\n2026-01-01 open Assets:Stolen\n  posting-id: "y\\'
        lines = tuple(replace(part, text=hostile, dimensions={"a:b c": hostile}) for part in numbered(1).lines)
        posting = replace(numbered(1), text=hostile, number=hostile, document=hostile, lines=lines)
        adapter = self.open(tmp_path)
        [posted] = adapter.post([posting])
        self.assert_holds_exactly(tmp_path, [posting])
        assert self.open(tmp_path).look_up([posting.posting_id])[posting.posting_id].reference == posted.reference
        self.check_clean(tmp_path)

    def test_no_two_account_codes_share_an_account_and_a_new_name_keeps_it(self, tmp_path: Path) -> None:
        codes = ["1221", "1221.03", "1221:03", "1221-03", "1221-2d-03", "1221..03", "122103", "应收", "a1", "A1", "."]
        adapter = self.open(tmp_path)
        for i, code in enumerate(codes):
            lines = (line(code, i + 1, 0), line("2241", 0, i + 1))
            adapter.post([replace(numbered(i), period="2026-09", lines=lines)])
        renamed = (line("1221.03", 5, 0, name="改名"), line("2241", 0, 5))
        adapter.post([replace(numbered(99), period="2026-09", lines=renamed)])
        assert self.balances(tmp_path) == {
            **{code: i + 1 for i, code in enumerate(codes)},
            "1221.03": 2 + 5,
            "2241": -sum(range(1, len(codes) + 1)) - 5,
        }
        self.check_clean(tmp_path)

    def test_every_account_type_has_a_legal_root(self, tmp_path: Path) -> None:
        kinds = ["asset", "contra_asset", "liability", "equity", "income", "expense", "memo"]
        lines = tuple(line(f"9{i}", 1, 0, kind=kind) for i, kind in enumerate(kinds))
        self.open(tmp_path).post([replace(numbered(1), lines=(*lines, line("2241", 0, len(kinds))))])
        accounts = [posting.account for posting in self.read(tmp_path)[0].postings]
        roots = ["Assets", "Assets", "Liabilities", "Equity", "Income", "Expenses", "Equity:Memo"]
        assert accounts[:-1] == [f"{root}:A9{i}" for i, root in enumerate(roots)]

    @pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../x", "a\x00", "main", "Accounts", "a\nb", "*", "x" * 49])
    def test_a_name_that_could_leave_the_directory_is_refused(self, tmp_path: Path, name: str) -> None:
        bad: list[LedgerPosting] = [
            replace(numbered(1), company=name),
            replace(numbered(2), book=name),
            replace(numbered(3), period=name),
        ]
        results = self.open(tmp_path).post([*bad, numbered(4)])
        assert [result.code for result in results] == ["NAME_UNSAFE"] * 3 + [None]
        assert [path.name for path in tmp_path.iterdir()] == ["ledger"]
        self.assert_holds_exactly(tmp_path, [numbered(4)])

    def read(self, place: Path) -> list[data.Transaction]:
        return transactions(place / "ledger")
