"""Answers to a posting, by name: what a target says when it refuses one, and when it has it."""

from adapters.ledgerfiles.content import check_posting, content_hash
from bus.errors import Invalid
from bus.ports import DeliveryResult, LedgerPosting, Outcome


def refusal(posting: LedgerPosting) -> DeliveryResult | None:
    """REJECTED with a code when the posting may not be written; None when it may."""
    try:
        check_posting(posting)
    except Invalid as error:
        return rejected(posting.posting_id, error)
    return None


def rejected(posting_id: str, error: Invalid) -> DeliveryResult:
    """REJECTED with the code and sentence of the error."""
    return DeliveryResult(posting_id, Outcome.REJECTED, code=error.code, message=str(error))


def answer(posting: LedgerPosting, content: str, reference: str, written: dict[str, LedgerPosting]) -> DeliveryResult:
    """The answer for a posting whose id the target has, with this content hash, under this reference.

    `written` holds what this batch wrote, by id; the posting that was written is taken out, so that it counts once.
    """
    if written.get(posting.posting_id) is posting:
        del written[posting.posting_id]
        outcome = Outcome.POSTED
    elif content != content_hash(posting):
        outcome = Outcome.EXISTS_WITH_DIFFERENT_AMOUNT
    else:
        outcome = Outcome.ALREADY_POSTED
    return DeliveryResult(posting.posting_id, outcome, reference)
