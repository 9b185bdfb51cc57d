"""A rule pack: charts, maps and rules of one accounting standard, checked as a whole when it is loaded."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bus.accounting.chart import Chart, read_accounts
from bus.accounting.company import PRIOR_YEAR
from bus.accounting.derivation_code import Derive, derivation_of
from bus.accounting.fields import Field, record_of
from bus.accounting.findings import Finding, Findings, Place, nearest
from bus.accounting.maps import AccountMap, read_maps
from bus.accounting.pack_check import check_rules
from bus.accounting.rule import Rule
from bus.accounting.rule_reader import RuleReader
from bus.accounting.yaml_text import Fields, Items, Node, Reader, Scalar, read_documents
from bus.message import canonical_json

_PACK: Final = ("pack", "title", "currency", "prior_year", "books", "voucher_words")
_WORDS: Final = ("policy", "single", "receipt", "payment", "transfer")


@dataclass(frozen=True, slots=True)
class VoucherWords:
    """What `word: by_policy` becomes: always `single` (policy single), or by the movement of cash (policy three)."""

    policy: str = "single"
    single: str = "记"
    receipt: str = "收"
    payment: str = "付"
    transfer: str = "转"


@dataclass(frozen=True, slots=True)
class RulePack:
    """What an engine needs. `content_hash` is SHA-256, hex, over file names and texts; `books` give each book's chart.

    `records` are the typed fields of each event type, `derivations` the generated function of each rule, version and
    book that has lines, `warnings` what is allowed but worth a look.
    """

    name: str
    content_hash: str
    currency: str
    prior_year: str
    books: dict[str, str]
    charts: dict[str, Chart]
    rules: tuple[Rule, ...]
    maps: dict[str, AccountMap]
    records: dict[str, Field]
    words: VoucherWords
    derivations: Mapping[tuple[str, int, str], Derive]
    warnings: tuple[Finding, ...] = ()

    def rule(self, name: str, version: int) -> Rule | None:
        """The version of a rule, or else its newest one, or None."""
        versions = {rule.version: rule for rule in self.rules if rule.name == name}
        return versions.get(version) or (versions[max(versions)] if versions else None)


@dataclass(slots=True)
class _Loading:
    name: str
    files: Mapping[str, str]
    findings: Findings = field(default_factory=Findings)
    heads: list[Fields] = field(default_factory=list)
    charts: list[Fields] = field(default_factory=list)
    maps: list[Fields] = field(default_factory=list)
    rules: list[Fields] = field(default_factory=list)


def load_pack(name: str, files: Mapping[str, str], schemas: Mapping[str, dict[str, Any]]) -> RulePack:
    """Read a pack from its texts (relative path -> text of every .yaml and .csv), typed by the event types' schemas.

    Raises RulesInvalid with every defect as "file:line:column: what: what to do".
    """
    loading = _Loading(name, files)
    _sort_documents(loading)
    reader = Reader(loading.findings)
    charts = {chart.name: chart for chart in (_chart(fields, loading, reader) for fields in loading.charts)}
    head = loading.heads[0] if loading.heads else Fields(Place("pack.yaml", 1, 1), {}, {})
    books = _books(head, reader, charts)
    records = {event: record_of(schema, event) for event, schema in schemas.items()}
    dimensions = frozenset[str]().union(*(chart.dimensions for chart in charts.values()))
    rule_reader = RuleReader(loading.findings, records, books, dimensions, _line_ids(loading.rules))
    rules = tuple(rule for fields in loading.rules if (rule := rule_reader.read(fields)))
    maps = {table.name: table for fields in loading.maps for table in read_maps(fields, reader)}
    warnings = check_rules(rules, maps, {book: charts[chart] for book, chart in books.items()}, loading.findings)
    currency, prior_year = reader.text(head, "currency"), reader.choice(head, "prior_year", PRIOR_YEAR, "hold")
    words = _words(head, reader)
    loading.findings.raise_any()
    derivations = {
        (rule.name, rule.version, book): derivation_of(rule, book, charts[books[book]], maps)
        for rule in rules
        for book in rule.books
    }
    digest = _content_hash(files)
    return RulePack(
        name, digest, currency, prior_year, books, charts, rules, maps, records, words, derivations, warnings
    )


def _content_hash(files: Mapping[str, str]) -> str:
    return hashlib.sha256(canonical_json([[path, files[path]] for path in sorted(files)])).hexdigest()


def _sort_documents(loading: _Loading) -> None:
    kinds = {"pack": loading.heads, "chart": loading.charts, "maps": loading.maps, "rule": loading.rules}
    for file, text in sorted(loading.files.items()):
        if not file.endswith((".yaml", ".yml")):
            continue
        for document in read_documents(file, text, loading.findings):
            kind = next((key for key in kinds if key in document.entries), None)
            if kind is None:
                first = next(iter(document.entries), "")
                loading.findings.add(document.place, f"a document begins with {first}", nearest(first, kinds))
            else:
                kinds[kind].append(document)
    if len(loading.heads) != 1:
        place = loading.heads[1].place if loading.heads else Place("pack.yaml", 1, 1)
        loading.findings.add(place, "a pack has exactly one document with pack:", "write it in pack.yaml")


def _line_ids(rules: Sequence[Fields]) -> dict[str, frozenset[str]]:
    """The line ids of each rule by its name, all versions together, read before any rule is."""
    found: dict[str, set[str]] = defaultdict(set)
    for fields in rules:
        name, lines = fields.entries.get("rule"), fields.entries.get("lines")
        ids = found[name.value] if isinstance(name, Scalar) else set[str]()
        for line in lines.values if isinstance(lines, Items) else ():
            node = line.entries.get("id") if isinstance(line, Fields) else None
            if isinstance(node, Scalar):
                ids.add(node.value)
    return {name: frozenset(ids) for name, ids in found.items()}


def _chart(fields: Fields, loading: _Loading, reader: Reader) -> Chart:
    reader.known(fields, ("chart", "accounts", "roles", "dimensions", "cash_accounts"))
    name, path = reader.text(fields, "chart"), reader.text(fields, "accounts")
    accounts = {}
    if path in loading.files:
        accounts = read_accounts(path, loading.files[path], loading.findings)
    elif path:
        remedy = nearest(path, [file for file in loading.files if file.endswith(".csv")])
        loading.findings.add(fields.entries["accounts"].place, f"file {path} is not in the pack", remedy)
    roles = _codes(reader.mapping(fields.entries.get("roles"), "roles"), accounts, reader)
    extra = {reader.text_of(node, "a dimension") for node in reader.list_of(fields, "dimensions")}
    cash = frozenset(_code(node, "an account", accounts, reader) for node in reader.list_of(fields, "cash_accounts"))
    required = {dim for account in accounts.values() for dim in account.required_dims}
    return Chart(name, accounts, roles, frozenset(required | extra), cash)


def _codes(fields: Fields | None, accounts: Mapping[str, Any], reader: Reader) -> dict[str, str]:
    return {role: _code(node, role, accounts, reader) for role, node in fields.entries.items()} if fields else {}


def _code(node: Node, what: str, accounts: Mapping[str, Any], reader: Reader) -> str:
    code = reader.text_of(node, what)
    if accounts and code and code not in accounts:
        reader.findings.add(node.place, f"account {code} is not in the chart", nearest(code, accounts))
    return code


def _books(head: Fields, reader: Reader, charts: Mapping[str, Chart]) -> dict[str, str]:
    reader.known(head, _PACK)
    listed = reader.mapping(reader.require(head, "books"), "books")
    books = {}
    for name, node in listed.entries.items() if listed else ():
        fields = reader.mapping(node, name)
        chart = reader.text(fields, "chart") if fields else ""
        if chart in charts:
            books[name] = chart
        else:
            reader.findings.add(node.place, f"book {name} has no chart {chart}", nearest(chart, charts))
    return books


def _words(head: Fields, reader: Reader) -> VoucherWords:
    node = head.entries.get("voucher_words")
    fields = reader.mapping(node, "voucher_words")
    if fields is None:
        return VoucherWords()
    reader.known(fields, _WORDS)
    policy = reader.choice(fields, "policy", ("single", "three"), "single")
    chosen = {key: reader.text(fields, key) for key in _WORDS[1:] if isinstance(fields.entries.get(key), Scalar)}
    return VoucherWords(policy, **chosen)
