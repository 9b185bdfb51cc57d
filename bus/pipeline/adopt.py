"""Adopt: a rule pack that is new to this store is kept, and what older rules could not book is looked at again."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog

from bus.accounting.company import Company
from bus.accounting.pack import RulePack
from bus.records import ClosedException
from bus.store_port import Store

# Held because of what the rules say, or do not say; a new pack may say it.
RULE_CODES: Final = (
    "CHECK_FAILED",
    "DIMENSION_MISSING",
    "EMPTY_ENTRY",
    "EVALUATION_FAILED",
    "EXPRESSION_FAILED",
    "MAP_MISSING",
    "NEGATIVE_AMOUNT",
    "NO_RULE",
    "REMAINDER_NEGATIVE",
    "RULE_CONFLICT",
    "UNBALANCED",
)

log = structlog.get_logger()


class Adopt:
    """The use case of a start with changed rules."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(
        self, companies: Mapping[str, Company], packs: Mapping[str, RulePack], content: Callable[[str], str]
    ) -> int:
        """Keep each pack under its hash; release the documents its predecessors held, in their order. How many."""
        released = 0
        with self._store.begin() as uow:
            for name, pack in sorted(packs.items()):
                if not uow.packs.record(pack.content_hash, name, content(name)):
                    continue
                of_pack = [code for code, company in sorted(companies.items()) if company.pack == name]
                ids = uow.inbox.release(of_pack, RULE_CODES)
                remedy = f"rule pack {pack.content_hash[:12]} came into force"
                uow.exceptions.close([ClosedException(i, "released", remedy) for i in ids])
                released += len(ids)
        if released:
            log.info("events_released", events=released)
        return released
