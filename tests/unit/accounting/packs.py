"""The shipped packs and companies, small packs made of a few lines, and a ledger held in memory."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from bus.accounting.company import Company, load_companies
from bus.accounting.engine import Engine
from bus.accounting.findings import RulesInvalid
from bus.accounting.journal import JournalEntry
from bus.accounting.outcome import Booked, Outcome
from bus.accounting.pack import RulePack, load_pack
from bus.message import Event

ROOT = Path(__file__).parents[3]
RULES = ROOT / "rules"
SHIPPED = {"cn-gaap": "CN01", "en-eur": "EU01"}


@cache
def schemas() -> Mapping[str, dict[str, Any]]:
    """The JSON Schema of each event type's data."""
    files = (ROOT / "schemas" / "events").glob("*.*.v1.json")
    return {path.name.removesuffix(".v1.json"): json.loads(path.read_text("utf-8")) for path in files}


@cache
def companies() -> Mapping[str, Company]:
    """The shipped companies."""
    return load_companies("companies.yaml", (RULES / "companies.yaml").read_text("utf-8"))


def pack_files(name: str) -> dict[str, str]:
    """The texts of a shipped pack by relative path."""
    folder = RULES / name
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in (".yaml", ".csv"))
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in found}


@cache
def shipped(name: str) -> RulePack:
    """A shipped pack."""
    return load_pack(name, pack_files(name), schemas())


@cache
def engine(name: str) -> Engine:
    """The engine of a shipped pack and its company."""
    return Engine(shipped(name), companies()[SHIPPED[name]])


def small_files(*rules: str, prior_year: str = "hold", rounding: bool = True) -> dict[str, str]:
    """Texts of a small pack in euro: one book, GL, a few accounts, one map, and the given rules."""
    roles = {"payable": "2100", "bank": "1000", "prior_year.adjustment": "5990"}
    if rounding:
        roles["rounding.difference"] = "5900"
    listed = ", ".join(f'{role}: "{code}"' for role, code in roles.items())
    return {
        "pack.yaml": f"pack: small\ncurrency: EUR\nprior_year: {prior_year}\nbooks:\n  GL: {{chart: GL}}\n---\n"
        f"chart: GL\naccounts: GL.csv\ndimensions: [employee]\ncash_accounts: ['1000']\nroles: {{{listed}}}\n",
        "GL.csv": "code,name_zh,name_en,type,normal_side,required_dims\n"
        "1000,银行,Bank,asset,debit,\n2100,应付,Payable,liability,credit,\n5000,费用,Cost,expense,debit,\n"
        "5100,部门费用,Cost by department,expense,debit,department\n5900,尾差,Rounding,expense,debit,\n"
        "5990,以前年度,Prior year,expense,debit,\n",
        "maps.yaml": "maps:\n  cost:\n    keys: [category]\n    rows:\n"
        "      - {category: travel, to: '5000', from: 2017-01-01, until: 2018-01-01}\n"
        "      - {category: travel, to: '5100', from: 2018-01-01}\n",
        **{f"rule{number}.yaml": text for number, text in enumerate(rules)},
    }


def small_rule(lines: str, *, head: str = "", version: int = 1, effective: str = "{from: 2017-01-01}") -> str:
    """A rule of the small pack for approved reimbursements, with the given lines (YAML list items) and further keys."""
    return (
        f"rule: claim\nversion: {version}\neffective: {effective}\nevent: reimbursement.approved\nbooks: [GL]\n"
        f'voucher: {{word: GJ, text: "Claim {{doc.doc_no}}"}}\n{head}lines:\n{lines}'
    )


PLAIN_LINES = (
    '  - {id: cost, side: debit, account: "5000", amount: doc.total}\n'
    "  - {id: owed, side: credit, account: payable, amount: doc.total, dims: {employee: doc.employee}}\n"
)


def small_engine(*rules: str, prior_year: str = "hold", rounding: bool = True) -> Engine:
    """An engine of the small pack for the company EU01."""
    files = small_files(*rules, prior_year=prior_year, rounding=rounding)
    return Engine(load_pack("small", files, schemas()), companies()["EU01"])


def findings_of(files: Mapping[str, str]) -> list[str]:
    """What load_pack has against these texts."""
    try:
        load_pack("small", files, schemas())
    except RulesInvalid as error:
        return [str(finding) for finding in error.findings]
    return []


class MemoryLedger:
    """Live entries by document, as the pipeline keeps them across a batch."""

    def __init__(self) -> None:
        self.entries: dict[str, list[JournalEntry]] = {}

    def live(self, document: str) -> Sequence[JournalEntry]:
        return self.entries.get(document, [])

    def take(self, entries: Iterable[JournalEntry]) -> None:
        for entry in entries:
            kept = [e for e in self.entries.get(entry.document, []) if e.entry_id != entry.reverses]
            self.entries[entry.document] = kept if entry.reverses else [*kept, entry]

    def book(self, engine_: Engine, event: Event) -> Outcome:
        """Journalize an event and take what it booked."""
        outcome = engine_.journalize(event, self)
        if isinstance(outcome, Booked):
            self.take(outcome.entries)
        return outcome


def made(kind: str, subject: str, number: str, data: Mapping[str, Any], *, company: str = "EU01") -> Event:
    """An event of the test source at noon UTC of its accounting date, or of 2017-06-01."""
    day = data.get("accounting_date", "2017-06-01")
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00").astimezone(UTC)
    return Event("test", number, kind, subject, company, at, dict(data))


def claim(document: str, total: str, number: str = "e1", **data: Any) -> Event:
    """An approved claim of EU01 with one row of its total."""
    row = {"category": "travel", "dept": "D1", "gross": total}
    fields = {"doc_no": document, "employee": "E1", "accounting_date": "2017-05-02", "currency": "EUR", "total": total}
    return made("reimbursement.approved", document, number, {**fields, "rows": [row], **data})


def payment(document: str, amount: str, number: str = "p1", **data: Any) -> Event:
    """A payment of EU01; its payment number is the event's id unless given."""
    fields = {"payment_no": number, "document_no": document, "accounting_date": "2017-05-10", "currency": "EUR"}
    return made("payment.made", document, number, {**fields, "amount": amount, **data})


def withdrawal(document: str, number: str = "w1", **data: Any) -> Event:
    """A withdrawal of EU01, on 2017-06-01 unless given."""
    return made("document.withdrawn", document, number, {"doc_no": document, "withdrawn_on": "2017-06-01", **data})


def shown(entry: JournalEntry) -> list[tuple[str, str, int]]:
    """Side, account and minor units of each line."""
    return [(line.side, line.account, line.amount) for line in entry.lines]
