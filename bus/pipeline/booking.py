"""Booking: the rules, books and targets of every company, and the one transaction that writes a batch."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from bus.accounting.chart import Account
from bus.accounting.company import BookPolicy, Company
from bus.accounting.engine import Engine
from bus.accounting.pack import RulePack
from bus.errors import BusError, Permanent, Transient
from bus.message import Event
from bus.money import HALF_UP, parse_amount, round_money, to_minor
from bus.pipeline.numbering import number
from bus.records import BookableEntry, DocumentClaim, DocumentResult, NewPosting
from bus.store_port import DocumentKey, PeriodKey, UnitOfWork

_LARGEST: Final = 2**63 - 1


class Books:
    """Companies with their engines."""

    def __init__(self, companies: Mapping[str, Company], packs: Mapping[str, RulePack]) -> None:
        self._companies = companies
        self._packs = {code: packs[company.pack] for code, company in companies.items()}
        self._engines = {code: Engine(self._packs[code], company) for code, company in companies.items()}
        self._policies = {(code, book.name): book for code, company in companies.items() for book in company.books}

    @property
    def companies(self) -> Mapping[str, Company]:
        """The companies by code."""
        return self._companies

    def engine(self, company: str) -> Engine:
        """The rules of a company; an unknown one raises Permanent COMPANY_UNKNOWN."""
        try:
            return self._engines[company]
        except KeyError:
            raise Permanent("COMPANY_UNKNOWN", "no such company in companies.yaml", "/company") from None

    def pack(self, company: str) -> RulePack:
        """The rule pack of a company."""
        return self._packs[company]

    def policy(self, company: str, book: str) -> BookPolicy:
        """How a company keeps a book."""
        return self._policies[company, book]

    def account(self, company: str, book: str, code: str) -> Account:
        """An account of a book's chart. Raises Permanent ACCOUNT_UNKNOWN or COMPANY_UNKNOWN for what is gone since."""
        if (company, book) not in self._policies:
            raise Permanent("COMPANY_UNKNOWN", f"companies.yaml no longer has book {book} of {company}", "/company")
        chart = self._packs[company].charts[self.policy(company, book).chart]
        if code not in chart.accounts:
            raise Permanent("ACCOUNT_UNKNOWN", f"chart {chart.name} has no account {code}", detail={"account": code})
        return chart.accounts[code]

    def references(self, claims: Sequence[DocumentClaim]) -> set[DocumentKey]:
        """Other documents that these documents' events refer to."""
        return {
            (claim.company, document)
            for claim in claims
            if claim.company in self._engines
            for row in claim.rows
            for document in self._engines[claim.company].references(row.event)
        }

    def amount_of(self, event: Event) -> tuple[int | None, str | None]:
        """What is at stake in an event: minor units and currency, or (None, None) where no column holds it."""
        currency = event.data.get("currency")
        text = next((event.data[name] for name in ("total", "gross", "amount") if name in event.data), None)
        if currency is None or text is None:
            return None, None
        try:
            amount = to_minor(round_money(parse_amount(text), currency, HALF_UP), currency)
        except BusError:
            return None, None
        return (amount, currency) if abs(amount) <= _LARGEST else (None, None)

    def write(
        self,
        uow: UnitOfWork,
        results: Sequence[DocumentResult],
        vouchers: Mapping[str, str],
        token: str,
    ) -> list[DocumentResult]:
        """Write what the evaluation ended with, for the documents still held under `token`; returns those.

        Lock order: documents, periods, counters. Raises Transient STORE_CONFLICT when a period was closed or an entry
        reversed since the evaluation: nothing of the batch may be written then.
        """
        held = uow.documents.lock(token)
        mine = [result for result in results if (result.company, result.key) in held]
        entries = [entry for result in mine for entry in result.entries]
        if entries:
            self._share_periods(uow, entries)
            self._append(uow, entries, vouchers)
        uow.inbox.settle([settlement for result in mine for settlement in result.settlements])
        # What is over ends before what is new begins: closing ends all that is live for an event.
        if closed := [each for result in mine for each in result.closed]:
            uow.exceptions.close(closed)
        if raised := [each for result in mine for each in result.raised]:
            uow.exceptions.raise_all(raised)
        uow.documents.advance(mine)
        return mine

    def _share_periods(self, uow: UnitOfWork, entries: Sequence[BookableEntry]) -> None:
        keys: set[PeriodKey] = {(e.company, e.entry.book, e.period) for e in entries}
        on_demand = [key for key in keys if self.policy(key[0], key[1]).periods == "on_demand"]
        if on_demand:
            uow.periods.open_missing(sorted(on_demand))
        states = uow.periods.share(sorted(keys))
        if any(states.get(key) != "open" for key in keys):
            raise Transient("STORE_CONFLICT", "a period was closed while this batch was evaluated")

    def _append(self, uow: UnitOfWork, entries: Sequence[BookableEntry], vouchers: Mapping[str, str]) -> None:
        counters = uow.journal.lock_counters(sorted({entry.counter for entry in entries}))
        there = uow.journal.booked([entry.entry.entry_id for entry in entries])
        new = [entry for entry in entries if entry.entry.entry_id not in there]
        if not new:
            return
        self._check_live(uow, new)
        numbered, heads = number(new, counters, vouchers)
        uow.journal.append(numbered, heads)
        if postings := [posting for entry in new for posting in self._postings(entry)]:
            uow.postings.add(postings)

    def _check_live(self, uow: UnitOfWork, new: Sequence[BookableEntry]) -> None:
        """Every entry that one of these requires or reverses must still stand, or come earlier in this batch."""
        own = {entry.entry.entry_id for entry in new}
        needed = {i for entry in new for i in (*entry.entry.requires, entry.entry.reverses) if i is not None} - own
        if not needed:
            return
        standing = uow.journal.booked(sorted(needed)) - uow.journal.reversed(sorted(needed))
        if standing != needed:
            raise Transient("STORE_CONFLICT", "an entry was reversed while this batch was evaluated")

    def _postings(self, bookable: BookableEntry) -> list[NewPosting]:
        entry = bookable.entry
        return [
            NewPosting(posting_id(entry.entry_id, target.name), entry.entry_id, target.name, bookable.company)
            for target in self._companies[bookable.company].targets
            if entry.book in target.books
        ]


def posting_id(entry_id: str, target: str) -> str:
    """The key that makes a posting once in effect at its target: 32 hex digits of SHA-256 over entry and target."""
    return hashlib.sha256(f"{entry_id}/{target}".encode()).hexdigest()[:32]
