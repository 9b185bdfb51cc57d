"""Deliver: hand leased postings to their target, look up before any second try, and confirm what it answers."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from bus.accounting.journal import DEBIT
from bus.errors import Permanent, Transient
from bus.pipeline.booking import Books
from bus.pipeline.confirm import Answer, Confirm
from bus.ports import DeliveryResult, FinanceAdapter, LedgerLine, LedgerPosting, Outcome
from bus.records import Voucher
from bus.store_port import Store

log = structlog.get_logger()


class Deliver:
    """The use case of the deliver.<target> workers."""

    def __init__(
        self,
        store: Store,
        books: Books,
        adapters: Callable[[str, str], FinanceAdapter],
        confirm: Confirm,
        lease_seconds: int,
    ) -> None:
        self._store = store
        self._books = books
        self._adapters = adapters
        self._confirm = confirm
        self._lease_ms = lease_seconds * 1000

    def __call__(self, posting_ids: Sequence[str], token: str) -> dict[str, int]:
        """Deliver those of these postings that `token` still holds; how many ended in each state."""
        with self._store.begin() as uow:
            taken = uow.postings.take(posting_ids, token, self._lease_ms)
            vouchers = uow.ledger.of_postings(list(taken)) if taken else []
        attempts = {posting_id: count for posting_id, (_, count) in taken.items()}
        places: dict[tuple[str, str], list[tuple[str, Voucher]]] = {}
        for posting_id, voucher in vouchers:
            places.setdefault((voucher.company, taken[posting_id][0]), []).append((posting_id, voucher))
        answers: list[Answer] = []
        for (company, target), of_place in places.items():
            answers += self._deliver(self._adapters(company, target), of_place, attempts)
        return self._confirm(answers, token) if answers else {}

    def _deliver(
        self, adapter: FinanceAdapter, vouchers: Sequence[tuple[str, Voucher]], attempts: Mapping[str, int]
    ) -> list[Answer]:
        postings, refused = self._translate(vouchers)
        again = [posting.posting_id for posting in postings if attempts[posting.posting_id] > 1]
        try:
            results = refused + self._answers(adapter, postings, again)
        except Transient as error:
            log.warning("delivery_failed", code=error.code, target=adapter.describe().name, postings=len(postings))
            results = refused + _all_transient(postings, error.code, f"{error.code}: {error.message}")
        except Exception as error:
            log.exception("adapter_failed", target=adapter.describe().name, postings=len(postings))
            results = refused + _all_transient(postings, "ADAPTER_FAILED", f"the adapter raised {type(error).__name__}")
        return [Answer(result, attempts[result.posting_id]) for result in results]

    def _answers(
        self, adapter: FinanceAdapter, postings: Sequence[LedgerPosting], again: Sequence[str]
    ) -> list[DeliveryResult]:
        if not again:
            return adapter.post(postings) if postings else []
        if not adapter.describe().finds_by_posting_id:
            text = "an earlier answer was lost and this target cannot be asked"
            doubtful = [DeliveryResult(i, Outcome.IN_DOUBT, None, "POSTING_IN_DOUBT", text) for i in again]
            fresh = [posting for posting in postings if posting.posting_id not in set(again)]
            return doubtful + (adapter.post(fresh) if fresh else [])
        found = adapter.look_up(again)
        absent = [posting for posting in postings if posting.posting_id not in found]
        return list(found.values()) + (adapter.post(absent) if absent else [])

    def _translate(self, vouchers: Sequence[tuple[str, Voucher]]) -> tuple[list[LedgerPosting], list[DeliveryResult]]:
        postings: list[LedgerPosting] = []
        refused: list[DeliveryResult] = []
        for posting_id, voucher in vouchers:
            try:
                postings.append(ledger_posting(self._books, posting_id, voucher))
            except Permanent as error:
                refused.append(DeliveryResult(posting_id, Outcome.REJECTED, None, error.code, error.message))
        return postings, refused


def ledger_posting(books: Books, posting_id: str, voucher: Voucher) -> LedgerPosting:
    """A voucher as a target sees it. Raises Permanent ACCOUNT_UNKNOWN when the chart no longer has an account."""
    entry = voucher.entry
    lines = []
    for line in entry.lines:
        account = books.account(voucher.company, entry.book, line.account)
        name = account.name_zh if books.companies[voucher.company].locale == "zh" else account.name_en
        debit, credit = (line.amount, 0) if line.side == DEBIT else (0, line.amount)
        lines.append(LedgerLine(line.account, name, account.type, debit, credit, line.dims, line.text))
    return LedgerPosting(
        posting_id=posting_id,
        company=voucher.company,
        book=entry.book,
        period=voucher.period,
        word=entry.word,
        number=voucher.name,
        accounting_date=entry.accounting_date,
        currency=entry.currency,
        document=entry.document,
        event_type=entry.event_type,
        event_id=voucher.event_id,
        rule=f"{entry.rule}@{entry.rule_version}",
        text=entry.text,
        entry_hash=voucher.hash,
        lines=tuple(lines),
        reverses=voucher.reverses,
    )


def _all_transient(postings: Sequence[LedgerPosting], code: str, text: str) -> list[DeliveryResult]:
    return [DeliveryResult(posting.posting_id, Outcome.TRANSIENT, None, code, text) for posting in postings]
