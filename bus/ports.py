"""What the use cases need from outside: OAAdapter, FinanceAdapter, UnitOfWork, Publisher, Clock.

An adapter sees these shapes and bus.message, bus.money, bus.errors; nothing else of the bus.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of a posting. `debit` and `credit` are minor units; both >= 0 except in a red-letter reversal."""

    account: str
    account_name: str
    account_type: str
    debit: int
    credit: int
    dimensions: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class LedgerPosting:
    """A journal entry on its way to one target. `posting_id` makes it once in effect: look it up before posting again.

    `number` is the voucher's number in words ("记-2026-11-0001"), `entry_hash` its link in the hash chain,
    `reverses` the voucher number of the entry that it takes back, `lines` balance exactly per `currency`.
    """

    posting_id: str
    company: str
    book: str
    period: str
    word: str
    number: str
    accounting_date: date
    currency: str
    document: str
    event_type: str
    event_id: str
    rule: str
    text: str
    entry_hash: str
    lines: tuple[LedgerLine, ...]
    reverses: str | None = None


class Outcome(StrEnum):
    """How a target answered, by name."""

    POSTED = "posted"
    ALREADY_POSTED = "already_posted"
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists_with_different_amount"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    TRANSIENT = "transient"


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """A target's answer for one posting: `reference` is its own number for it, `code` and `message` say why not."""

    posting_id: str
    outcome: Outcome
    reference: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class FinanceDescription:
    """What a target can do: `finds_by_posting_id` decides between a look-up and "in doubt" after a lost answer."""

    name: str
    finds_by_posting_id: bool
    takes_negative_lines: bool
    real_system_tested: bool


class FinanceAdapter(Protocol):
    """A ledger that takes postings. One file in adapters/finance is one system."""

    def describe(self) -> FinanceDescription:
        """Name and abilities; no I/O."""
        ...

    def look_up(self, posting_ids: Sequence[str]) -> dict[str, DeliveryResult]:
        """What the target already has of these, by posting id; absent ids are left out. Raises Transient."""
        ...

    def post(self, postings: Sequence[LedgerPosting]) -> list[DeliveryResult]:
        """Post a batch, durably, one result a posting in the order given.

        A posting that is already there with the same content is ALREADY_POSTED, with other content
        EXISTS_WITH_DIFFERENT_AMOUNT. Raises Transient when nothing of the batch took effect.
        """
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


@runtime_checkable
class PostingChannel(Protocol):
    """A channel to a registered consumer, in the place of an adapter: it takes now and is answered later."""

    confirm_within: int
    """Seconds until a posting that nobody confirmed is sent again, doubled with each attempt."""

    def send(self, postings: Sequence[LedgerPosting]) -> set[str]:
        """Put a batch on the channel, durably; ids of those it took. Sending one again is harmless.

        Raises Transient when it is not known whether any was taken.
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class Publisher(Protocol):
    """Sends wake-ups: a task name and row ids, to a queue. The rows are the record; a lost wake-up costs seconds."""

    def wake(
        self, queue: str, task: str, ids: Sequence[int | str], shown: Sequence[str], token: str | None = None
    ) -> None:
        """Publish one message. `shown` are the document numbers an operator finds the task by. Raises Transient."""
        ...


class Clock(Protocol):
    """The time in UTC, for what the store's own clock does not decide."""

    def now(self) -> datetime:
        """Timezone-aware UTC."""
        ...
