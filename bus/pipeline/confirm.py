"""Confirm: what a target answered becomes the posting's state, and the voucher's number goes back on the event."""

from collections.abc import Sequence
from dataclasses import dataclass

from bus.ports import DeliveryResult, Outcome
from bus.records import PostingChange, RaisedException
from bus.recoverability import LeaveToPerson, after_transient, ask_again_in
from bus.store_port import Store, UnitOfWork

_DONE = (Outcome.POSTED, Outcome.ALREADY_POSTED)


@dataclass(frozen=True, slots=True)
class Sent:
    """A posting that a channel took; its consumer has `confirm_within` seconds to answer the first time."""

    posting_id: str
    confirm_within: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A target's answer to attempt number `attempts` of a posting."""

    result: DeliveryResult | Sent
    attempts: int


class Confirm:
    """The use case behind every answer of a target."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, answers: Sequence[Answer], token: str) -> dict[str, int]:
        """Settle the postings that `token` holds; how many ended in each state."""
        changes = {change.posting_id: change for change in map(change_of, answers)}
        with self._store.begin() as uow:
            mine = uow.postings.change(list(changes.values()), token)
            settled = [changes[posting_id] for posting_id in mine]
            if confirmed := [change.posting_id for change in settled if change.state == "confirmed"]:
                uow.inbox.note_vouchers(confirmed)
            if failed := [change for change in settled if change.state in ("rejected", "in_doubt")]:
                raise_for(uow, failed)
        states: dict[str, int] = {}
        for change in settled:
            states[change.state] = states.get(change.state, 0) + 1
        return states


def change_of(answer: Answer) -> PostingChange:
    """What an answer makes of its posting."""
    result = answer.result
    if isinstance(result, Sent):
        wait = ask_again_in(result.confirm_within, answer.attempts)
        return PostingChange(result.posting_id, "sent", retry_in=wait)
    if result.outcome in _DONE:
        return PostingChange(result.posting_id, "confirmed", result.reference)
    if result.outcome is Outcome.TRANSIENT:
        decision = after_transient(answer.attempts)
        if isinstance(decision, LeaveToPerson):
            return PostingChange(result.posting_id, "in_doubt", None, decision.code, result.message)
        return PostingChange(result.posting_id, "pending", None, result.code, result.message, decision.seconds)
    if result.outcome is Outcome.IN_DOUBT:
        return PostingChange(result.posting_id, "in_doubt", None, result.code or "POSTING_IN_DOUBT", result.message)
    code = result.code or (
        "TARGET_DIFFERS" if result.outcome is Outcome.EXISTS_WITH_DIFFERENT_AMOUNT else "TARGET_REJECTED"
    )
    return PostingChange(result.posting_id, "rejected", result.reference, code, result.message)


def raise_for(uow: UnitOfWork, failed: Sequence[PostingChange]) -> None:
    """Open an exception for each posting that was rejected or is in doubt."""
    vouchers = dict(uow.ledger.of_postings([change.posting_id for change in failed]))
    raised = []
    for change in failed:
        voucher = vouchers[change.posting_id]
        code = change.code or "TARGET_REJECTED"
        raised.append(
            RaisedException(
                inbox_id=voucher.inbox_id,
                code=code,
                company=voucher.company,
                document=voucher.entry.document,
                amount=voucher.entry.debit_total(),
                currency=voucher.entry.currency,
                cause=code,
                message=change.message or change.state,
                detail={"voucher": voucher.name},
                posting_id=change.posting_id,
            )
        )
    uow.exceptions.raise_all(raised)
