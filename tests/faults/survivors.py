"""What must hold at rest however a bus was treated: plain SQL on its store, plain text of its ledger files."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final

# Each statement finds what must not be there.
WRONG: Final = {
    "events without an outcome": """
        SELECT source, event_id FROM inbox WHERE state = 'accepted'""",
    "booked events without an entry": """
        SELECT i.source, i.event_id FROM inbox i WHERE i.state = 'booked'
        AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.inbox_id = i.id)""",
    "entries of events that were not booked": """
        SELECT e.entry_id FROM journal_entry e LEFT JOIN inbox i ON i.id = e.inbox_id
        WHERE i.state IS NULL OR i.state <> 'booked'""",
    "held events without an exception": """
        SELECT i.source, i.event_id FROM inbox i WHERE i.state = 'held'
        AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.inbox_id = i.id)""",
    "events booked twice in a book": """
        SELECT source, event_id, book, part FROM journal_entry GROUP BY 1, 2, 3, 4 HAVING COUNT(*) > 1""",
    "entries taken back twice": """
        SELECT reverses FROM journal_entry WHERE reverses IS NOT NULL GROUP BY 1 HAVING COUNT(*) > 1""",
    "entries that do not balance": """
        SELECT entry_id FROM journal_line GROUP BY entry_id, currency
        HAVING SUM(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0""",
    "voucher numbers with gaps": """
        SELECT company, book, period, word FROM journal_entry GROUP BY 1, 2, 3, 4
        HAVING MIN(number) <> 1 OR MAX(number) <> COUNT(*)""",
    "broken links of the chain": """
        SELECT e.entry_id FROM journal_entry e JOIN journal_entry b
        ON (b.company, b.book, b.period, b.word, b.number) = (e.company, e.book, e.period, e.word, e.number - 1)
        WHERE e.previous_hash <> b.hash""",
    "entries without a settled posting": """
        SELECT e.entry_id FROM journal_entry e
        WHERE NOT EXISTS (SELECT 1 FROM posting p WHERE p.entry_id = e.entry_id AND p.state = 'confirmed')""",
    "documents still claimed": """
        SELECT key FROM document WHERE lease_token IS NOT NULL""",
}
_POSTING_ID: Final = re.compile(r'^  posting-id: "([^"]+)"$', re.MULTILINE)


def findings(home: Path) -> list[str]:
    """What is wrong in a home's store and Beancount ledgers, in words with counts; empty when nothing is."""
    with closing(sqlite3.connect(f"file:{home}/store.db?mode=ro", uri=True)) as store:
        wrong = {what: store.execute(statement).fetchall() for what, statement in WRONG.items()}
        confirmed = {
            posting_id
            for (posting_id,) in store.execute(
                "SELECT posting_id FROM posting WHERE target = 'beancount' AND state = 'confirmed'"
            )
        }
    written = Counter(
        posting_id
        for file in (home / "ledger").glob("*/*/*.beancount")
        for posting_id in _POSTING_ID.findall(file.read_text(encoding="utf-8"))
    )
    wrong["postings written twice in a ledger"] = [(name,) for name, count in written.items() if count > 1]
    wrong["postings confirmed and not in a ledger"] = [(name,) for name in confirmed - set(written)]
    wrong["postings in a ledger that the store did not send"] = [(name,) for name in set(written) - confirmed]
    return [f"{len(found)} {what}, {found[0]} the first" for what, found in wrong.items() if found]
