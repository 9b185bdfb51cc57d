"""What must hold at rest however a bus was treated: the checker over a home's store, and its ledger files beside it."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text

from tests.faults.checker import applied, findings

_CLAIMED: Final = text("SELECT key FROM document WHERE lease_token IS NOT NULL")
_POSTING_ID: Final = re.compile(r'^  posting-id: "([^"]+)"$', re.MULTILINE)


def wrong_at_rest(home: Path) -> list[str]:
    """What is wrong in a home with a SQLite store and Beancount ledgers: each with its count; empty when nothing is."""
    written = Counter(
        posting_id
        for file in (home / "ledger").glob("*/*/*.beancount")
        for posting_id in _POSTING_ID.findall(file.read_text(encoding="utf-8"))
    )
    engine = create_engine(f"sqlite:///file:{home}/store.db?mode=ro&uri=true")
    try:
        with engine.connect() as store:
            found = {**findings(store), **applied(store, written)}
            found["a document is still claimed"] = [tuple(row) for row in store.execute(_CLAIMED)]
    finally:
        engine.dispose()
    return [f"{what}: {len(which)}, the first {which[0]}" for what, which in found.items() if which]
