"""A whole bus in one process: the real store, rules and use cases; wake-ups are collected and handed over by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bus.accounting.company import Company
from bus.accounting.pack import RulePack
from bus.bootstrap import Runtime
from bus.config import Settings
from bus.errors import Transient
from bus.pipeline.booking import Books
from bus.pipeline.confirm import Confirm
from bus.pipeline.deliver import Deliver
from bus.pipeline.journalize import Journalize
from bus.pipeline.receive import Receipt, Receive
from bus.pipeline.relay import DELIVER_TASK, Relay
from bus.pipeline.route import JOURNALIZE_TASK, Route
from bus.pipeline.sweep import Sweep
from bus.pipeline.verify import Verify
from bus.routing import RoutingRules
from bus.schemas import EventSchemas
from bus.store.engine import READ_ONLY
from bus.store.unit_of_work import SqlStore
from tests.shelf import Shelf


@dataclass(frozen=True)
class WakeUp:
    """One message as a worker gets it."""

    queue: str
    task: str
    ids: tuple[Any, ...]
    shown: tuple[str, ...]
    token: str | None


class Post:
    """The Publisher port: keeps what it is told until somebody fetches it, or refuses while the broker is away."""

    def __init__(self) -> None:
        self.waiting: list[WakeUp] = []
        self.away = False

    def wake(
        self, queue: str, task: str, ids: Sequence[int | str], shown: Sequence[str], token: str | None = None
    ) -> None:
        if self.away:
            raise Transient("BROKER_UNAVAILABLE", "away")
        self.waiting.append(WakeUp(queue, task, tuple(ids), tuple(shown), token))

    def fetch(self) -> list[WakeUp]:
        taken, self.waiting = self.waiting, []
        return taken


@cache
def rules() -> Runtime:
    """The shipped companies, packs and routing."""
    return Runtime(Settings(home=Path("unused")))


def companies(**policies: str) -> dict[str, Company]:
    """The shipped companies; every book gets these policies (periods, closed_period)."""
    return {
        code: replace(company, books=tuple(replace(book, **policies) for book in company.books))
        for code, company in rules().companies.items()
    }


class Desk:
    """The use cases over one store. `batch` is the size of wake-ups; `policies` go to every book of every company."""

    def __init__(
        self,
        store: SqlStore,
        *,
        batch: int = 500,
        lease: int = 60,
        routing: RoutingRules | None = None,
        packs: Mapping[str, RulePack] | None = None,
        **policies: str,
    ) -> None:
        self.store = store
        self.post = Post()
        self.shelf = Shelf()
        self.books = Books(companies(**policies), packs or rules().rulebook.packs)
        self.receive_events = Receive(store, EventSchemas(rules().rulebook.event_schemas), self.books.companies)
        self.route = Route(store, routing or rules().rulebook.routing, self.books, self.post, batch)
        self.journalize = Journalize(store, self.books, "desk", lease)
        self.relay = Relay(store, self.post, "desk", batch, lease)
        self.deliver = Deliver(store, self.books, lambda *_: self.shelf, Confirm(store), lease)
        self.sweep = Sweep(store, self.books, 15)
        self.verify = Verify(store)

    def receive(self, *offered: Mapping[str, Any]) -> list[Receipt]:
        """Offer events at the door."""
        return self.receive_events([dict(each) for each in offered])

    def work(self, wake_ups: Iterable[WakeUp] | None = None) -> None:
        """What workers do with these messages, or with all that wait."""
        for wake_up in self.post.fetch() if wake_ups is None else wake_ups:
            if wake_up.task == JOURNALIZE_TASK:
                self.journalize(wake_up.ids)
            elif wake_up.task == DELIVER_TASK:
                self.deliver(wake_up.ids, wake_up.token or "")

    def run(self, *offered: Mapping[str, Any]) -> None:
        """Offer events, then let dispatcher and workers take turns until nobody has anything to do."""
        if offered:
            self.receive(*offered)
        while self.route() + self.relay():
            self.work()

    def later(self) -> None:
        """Time passes: every delay and lease is over."""
        with self.store.engine.begin() as connection:
            connection.execute(text("UPDATE inbox SET due_at = 0 WHERE state = 'accepted'"))
            connection.execute(text("UPDATE posting SET due_at = 0 WHERE state IN ('pending', 'leased', 'sent')"))
            connection.execute(text("UPDATE document SET lease_until = 0 WHERE lease_until IS NOT NULL"))

    def age(self, minutes: int) -> None:
        """Time passes for events that wait for an earlier one."""
        with self.store.engine.begin() as connection:
            connection.execute(text("UPDATE inbox SET received_at = received_at - :ms"), {"ms": minutes * 60_000})

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query of the test's own."""
        with self.store.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def states(self) -> dict[str, str]:
        """Event id -> "state" or "state:reason"."""
        found = self.rows("SELECT event_id, state, reason FROM inbox")
        return {name: f"{state}:{reason}" if reason else state for name, state, reason in found}

    def exceptions(self) -> dict[str, str]:
        """Event id -> code of its live exceptions, in order."""
        found = self.rows(
            "SELECT i.event_id, e.code FROM exception e JOIN inbox i ON i.id = e.inbox_id "
            "WHERE e.state IN ('open', 'proposed', 'approved') ORDER BY e.id"
        )
        live: dict[str, str] = {}
        for name, code in found:
            live[name] = f"{live[name]} {code}" if name in live else code
        return live

    def ledger(self) -> list[tuple[Any, ...]]:
        """What is booked, without the numbers and ids that depend on who came first."""
        return self.rows(
            "SELECT e.document, e.event_id, e.book, e.rule, CASE WHEN e.reverses IS NULL THEN 'entry' ELSE 'reversal' "
            "END, e.accounting_date, l.line_no, l.side, l.account, l.amount FROM journal_entry e "
            "JOIN journal_line l ON l.entry_id = e.entry_id ORDER BY 1, 2, 3, 5, 7"
        )

    def balances(self) -> dict[str, int]:
        """Debit minus credit by account, minor units; what is zero is left out."""
        found = self.rows(
            "SELECT account, SUM(CASE side WHEN 'debit' THEN amount ELSE -amount END) FROM journal_line "
            "GROUP BY account"
        )
        return {account: int(total) for account, total in found if total}
