"""Evaluate: what each event of a claimed document means, by the rules of its company, with nothing locked."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import structlog

from bus.accounting.company import BookPolicy
from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import Booked, Failure, Outcome
from bus.accounting.period import next_in_year, period_of
from bus.errors import BusError
from bus.pipeline.booking import Books
from bus.pipeline.resequence import Judgement, walk
from bus.records import BookableEntry, DocumentClaim, DocumentResult, InboxRow, LiveEntry, RaisedException
from bus.recoverability import is_poison

DocumentKey = tuple[str, str]
PeriodKey = tuple[str, str, str]
CLOSED: Final = "closed"
OPEN: Final = "open"

log = structlog.get_logger()


class Ledgers:
    """What is live, across a batch: loaded once, then kept up as entries are evaluated."""

    def __init__(self, loaded: Mapping[DocumentKey, Sequence[LiveEntry]]) -> None:
        self._live = {key: [live.entry for live in entries] for key, entries in loaded.items()}
        self.vouchers = {live.entry.entry_id: live.voucher for entries in loaded.values() for live in entries}

    def of(self, company: str) -> "CompanyLedger":
        """One company's view."""
        return CompanyLedger(company, self._live)

    def add(self, company: str, entry: JournalEntry) -> None:
        """An entry was evaluated: it is live now, or, as a reversal, ends the one it takes back."""
        entries = self._live.setdefault((company, entry.document), [])
        if entry.reverses is None:
            entries.append(entry)
        else:
            entries[:] = [live for live in entries if live.entry_id != entry.reverses]


class CompanyLedger:
    """A LedgerView over one company's documents."""

    def __init__(self, company: str, live: Mapping[DocumentKey, Sequence[JournalEntry]]) -> None:
        self._company = company
        self._live = live

    def live(self, document: str) -> Sequence[JournalEntry]:
        """Live entries of a document, oldest first."""
        return tuple(self._live.get((self._company, document), ()))


class Evaluation:
    """One batch's evaluation against what is live and which periods are open."""

    def __init__(self, books: Books, ledgers: Ledgers, periods: Mapping[PeriodKey, str]) -> None:
        self._books = books
        self._ledgers = ledgers
        self._periods = periods

    def of(self, claim: DocumentClaim) -> DocumentResult:
        """Walk over one document."""
        return walk(claim, Judgement(self._decide, self._place, self._raised))

    def _decide(self, row: InboxRow) -> Outcome:
        company = row.event.company
        if is_poison(row.attempts):
            text = f"{row.attempts} attempts ended without an outcome"
            return Failure("EVENT_POISONED", text, {"attempts": row.attempts}, cause="EVENT_POISONED")
        try:
            outcome = self._books.engine(company).journalize(row.event, self._ledgers.of(company))
        except BusError as error:
            return Failure(error.code, error.message, error.detail or {}, cause=error.code)
        except Exception:
            log.exception("evaluation_failed", event_id=row.event.id, document=row.event.subject)
            return Failure("EVALUATION_FAILED", "the rules could not be evaluated", cause="EVALUATION_FAILED")
        if isinstance(outcome, Booked):
            outcome = self._dated(company, outcome)
        if isinstance(outcome, Booked):
            for entry in outcome.entries:
                self._ledgers.add(company, entry)
        return outcome

    def _dated(self, company: str, outcome: Booked) -> Booked | Failure:
        """The entries, or why their period does not take them."""
        for entry in outcome.entries:
            if self._open_date(company, entry) is None:
                period = period_of(entry.accounting_date)
                text = f"period {period} of book {entry.book} is not open"
                detail = {"book": entry.book, "period": period}
                return Failure("PERIOD_CLOSED", text, detail, cause=f"{entry.book} {period}")
        return outcome

    def _open_date(self, company: str, entry: JournalEntry) -> date | None:
        """The entry's date if its period is open, the next open period's first day where the policy allows, or None."""
        policy = self._books.policy(company, entry.book)
        when = entry.accounting_date
        if self._is_open(company, policy, when):
            return when
        if policy.closed_period == "next_open":
            return next((day for day in next_in_year(when) if self._is_open(company, policy, day)), None)
        return None

    def _is_open(self, company: str, policy: BookPolicy, day: date) -> bool:
        default = OPEN if policy.periods == "on_demand" else CLOSED
        return self._periods.get((company, policy.name, period_of(day)), default) == OPEN

    def _place(self, row: InboxRow, entry: JournalEntry) -> BookableEntry:
        event = row.event
        day = self._open_date(event.company, entry)
        if day is None:
            raise AssertionError("an entry is placed only after its period was found open")
        return BookableEntry(row.id, event.source, event.id, event.company, period_of(day), day, entry)

    def _raised(self, row: InboxRow, failure: Failure) -> RaisedException:
        event = row.event
        amount, currency = self._books.amount_of(event)
        return RaisedException(
            row.id, failure.code, event.company, event.subject, amount, currency,
            failure.cause or failure.code, failure.message, failure.detail,
        )  # fmt: skip
