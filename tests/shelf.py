"""A finance system of the tests: keeps postings by id, and can be told to fail in the ways that real ones do."""

from collections.abc import Sequence

from bus.errors import BusError
from bus.ports import DeliveryResult, FinanceDescription, LedgerPosting, Outcome


class Shelf:
    """`kept` are the postings it has. `fails` is raised by the next posts; after the posting was kept if `late`."""

    def __init__(self, *, finds: bool = True) -> None:
        self.kept: dict[str, LedgerPosting] = {}
        self.answers: dict[str, DeliveryResult] = {}
        self.fails: BaseException | None = None
        self.late = False
        self.silent: set[str] = set()
        self.posted = 0
        self._finds = finds

    def describe(self) -> FinanceDescription:
        return FinanceDescription("shelf", self._finds, takes_negative_lines=True, real_system_tested=False)

    def look_up(self, posting_ids: Sequence[str]) -> dict[str, DeliveryResult]:
        there = [posting_id for posting_id in posting_ids if posting_id in self.kept]
        return {i: DeliveryResult(i, Outcome.ALREADY_POSTED, f"ref-{i[:6]}") for i in there}

    def post(self, postings: Sequence[LedgerPosting]) -> list[DeliveryResult]:
        if self.fails is not None and not self.late:
            raise self.fails
        results = []
        for posting in postings:
            answer = self.answers.get(posting.posting_id)
            if answer is None:
                self.posted += 1
                self.kept[posting.posting_id] = posting
                answer = DeliveryResult(posting.posting_id, Outcome.POSTED, f"ref-{posting.posting_id[:6]}")
            results.append(answer)
        if self.fails is not None:
            raise self.fails
        return [result for result in results if result.posting_id not in self.silent]

    def close(self) -> None:
        """Nothing to release."""


def failure(kind: type[BusError], code: str) -> BusError:
    """An error of the bus's own tree."""
    return kind(code, "as the test wants it")
