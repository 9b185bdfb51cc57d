"""What every finance adapter does, as tests. An adapter's test class inherits FinanceAdapterContract."""

import importlib
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from bus.ports import FinanceAdapter, LedgerPosting, Outcome
from tests.contracts.postings import numbered, reversal, sums, unbalanced, with_first_debit

ROOT = Path(__file__).resolve().parents[2]


class FinanceAdapterContract:
    """Inherit, name the module, and say where its settings point and what its ledger holds, read by its own means."""

    module: ClassVar[str]

    def settings(self, place: Path) -> dict[str, str]:
        """Settings for a ledger under an empty directory that is the test's own."""
        raise NotImplementedError

    def held(self, place: Path) -> list[str]:
        """The posting id of every entry in the ledger; an entry that is there twice is listed twice."""
        raise NotImplementedError

    def balances(self, place: Path) -> dict[str, int]:
        """Debit minus credit by account code as the ledger itself adds them up, minor units."""
        raise NotImplementedError

    def open(self, place: Path) -> FinanceAdapter:
        return importlib.import_module(self.module).open_adapter(self.settings(place))

    def child(self, place: Path, first: int, count: int, size: int) -> subprocess.Popen[str]:
        script = str(ROOT / "tests/contracts/posting_child.py")
        arguments = [self.module, json.dumps(self.settings(place)), str(first), str(count), str(size)]
        return subprocess.Popen(
            [sys.executable, script, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def assert_holds_exactly(self, place: Path, postings: list[LedgerPosting]) -> None:
        assert sorted(self.held(place)) == sorted(posting.posting_id for posting in postings)
        held = {code: balance for code, balance in self.balances(place).items() if balance}
        assert held == {code: balance for code, balance in sums(postings).items() if balance}

    def test_a_posting_is_posted_with_a_reference_and_is_found_by_its_id(self, tmp_path: Path) -> None:
        adapter = self.open(tmp_path)
        [result] = adapter.post([numbered(1)])
        assert (result.posting_id, result.outcome) == (numbered(1).posting_id, Outcome.POSTED)
        assert result.reference
        absent = numbered(2).posting_id
        found = adapter.look_up([absent, result.posting_id])
        assert list(found) == [result.posting_id]
        assert (found[result.posting_id].outcome, found[result.posting_id].reference) == (
            Outcome.ALREADY_POSTED,
            result.reference,
        )
        self.assert_holds_exactly(tmp_path, [numbered(1)])

    @pytest.mark.parametrize("count", [1, 500])
    def test_a_batch_is_answered_in_its_order_and_posted_whole(self, tmp_path: Path, count: int) -> None:
        postings = [numbered(i) for i in range(count)]
        random.Random(7).shuffle(postings)
        results = self.open(tmp_path).post(postings)
        assert [result.posting_id for result in results] == [posting.posting_id for posting in postings]
        assert {result.outcome for result in results} == {Outcome.POSTED}
        assert len({result.reference for result in results}) == count
        self.assert_holds_exactly(tmp_path, postings)

    def test_the_same_posting_again_changes_nothing_and_keeps_its_reference(self, tmp_path: Path) -> None:
        adapter = self.open(tmp_path)
        [first] = adapter.post([numbered(1)])
        renamed = replace(numbered(1), text="另一摘要")
        for again in adapter.post([numbered(1), renamed]):
            assert (again.outcome, again.reference) == (Outcome.ALREADY_POSTED, first.reference)
        self.assert_holds_exactly(tmp_path, [numbered(1)])

    def test_the_same_id_with_another_amount_is_told_apart(self, tmp_path: Path) -> None:
        adapter = self.open(tmp_path)
        [first] = adapter.post([numbered(1)])
        [other] = adapter.post([with_first_debit(numbered(1), 5)])
        assert other.outcome == Outcome.EXISTS_WITH_DIFFERENT_AMOUNT
        assert other.reference == first.reference
        [elsewhere] = adapter.post([replace(numbered(1), period="2026-12")])
        assert elsewhere.outcome == Outcome.EXISTS_WITH_DIFFERENT_AMOUNT
        self.assert_holds_exactly(tmp_path, [numbered(1)])

    def test_an_id_that_stands_twice_in_one_batch_is_posted_once(self, tmp_path: Path) -> None:
        batch = [numbered(1), numbered(1), with_first_debit(numbered(1), 5)]
        outcomes = [result.outcome for result in self.open(tmp_path).post(batch)]
        assert outcomes == [Outcome.POSTED, Outcome.ALREADY_POSTED, Outcome.EXISTS_WITH_DIFFERENT_AMOUNT]
        self.assert_holds_exactly(tmp_path, [numbered(1)])

    def test_bad_postings_are_refused_with_a_code_and_the_others_go_in(self, tmp_path: Path) -> None:
        strange = replace(numbered(3).lines[0], account_type="goodwill")
        bad = {
            "UNBALANCED": unbalanced(numbered(2)),
            "ACCOUNT_TYPE_UNKNOWN": replace(numbered(3), lines=(strange, *numbered(3).lines[1:])),
            "CURRENCY_INVALID": replace(numbered(4), currency="yuan"),
            "POSTING_INVALID": replace(numbered(5), lines=()),
        }
        results = self.open(tmp_path).post([numbered(1), *bad.values(), numbered(6)])
        assert [result.outcome for result in results[1:-1]] == [Outcome.REJECTED] * len(bad)
        assert [result.code for result in results[1:-1]] == list(bad)
        assert all(result.message for result in results[1:-1])
        assert [results[0].outcome, results[-1].outcome] == [Outcome.POSTED, Outcome.POSTED]
        self.assert_holds_exactly(tmp_path, [numbered(1), numbered(6)])

    @pytest.mark.parametrize("text", ["半个字符 \ud800", "nul \x00"])
    def test_text_that_cannot_be_stored_is_refused(self, tmp_path: Path, text: str) -> None:
        [result] = self.open(tmp_path).post([replace(numbered(1), text=text)])
        assert (result.outcome, result.code) == (Outcome.REJECTED, "POSTING_INVALID")

    def test_what_was_posted_is_there_after_closing_and_opening(self, tmp_path: Path) -> None:
        adapter = self.open(tmp_path)
        [first] = adapter.post([numbered(1)])
        adapter.close()
        reopened = self.open(tmp_path)
        assert reopened.look_up([first.posting_id])[first.posting_id].reference == first.reference
        assert reopened.post([numbered(1)])[0].outcome == Outcome.ALREADY_POSTED
        self.assert_holds_exactly(tmp_path, [numbered(1)])

    def test_two_adapters_on_one_ledger_see_each_others_postings(self, tmp_path: Path) -> None:
        one, two = self.open(tmp_path), self.open(tmp_path)
        for i in range(6):
            writer, reader = (one, two) if i % 2 else (two, one)
            [posted] = writer.post([numbered(i)])
            assert reader.look_up([posted.posting_id])[posted.posting_id].reference == posted.reference
            assert reader.post([numbered(i)])[0].outcome == Outcome.ALREADY_POSTED
        self.assert_holds_exactly(tmp_path, [numbered(i) for i in range(6)])

    def test_processes_that_post_the_same_at_once_post_it_once(self, tmp_path: Path) -> None:
        children = [self.child(tmp_path, 0, 60, 3) for _ in range(3)]
        assert [child.communicate(timeout=120) and child.returncode for child in children] == [0, 0, 0]
        self.assert_holds_exactly(tmp_path, [numbered(i) for i in range(60)])

    @pytest.mark.parametrize("seed", range(5))
    def test_poster_killed_in_the_middle_of_a_batch_leaves_each_posting_once(self, tmp_path: Path, seed: int) -> None:
        moment = random.Random(seed)
        child = self.child(tmp_path, 0, 4000, 40)
        stop_at = moment.randrange(1, 20) * 40
        assert child.stdout is not None
        assert any(int(said) == stop_at for said in child.stdout), "the poster ended by itself"
        time.sleep(moment.random() * 0.02)  # the moment of death within the batch, not a wait for anything
        child.kill()
        child.communicate(timeout=60)
        everything = [numbered(i) for i in range(stop_at + 80)]
        adapter = self.open(tmp_path)
        found = set(adapter.look_up([posting.posting_id for posting in everything]))
        assert found >= {posting.posting_id for posting in everything[:stop_at]}
        for result in adapter.post(everything):
            expected = Outcome.ALREADY_POSTED if result.posting_id in found else Outcome.POSTED
            assert result.outcome == expected
        beyond = [numbered(i) for i in range(stop_at + 80, 4000)]
        also = set(adapter.look_up([posting.posting_id for posting in beyond]))
        self.assert_holds_exactly(tmp_path, everything + [p for p in beyond if p.posting_id in also])

    def test_a_red_letter_reversal_brings_every_account_back_to_zero(self, tmp_path: Path) -> None:
        results = self.open(tmp_path).post([numbered(9), reversal(numbered(9))])
        assert [result.outcome for result in results] == [Outcome.POSTED, Outcome.POSTED]
        assert len(self.held(tmp_path)) == 2
        assert not any(self.balances(tmp_path).values())
