"""What follows a failed attempt: a longer wait each time, then a person."""

from bus.recoverability import (
    LAST_ATTEMPT,
    LeaveToPerson,
    RetryIn,
    after_transient,
    batch_limit,
    is_last,
    is_poison,
)


def test_waits_double_up_to_five_minutes_and_end_with_a_person() -> None:
    decisions = [after_transient(attempt) for attempt in range(1, LAST_ATTEMPT + 2)]
    waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert decisions == [*map(RetryIn, waits), LeaveToPerson("DELIVERY_FAILED"), LeaveToPerson("DELIVERY_FAILED")]


def test_a_posting_whose_every_attempt_was_lost_is_not_tried_for_ever() -> None:
    assert [is_last(attempt) for attempt in (1, LAST_ATTEMPT, LAST_ATTEMPT + 1)] == [False, False, True]


def test_an_event_that_takes_workers_down_goes_in_ever_smaller_batches_and_then_to_a_person() -> None:
    assert [batch_limit(attempts, 500) for attempts in range(6)] == [500, 500, 62, 7, 1, 1]
    assert [is_poison(attempts) for attempts in (0, 7, 8, 9)] == [False, False, True, True]
