"""Deliver: hand leased postings to their target, look up before any second try, and confirm what it answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from bus.accounting.journal import DEBIT
from bus.errors import BusError, Permanent, Transient
from bus.pipeline.booking import Books
from bus.pipeline.confirm import Answer, Confirm, Sent
from bus.ports import DeliveryResult, FinanceAdapter, LedgerLine, LedgerPosting, Outcome, PostingChannel
from bus.records import Voucher
from bus.recoverability import is_last
from bus.store_port import Store

# Without an adapter nothing was sent: a person corrects companies.yaml and has the postings sent again.
_NO_ADAPTER: Final = ("TARGET_UNKNOWN", "ADAPTER_UNKNOWN", "COMPANY_UNKNOWN")
_SPENT: Final = ("DELIVERY_FAILED", "every attempt ended without an answer")

_UNROUTABLE: Final = ("CHANNEL_UNROUTABLE", "the channel has no queue for it")

log = structlog.get_logger()

Adapters = Callable[[str, str], FinanceAdapter | PostingChannel]


class Deliver:
    """The use case of the deliver.<target> workers."""

    def __init__(
        self,
        store: Store,
        books: Books,
        adapters: Adapters,
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
            answers += self._deliver(company, target, of_place, attempts)
        return self._confirm(answers, token) if answers else {}

    def _deliver(
        self, company: str, target: str, vouchers: Sequence[tuple[str, Voucher]], attempts: Mapping[str, int]
    ) -> list[Answer]:
        spent = [posting_id for posting_id, _ in vouchers if is_last(attempts[posting_id])]
        postings, refused = self._translate([each for each in vouchers if each[0] not in set(spent)])
        results: dict[str, DeliveryResult | Sent] = {
            posting_id: DeliveryResult(posting_id, Outcome.IN_DOUBT, None, *_SPENT) for posting_id in spent
        }
        answered: Sequence[DeliveryResult | Sent]
        try:
            answered = self._answers(self._adapters(company, target), postings, attempts) if postings else []
        except Transient as error:
            log.warning("delivery_failed", code=error.code, target=target, postings=len(postings))
            answered = _for_all(postings, Outcome.TRANSIENT, error.code, f"{error.code}: {error.message}")
        except BusError as error:
            log.exception("delivery_refused", code=error.code, target=target, postings=len(postings))
            outcome = Outcome.REJECTED if error.code in _NO_ADAPTER else Outcome.TRANSIENT
            answered = _for_all(postings, outcome, error.code, f"{error.code}: {error.message}")
        except Exception as error:
            log.exception("adapter_failed", target=target, postings=len(postings))
            answered = _for_all(
                postings, Outcome.TRANSIENT, "ADAPTER_FAILED", f"the adapter raised {type(error).__name__}"
            )
        results |= {result.posting_id: result for result in (*refused, *answered)}
        for posting in postings:
            silent = DeliveryResult(posting.posting_id, Outcome.TRANSIENT, None, "ADAPTER_FAILED", "it gave no answer")
            results.setdefault(posting.posting_id, silent)
        return [Answer(results[posting_id], attempts[posting_id]) for posting_id, _ in vouchers]

    def _answers(
        self, adapter: FinanceAdapter | PostingChannel, postings: Sequence[LedgerPosting], attempts: Mapping[str, int]
    ) -> Sequence[DeliveryResult | Sent]:
        if isinstance(adapter, PostingChannel):
            return _sent(adapter, postings)
        again = [posting.posting_id for posting in postings if attempts[posting.posting_id] > 1]
        if not again:
            return adapter.post(postings)
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


def _sent(channel: PostingChannel, postings: Sequence[LedgerPosting]) -> list[DeliveryResult | Sent]:
    # Published first, marked after: a mark without a message would wait for an answer that nobody was asked for.
    taken = channel.send(postings)
    return [
        Sent(posting.posting_id, channel.confirm_within)
        if posting.posting_id in taken
        else DeliveryResult(posting.posting_id, Outcome.TRANSIENT, None, *_UNROUTABLE)
        for posting in postings
    ]


def _for_all(postings: Sequence[LedgerPosting], outcome: Outcome, code: str, text: str) -> list[DeliveryResult]:
    return [DeliveryResult(posting.posting_id, outcome, None, code, text) for posting in postings]
