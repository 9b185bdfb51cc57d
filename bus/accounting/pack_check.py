"""What must hold between the rules, maps and charts of a pack."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bus.accounting.chart import Chart
from bus.accounting.findings import Finding, Findings, nearest
from bus.accounting.maps import AccountMap
from bus.accounting.rule import LineSpec, MapLookup, Rule


def check_rules(
    rules: Sequence[Rule], maps: Mapping[str, AccountMap], charts: Mapping[str, Chart], findings: Findings
) -> tuple[Finding, ...]:
    """Note every defect between rules, maps and the books' charts; return warnings (gaps between versions)."""
    checking = _Checking(maps, charts, findings)
    for rule in rules:
        checking.rule(rule)
    for (name, book), targets in sorted(_uses(rules).items()):
        if name in maps and targets:
            checking.map_targets(maps[name], book)
    names = {rule.name for rule in rules}
    for rule in rules:
        if rule.requires is not None and rule.requires.rule not in names:
            findings.add(
                rule.place, f"rule {rule.requires.rule} is not in the pack", nearest(rule.requires.rule, names)
            )
    return _check_versions(rules, findings)


def _uses(rules: Sequence[Rule]) -> dict[tuple[str, str], int]:
    uses: dict[tuple[str, str], int] = defaultdict(int)
    for rule in rules:
        for book, lines in rule.lines.items():
            for line in lines:
                if isinstance(line.account, MapLookup):
                    uses[line.account.name, book] += 1
    return uses


@dataclass(frozen=True, slots=True)
class _Checking:
    maps: Mapping[str, AccountMap]
    charts: Mapping[str, Chart]
    findings: Findings

    def rule(self, rule: Rule) -> None:
        for book, lines in rule.lines.items():
            chart = self.charts.get(book)
            for line in lines if chart else ():
                self.line(line, book, chart)

    def line(self, line: LineSpec, book: str, chart: Chart | None) -> None:
        if chart is None:
            return
        for name, _ in line.dims:
            if name not in chart.dimensions:
                remedy = nearest(name, chart.dimensions)
                self.findings.add(line.place, f"dimension {name} is not in the chart of {book}", remedy)
        if isinstance(line.account, str):
            if line.account and chart.code(line.account) is None:
                remedy = nearest(line.account, {*chart.accounts, *chart.roles})
                what = f"account {line.account} is no code or role of the chart of {book}"
                self.findings.add(line.account_place, what, remedy)
            return
        table = self.maps.get(line.account.name)
        if table is None:
            remedy = nearest(line.account.name, self.maps)
            self.findings.add(line.account_place, f"map {line.account.name} is not known", remedy)
            return
        given = {key for key, _ in line.account.keys}
        if given != set(table.keys):
            what = f"map {table.name} has the keys {', '.join(table.keys)}"
            self.findings.add(line.account_place, what, "give exactly these keys")

    def map_targets(self, table: AccountMap, book: str) -> None:
        chart = self.charts.get(book)
        for row in table.rows if chart else ():
            if chart is not None and row.to and chart.code(row.to) is None:
                remedy = nearest(row.to, {*chart.accounts, *chart.roles})
                self.findings.add(row.place, f"account {row.to} is no code or role of the chart of {book}", remedy)


def _check_versions(rules: Sequence[Rule], findings: Findings) -> tuple[Finding, ...]:
    by_name: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_name[rule.name].append(rule)
    warnings = []
    for versions in by_name.values():
        ordered = sorted(versions, key=lambda rule: rule.span.start)
        for earlier, later in pairwise(ordered):
            if earlier.version == later.version:
                remedy = "give each its own version number"
                findings.add(later.place, f"rule {later.name} has version {later.version} twice", remedy)
            if earlier.span.overlaps(later.span):
                what = f"versions {earlier.version} and {later.version} of {later.name} overlap"
                findings.add(later.place, what, f"end version {earlier.version} with until: {later.span.start}")
            elif earlier.span.until != later.span.start:
                what = f"no version of {later.name} from {earlier.span.until} until {later.span.start}"
                warnings.append(Finding(later.place, what, "close the gap, or leave it on purpose"))
    return tuple(warnings)
