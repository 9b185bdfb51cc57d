"""Journalize: from accepted events to balanced, numbered, chained vouchers and their postings.

Claim whole documents; evaluate the rules with nothing locked; then, in one transaction: lock documents, periods and
counters in that order, drop what is booked already, number and chain the rest, insert. A conflict there rolls the whole
batch back and it is tried again; what keeps failing, or fails for good, is tried in halves, so one bad document never
fails its batch.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bus.errors import Transient
from bus.pipeline.announce import Announce
from bus.pipeline.booking import Books
from bus.pipeline.evaluate import Evaluation, Ledgers
from bus.records import DocumentClaim, DocumentResult, RaisedException, Settlement
from bus.store_port import Store

_TRIES = 3
_BUSY_DOCUMENT_MS = 250

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class JournalizeReport:
    """What one batch did: documents claimed, events settled by their new state, entries booked."""

    documents: int
    states: dict[str, int]
    entries: int


class Journalize:
    """The use case of the journalize workers."""

    def __init__(
        self, store: Store, books: Books, owner: str, lease_seconds: int, announce: Announce | None = None
    ) -> None:
        """`announce` tells of the entries of companies with an open channel, after they are committed."""
        self._store = store
        self._books = books
        self._owner = owner
        self._lease_ms = lease_seconds * 1000
        self._announce = announce

    def __call__(self, inbox_ids: Sequence[int]) -> JournalizeReport:
        """Work on the documents of these events, as far as nobody else holds them. Raises Transient: wake again."""
        token = secrets.token_hex(8)
        with self._store.begin() as uow:
            claims = uow.documents.claim(inbox_ids, self._owner, token, self._lease_ms)
            uow.documents.begin_attempt(token)
            mine = {row.id for claim in claims for row in claim.rows}
            uow.inbox.postpone([i for i in inbox_ids if i not in mine], _BUSY_DOCUMENT_MS)
        try:
            results = self._book(claims, token) if claims else []
        except Transient:
            with suppress(Transient), self._store.begin() as uow:
                uow.documents.give_back(token)
            raise
        if self._announce is not None and (told := self._open_entries(results)):
            self._announce(told)
        states: dict[str, int] = {}
        for settlement in (s for result in results for s in result.settlements):
            states[settlement.state] = states.get(settlement.state, 0) + 1
        return JournalizeReport(len(claims), states, sum(len(result.entries) for result in results))

    def _open_entries(self, results: Sequence[DocumentResult]) -> list[str]:
        companies = self._books.companies
        return [
            each.entry.entry_id for result in results for each in result.entries if companies[each.company].open_channel
        ]

    def _book(self, claims: Sequence[DocumentClaim], token: str) -> list[DocumentResult]:
        for attempt in range(1, _TRIES + 1):
            try:
                return self._try_to_book(claims, token)
            except Transient as error:
                log.info("batch_conflict", code=error.code, attempt=attempt, documents=len(claims))
                if error.code == "STORE_UNAVAILABLE" and attempt == _TRIES:
                    raise
            except Exception:
                log.exception("batch_refused", documents=len(claims))
                break
        return self._isolate(claims, token)

    def _isolate(self, claims: Sequence[DocumentClaim], token: str) -> list[DocumentResult]:
        """The batch failed as a whole: halves, down to the one document that cannot be booked."""
        if len(claims) > 1:
            half = len(claims) // 2
            return self._book(claims[:half], token) + self._book(claims[half:], token)
        result = _refused(claims[0], self._books)
        with self._store.begin() as uow:
            if (result.company, result.key) in uow.documents.lock(token):
                uow.inbox.settle(result.settlements)
                uow.exceptions.raise_all(result.raised)
                uow.documents.advance([result])
        return [result]

    def _try_to_book(self, claims: Sequence[DocumentClaim], token: str) -> list[DocumentResult]:
        with self._store.read() as uow:
            periods = uow.periods.states()
            wanted = [(claim.company, claim.key) for claim in claims]
            live = uow.journal.live(sorted({*wanted, *self._books.references(claims)}))
        ledgers = Ledgers(live)
        evaluation = Evaluation(self._books, ledgers, periods)
        results = [evaluation.of(claim) for claim in claims]
        with self._store.begin() as uow:
            return self._books.write(uow, results, ledgers.vouchers, token)


def _refused(claim: DocumentClaim, books: Books) -> DocumentResult:
    """Hold a document's first event: the store refuses to book it."""
    result = DocumentResult(claim.company, claim.key, claim.next_sequence, claim.withdrawn_at)
    ready = [row for row in claim.rows if row.state == "accepted"]
    ready.sort(key=lambda row: (row.event.sequence or 0, row.id))
    for row in ready[:1]:
        amount, currency = books.amount_of(row.event)
        result.settlements.append(Settlement(row.id, "held", "BOOKING_REFUSED"))
        message = "the store refused this booking again and again"
        result.raised.append(
            RaisedException(
                row.id, "BOOKING_REFUSED", claim.company, claim.key, amount, currency, "BOOKING_REFUSED", message, {}
            )
        )
    result.settlements.extend(Settlement(row.id, "parked") for row in ready[1:])
    return result
