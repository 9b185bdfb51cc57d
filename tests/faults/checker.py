"""An independent judge of a store at rest. Plain SQL over the tables; it uses nothing of the bus.

Each rule is a query for what must not be there; a finding is its name and the rows it found. On both databases.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

OPEN: Final = "('open', 'proposed', 'approved')"

RULES: Final[Mapping[str, str]] = {
    # (a) each accepted event has exactly one outcome
    "an accepted event is not settled": """
        SELECT id, event_id FROM inbox WHERE state = 'accepted'""",
    "a booked event has no entry": """
        SELECT i.id, i.event_id FROM inbox i WHERE i.state = 'booked'
        AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.inbox_id = i.id)""",
    "an event that is not booked has an entry": """
        SELECT i.id, i.event_id, i.state FROM inbox i WHERE i.state <> 'booked'
        AND EXISTS (SELECT 1 FROM journal_entry e WHERE e.inbox_id = i.id)""",
    "an event has two entries in one book": """
        SELECT source, event_id, book FROM journal_entry WHERE reverses IS NULL
        GROUP BY source, event_id, book HAVING count(*) > 1""",
    "an event is twice in the inbox": """
        SELECT source, event_id FROM inbox GROUP BY source, event_id HAVING count(*) > 1""",
    "a held or unrouted event has no exception": f"""
        SELECT i.id, i.event_id FROM inbox i WHERE i.state IN ('held', 'no_route') AND NOT EXISTS
        (SELECT 1 FROM exception x WHERE x.inbox_id = i.id AND x.posting_id IS NULL AND x.state IN {OPEN})""",
    "a held event has an exception of another name": f"""
        SELECT i.id, i.reason, x.code FROM inbox i JOIN exception x ON x.inbox_id = i.id
        WHERE i.state = 'held' AND x.posting_id IS NULL AND x.state IN {OPEN} AND x.code <> i.reason""",
    "a settled event has a live exception": f"""
        SELECT i.id, i.state, x.code FROM inbox i JOIN exception x ON x.inbox_id = i.id
        WHERE i.state IN ('booked', 'no_op', 'discarded', 'parked') AND x.posting_id IS NULL AND x.state IN {OPEN}""",
    "a no-op has no reason": """
        SELECT id, event_id FROM inbox WHERE state = 'no_op' AND reason IS NULL""",
    "a parked event waits for nothing": """
        SELECT i.id, i.event_id FROM inbox i JOIN document d ON d.company = i.company AND d.key = i.document
        WHERE i.state = 'parked' AND i.sequence <= d.next_sequence""",
    "events of a document are booked out of order": """
        SELECT a.event_id, b.event_id FROM inbox a JOIN inbox b ON b.company = a.company AND b.document = a.document
        JOIN journal_entry ea ON ea.inbox_id = a.id JOIN journal_entry eb ON eb.inbox_id = b.id
        WHERE a.sequence < b.sequence AND ea.company = eb.company AND ea.book = eb.book AND ea.period = eb.period
        AND ea.word = eb.word AND ea.number > eb.number
        AND a.type NOT LIKE 'payment.%' AND b.type NOT LIKE 'payment.%'""",
    # (b) debits are credits
    "an entry does not balance": """
        SELECT l.entry_id, l.currency FROM journal_line l GROUP BY l.entry_id, l.currency
        HAVING SUM(CASE l.side WHEN 'debit' THEN l.amount ELSE -l.amount END) <> 0""",
    "an entry does not balance in the base currency": """
        SELECT l.entry_id FROM journal_line l GROUP BY l.entry_id
        HAVING SUM(CASE l.side WHEN 'debit' THEN l.base_amount ELSE -l.base_amount END) <> 0""",
    "an entry has no lines": """
        SELECT e.entry_id FROM journal_entry e
        WHERE NOT EXISTS (SELECT 1 FROM journal_line l WHERE l.entry_id = e.entry_id)""",
    "a book does not balance": """
        SELECT e.company, e.book, l.currency FROM journal_entry e JOIN journal_line l ON l.entry_id = e.entry_id
        GROUP BY e.company, e.book, l.currency
        HAVING SUM(CASE l.side WHEN 'debit' THEN l.amount ELSE -l.amount END) <> 0""",
    "a reversal does not undo what it takes back": """
        SELECT e.entry_id FROM journal_entry e JOIN journal_line l ON l.entry_id = e.entry_id OR l.entry_id = e.reverses
        WHERE e.reverses IS NOT NULL AND substr(e.original_date, 1, 4) =
        (SELECT substr(o.original_date, 1, 4) FROM journal_entry o WHERE o.entry_id = e.reverses)
        GROUP BY e.entry_id, l.account
        HAVING SUM(CASE l.side WHEN 'debit' THEN l.amount ELSE -l.amount END) <> 0""",
    "an entry is taken back twice": """
        SELECT reverses FROM journal_entry WHERE reverses IS NOT NULL GROUP BY reverses HAVING count(*) > 1""",
    # (c) postings
    "an entry has no posting": """
        SELECT e.entry_id FROM journal_entry e
        WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.entry_id = e.entry_id)""",
    "a posting is still on its way": """
        SELECT posting_id, state FROM posting WHERE state IN ('pending', 'leased', 'sent')""",
    "a failed posting has no exception": f"""
        SELECT p.posting_id FROM posting p WHERE p.state IN ('rejected', 'in_doubt') AND NOT EXISTS
        (SELECT 1 FROM exception x WHERE x.posting_id = p.posting_id AND x.state IN {OPEN})""",
    "an entry has two postings for one target": """
        SELECT entry_id, target FROM posting GROUP BY entry_id, target HAVING count(*) > 1""",
    # (d) no effect without an event
    "an entry comes from no event": """
        SELECT e.entry_id FROM journal_entry e LEFT JOIN inbox i
        ON i.id = e.inbox_id AND i.source = e.source AND i.event_id = e.event_id AND i.document = e.document
        AND i.company = e.company WHERE i.id IS NULL""",
    "a line belongs to no entry": """
        SELECT l.entry_id FROM journal_line l LEFT JOIN journal_entry e ON e.entry_id = l.entry_id
        WHERE e.entry_id IS NULL""",
    "a posting belongs to no entry": """
        SELECT p.posting_id FROM posting p LEFT JOIN journal_entry e ON e.entry_id = p.entry_id
        WHERE e.entry_id IS NULL""",
    # (e) numbers and links
    "voucher numbers have a gap": """
        SELECT company, book, period, word, count(*), min(number), max(number) FROM journal_entry
        GROUP BY company, book, period, word HAVING min(number) <> 1 OR max(number) <> count(*)""",
    "a counter is not where its numbers end": """
        SELECT c.company, c.book, c.period, c.word, c.next_number FROM voucher_counter c WHERE c.next_number <> 1 +
        (SELECT count(*) FROM journal_entry e WHERE e.company = c.company AND e.book = c.book AND e.period = c.period
         AND e.word = c.word)""",
    "a link does not continue the one before": """
        SELECT e.entry_id FROM journal_entry e LEFT JOIN journal_entry b ON b.company = e.company AND b.book = e.book
        AND b.period = e.period AND b.word = e.word AND b.number = e.number - 1
        WHERE e.previous_hash <> COALESCE(b.hash, :start)""",
    "a head is not the last link": """
        SELECT c.company, c.book, c.period, c.word FROM voucher_counter c LEFT JOIN journal_entry e
        ON e.company = c.company AND e.book = c.book AND e.period = c.period AND e.word = c.word
        AND e.number = c.next_number - 1 WHERE c.head <> COALESCE(e.hash, :start)""",
    "an entry is in a period that was never opened": """
        SELECT e.entry_id FROM journal_entry e LEFT JOIN period p
        ON p.company = e.company AND p.book = e.book AND p.name = e.period WHERE p.name IS NULL""",
    "an entry is dated outside its period": """
        SELECT entry_id FROM journal_entry WHERE substr(accounting_date, 1, 7) <> period""",
}


def findings(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """What is wrong with a store at rest: rule -> rows; empty when nothing is."""
    found = {}
    for name, query in RULES.items():
        values = {"start": "0" * 64} if ":start" in query else {}
        if rows := [tuple(row) for row in connection.execute(text(query), values)]:
            found[name] = rows
    return found


def applied(connection: Connection, kept: Mapping[str, int]) -> dict[str, list[str]]:
    """What is wrong with a target: `kept` says how often it has each posting id."""
    confirmed = {row[0] for row in connection.execute(text("SELECT posting_id FROM posting WHERE state = 'confirmed'"))}
    known = {row[0] for row in connection.execute(text("SELECT posting_id FROM posting"))}
    found = {
        "confirmed, but not at the target": sorted(confirmed - kept.keys()),
        "at the target, but no posting": sorted(kept.keys() - known),
        "twice at the target": sorted(name for name, count in kept.items() if count > 1),
    }
    return {name: ids for name, ids in found.items() if ids}
