"""Numbers and links: dense in each run, each link over the one before, a reversal names what it takes back."""

from datetime import date

from bus.accounting.chain import START, voucher_hash
from bus.accounting.journal import CREDIT, DEBIT, VOUCHER, JournalEntry, JournalLine
from bus.pipeline.numbering import number
from bus.records import BookableEntry

MAY, JUNE = ("EU01", "GL", "2017-05", "GJ"), ("EU01", "GL", "2017-06", "GJ")


def bookable(name: str, period: str = "2017-05", reverses: str | None = None) -> BookableEntry:
    amount = -5 if reverses else 5
    lines = tuple(JournalLine(side, side, "1", amount, "EUR", amount, {}, "", {}) for side in (DEBIT, CREDIT))
    text = f"Reversal of {VOUCHER}" if reverses else f"Text with {VOUCHER} of its own"
    entry = JournalEntry(
        name, "entry", "GL", "r", 1, "p", "t", "A", "", date(2017, 5, 2), "GJ", text, "EUR", lines, reverses
    )
    return BookableEntry(1, "s", name, "EU01", period, date(2017, 5, 2), entry)


def test_each_run_of_numbers_is_dense_and_begins_where_its_counter_stands() -> None:
    entries = [bookable("a"), bookable("b", "2017-06"), bookable("c")]
    numbered, after = number(entries, {MAY: (7, "h" * 64), JUNE: (1, START)}, {})
    assert [(n.bookable.event_id, n.number) for n in numbered] == [("a", 7), ("b", 1), ("c", 8)]
    assert (after[MAY][0], after[JUNE][0]) == (9, 2)


def test_each_link_covers_the_one_before_in_its_run() -> None:
    numbered, after = number(
        [bookable("a"), bookable("b", "2017-06"), bookable("c")], {MAY: (1, START), JUNE: (1, START)}, {}
    )
    first, other, last = numbered
    assert (first.previous_hash, other.previous_hash, last.previous_hash) == (START, START, first.hash)
    assert (after[MAY][1], after[JUNE][1]) == (last.hash, other.hash)
    said = {"company": "EU01", "source": "s", "event_id": "c", "period": "2017-05", "accounting_date": date(2017, 5, 2)}
    again = voucher_hash(first.hash, last.bookable.entry, number=2, text=last.text, **said)
    assert again == last.hash
    assert voucher_hash(first.hash, last.bookable.entry, number=3, text=last.text, **said) != last.hash


def test_a_reversal_names_the_voucher_it_takes_back_booked_before_or_in_the_same_batch() -> None:
    entries = [bookable("a"), bookable("r", reverses="a"), bookable("s", reverses="old")]
    numbered, _ = number(entries, {MAY: (12, START)}, {"old": "GJ-2016-01-0003"})
    assert [n.text for n in numbered[1:]] == ["Reversal of GJ-2017-05-0012", "Reversal of GJ-2016-01-0003"]


def test_a_text_that_looks_like_the_placeholder_is_left_alone_in_an_entry() -> None:
    (numbered,), _ = number([bookable("a")], {MAY: (1, START)}, {})
    assert VOUCHER in numbered.text


def test_the_counters_given_are_not_changed() -> None:
    counters = {MAY: (1, START)}
    number([bookable("a")], counters, {})
    assert counters == {MAY: (1, START)}
