"""What to do after a failed attempt: try again after a delay, or leave it to a person. Pure."""

from dataclasses import dataclass
from typing import Final

LAST_ATTEMPT: Final = 12
POISON_AFTER: Final = 8
_SUSPECT_AFTER: Final = 2
_DIVIDED_BY: Final = 8
_LONGEST_SECONDS: Final = 300
_LONGEST_SILENCE_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class RetryIn:
    """Try again after this many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class LeaveToPerson:
    """No further attempt by itself: an exception with this code."""

    code: str


Decision = RetryIn | LeaveToPerson


def after_transient(attempts: int) -> Decision:
    """After a transient failure of attempt number `attempts` (from 1): 1, 2, 4 … 300 seconds, then DELIVERY_FAILED."""
    if attempts >= LAST_ATTEMPT:
        return LeaveToPerson("DELIVERY_FAILED")
    return RetryIn(min(2 ** (attempts - 1), _LONGEST_SECONDS))


def ask_again_in(confirm_within: int, attempts: int) -> int:
    """Seconds until a posting sent for the `attempts`-th time (from 1) is sent again when nobody confirms it.

    `confirm_within`, then twice that with each attempt, at most a day: a consumer that is away for a weekend finds a
    few copies of each posting, not hundreds.
    """
    doubled: int = confirm_within * 2 ** (attempts - 1)
    return min(doubled, max(confirm_within, _LONGEST_SILENCE_SECONDS))


def is_last(attempts: int) -> bool:
    """A posting that was handed over this often without any answer is not tried again."""
    return attempts > LAST_ATTEMPT


def batch_limit(attempts: int, batch_size: int) -> int:
    """The largest batch for an event that was claimed this often without an outcome.

    Full at first; from the second such claim on an eighth, a 64th …, at last alone: what takes workers down is
    isolated, and what was only near it is soon done.
    """
    if attempts < _SUSPECT_AFTER:
        return batch_size
    divisor: int = _DIVIDED_BY ** (attempts - _SUSPECT_AFTER + 1)
    return max(batch_size // divisor, 1)


def is_poison(attempts: int) -> bool:
    """An event that was claimed this often without an outcome has taken its workers down: EVENT_POISONED."""
    return attempts >= POISON_AFTER
