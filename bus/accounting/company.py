"""Companies: base currency, time zone, books and where their vouchers go."""

from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bus.accounting.findings import Findings
from bus.accounting.yaml_text import Fields, Reader, read_documents
from bus.errors import Invalid
from bus.money import minor_digits

PRIOR_YEAR: Final = ("hold", "mirror_6901", "mirror_current", "red")
_COMPANY: Final = (
    "name", "base_currency", "timezone", "pack", "locale", "prior_year", "books", "targets", "open_channel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BookPolicy:
    """A book of a company. `chart` names a chart of the pack; `periods` and `closed_period` say how months are kept."""

    name: str
    statutory: bool
    chart: str
    periods: str
    closed_period: str


@dataclass(frozen=True, slots=True)
class Target:
    """A finance system that takes postings of some books through one adapter."""

    name: str
    adapter: str
    books: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Company:
    """`timezone` is an IANA name, `pack` a folder under rules/, `locale` zh or en.

    `prior_year` overrides the pack's policy for reversals in another fiscal year; None leaves it to the pack.
    `open_channel` tells every entry on ledger.postings to whoever listens, registered or not.
    """

    code: str
    name: str
    base_currency: str
    timezone: str
    pack: str
    locale: str
    books: tuple[BookPolicy, ...]
    targets: tuple[Target, ...] = ()
    prior_year: str | None = None
    open_channel: bool = False


def load_companies(file: str, text: str) -> dict[str, Company]:
    """Companies by code, from the text of companies.yaml. Raises RulesInvalid with every defect."""
    findings = Findings()
    reader = Reader(findings)
    companies: dict[str, Company] = {}
    for document in read_documents(file, text, findings):
        reader.known(document, ("companies",))
        listed = reader.mapping(reader.require(document, "companies"), "companies")
        for code, node in listed.entries.items() if listed else ():
            fields = reader.mapping(node, code)
            if fields is not None:
                companies[code] = _company(code, fields, reader)
    findings.raise_any()
    return companies


def _company(code: str, fields: Fields, reader: Reader) -> Company:
    reader.known(fields, _COMPANY)
    books = tuple(_book(item, reader) for node in reader.list_of(fields, "books", required=True)
                  if (item := reader.mapping(node, "a book")))  # fmt: skip
    names = {book.name for book in books}
    targets = tuple(_target(item, reader, names) for node in reader.list_of(fields, "targets")
                    if (item := reader.mapping(node, "a target")))  # fmt: skip
    company = Company(
        code=code,
        name=reader.text(fields, "name"),
        base_currency=reader.text(fields, "base_currency"),
        timezone=reader.text(fields, "timezone"),
        pack=reader.text(fields, "pack"),
        locale=reader.choice(fields, "locale", ("zh", "en")),
        books=books,
        targets=targets,
        prior_year=reader.choice(fields, "prior_year", PRIOR_YEAR, "") or None,
        open_channel=reader.flag(fields, "open_channel", default=False),
    )
    _check(company, fields, reader)
    return company


def _check(company: Company, fields: Fields, reader: Reader) -> None:
    try:
        minor_digits(company.base_currency)
    except Invalid:
        what = f"base_currency {company.base_currency} is not an ISO 4217 code"
        reader.findings.add(fields.place, what, "write three capital letters such as CNY")
    try:
        ZoneInfo(company.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        what = f"timezone {company.timezone} is not known"
        reader.findings.add(fields.place, what, "write an IANA name such as Asia/Shanghai")


def _book(fields: Fields, reader: Reader) -> BookPolicy:
    reader.known(fields, ("name", "statutory", "chart", "periods", "closed_period"))
    return BookPolicy(
        name=reader.text(fields, "name"),
        statutory=reader.flag(fields, "statutory", default=True),
        chart=reader.text(fields, "chart"),
        periods=reader.choice(fields, "periods", ("on_demand", "explicit"), "explicit"),
        closed_period=reader.choice(fields, "closed_period", ("hold", "next_open"), "hold"),
    )


def _target(fields: Fields, reader: Reader, books: set[str]) -> Target:
    reader.known(fields, ("name", "adapter", "books", "settings"))
    taken = tuple(reader.text_of(node, "a book") for node in reader.list_of(fields, "books", required=True))
    for name in taken:
        if name not in books:
            reader.findings.add(fields.place, f"target takes an unknown book {name}", "name a book of this company")
    settings = reader.mapping(fields.entries.get("settings"), "settings")
    return Target(
        name=reader.text(fields, "name"),
        adapter=reader.text(fields, "adapter"),
        books=taken,
        settings={key: reader.text_of(node, key) for key, node in settings.entries.items()} if settings else {},
    )
