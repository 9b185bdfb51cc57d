"""Three tasks an event: ingest checks it, account books it in one commit, post hands it to the ledger.

Each may run twice: the deduplication row, the ledger's own look-up by posting id and the state make it once in effect.
"""

import hashlib
import os
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload

from adapters.finance.sandbox import open_adapter
from benchmarks.baseline_celery.app import app
from benchmarks.baseline_celery.models import Journal, JournalLine, SeenEvent, engine
from benchmarks.baseline_celery.rule import ACCOUNTS, voucher_lines
from benchmarks.baseline_celery.validation import check
from bus.errors import Transient
from bus.ports import FinanceAdapter, LedgerLine, LedgerPosting, Outcome

LEDGER: Final = "BASELINE_LEDGER"
_PASSING: Final = {"autoretry_for": (OperationalError, Transient), "retry_backoff": True, "max_retries": 10}


@app.task(name="baseline.ingest", **_PASSING)
def ingest(event: dict[str, Any]) -> None:
    """Check an event and pass it on. An invalid one fails the task."""
    check(event)
    account.delay(event)


@app.task(name="baseline.account", **_PASSING)
def account(event: dict[str, Any]) -> None:
    """Book an event and pass its journal on; a second time pass on the journal that is there."""
    post.delay(_book(event))


@app.task(name="baseline.book", **_PASSING)
def book(event: dict[str, Any]) -> None:
    """Check and book in one task: the shortest way to a journal that one Celery task a document gives."""
    check(event)
    _book(event)


@app.task(name="baseline.post", **_PASSING)
def post(journal_id: int) -> None:
    """Post a journal to the ledger and note its answer."""
    with Session(engine()) as session, session.begin():
        journal = session.get_one(Journal, journal_id, options=[joinedload(Journal.lines)])
        if journal.state == "confirmed":
            return
        [result] = _ledger().post([_posting(journal)])
        if result.outcome not in (Outcome.POSTED, Outcome.ALREADY_POSTED):
            raise RuntimeError(f"the ledger answered {result.outcome} for {journal.document}")
        journal.state, journal.reference = "confirmed", result.reference


def _book(event: dict[str, Any]) -> int:
    data = event["data"]
    lines = voucher_lines(data)
    key = {"source": event["source"], "event_id": event["id"]}
    with Session(engine()) as session, session.begin():
        seen = session.execute(insert(SeenEvent).values(**key).on_conflict_do_nothing())
        if seen.rowcount == 0:
            return session.execute(select(Journal.id).filter_by(**key)).scalar_one()
        journal = Journal(
            **key,
            event_type=event["type"],
            company=event["company"],
            document=event["subject"],
            accounting_date=date.fromisoformat(data["accounting_date"]),
            currency=data["currency"],
            text=f"报销 {data['doc_no']} {data['employee']}",
            lines=[
                JournalLine(
                    line_no=number,
                    account=line.account,
                    debit=line.debit,
                    credit=line.credit,
                    dims=line.dims,
                    text=line.text,
                )
                for number, line in enumerate(lines, 1)
            ],
        )
        session.add(journal)
        session.flush()
        return journal.id


def _posting(journal: Journal) -> LedgerPosting:
    key = hashlib.sha256(f"{journal.source}/{journal.event_id}".encode()).hexdigest()
    period = f"{journal.accounting_date:%Y-%m}"
    return LedgerPosting(
        posting_id=key[:32],
        company=journal.company,
        book="CN_GAAP",
        period=period,
        word="记",
        number=f"记-{period}-{journal.id:06}",
        accounting_date=journal.accounting_date,
        currency=journal.currency,
        document=journal.document,
        event_type=journal.event_type,
        event_id=journal.event_id,
        rule="reimbursement",
        text=journal.text,
        entry_hash=key,
        lines=tuple(
            LedgerLine(
                line.account, *ACCOUNTS[line.account], _minor(line.debit), _minor(line.credit), line.dims, line.text
            )
            for line in journal.lines
        ),
    )


def _minor(amount: Decimal) -> int:
    return int(amount * 100)


@cache
def _ledger() -> FinanceAdapter:
    return open_adapter({"file": str(Path(os.environ[LEDGER]))})
