"""A claim log that this project makes up: names, columns, notation and mapping of its own, figures known beforehand."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

from tests.acceptance.plain import APPROVED, PAID, WITHDRAWN, Step, figures

MAPPING: Final = """\
mapping: invented-claims
company: EU01
inputs:
  steps: {delimiter: semicolon}
  claims: {key: Antrag, matches: Beleg, delimiter: semicolon}
document: {column: Beleg}
id: "{document}/{Schritt}"
time: {column: Zeitpunkt, format: "%d.%m.%Y %H:%M", timezone: Europe/Amsterdam}
activity: {column: Vorgang}
register: {input: claims, document: {column: Antrag}}
events:
  - type: reimbursement.approved
    when: {column: Vorgang, equals: genehmigt}
    data:
      doc_no: {column: Beleg}
      employee: {column: claims.Person}
      accounting_date: {date: {column: Zeitpunkt, format: "%d.%m.%Y %H:%M"}}
      currency: {const: EUR}
      total: &total {number: {column: claims.Betrag, currency: EUR, round: half_up, decimal_mark: ","}}
      rows: [{category: {const: travel}, dept: {column: claims.Stelle}, gross: *total}]
  - type: document.withdrawn
    when: {column: Vorgang, prefix: abgelehnt}
    data:
      doc_no: {column: Beleg}
      reason: {column: Vorgang}
      withdrawn_on: {date: {column: Zeitpunkt, format: "%d.%m.%Y %H:%M"}}
  - type: payment.made
    when: {column: Vorgang, equals: bezahlt}
    data:
      payment_no: {template: "{document}-Z{Schritt}"}
      document_no: {column: Beleg}
      accounting_date: {date: {column: Zeitpunkt, format: "%d.%m.%Y %H:%M"}}
      currency: {const: EUR}
      amount: *total
"""

_KINDS: Final = {"genehmigt": APPROVED, "abgelehnt durch Leitung": WITHDRAWN, "bezahlt": PAID}
_OK, _NO, _PAY, _NOISE = "genehmigt", "abgelehnt durch Leitung", "bezahlt", "eingereicht"
_LIVES: Final = (
    *[(_NOISE, _OK, _PAY)] * 12,
    (_NOISE, _OK),
    (_NOISE, _NO),
    (_NOISE, _OK, _NO),
    (_NOISE, _OK, _NO, _NOISE, _OK, _PAY),
    (_NOISE, _OK, _OK, _PAY),
    (_NOISE, _PAY),
    (_NOISE,),
)


@dataclass(frozen=True, slots=True)
class Log:
    """An import: its mapping, its files in the mapping's order, and what it must end with."""

    name: str
    mapping: Path
    files: tuple[Path, ...]
    expected: dict[str, Any]
    events: int


def write_log(folder: Path, documents: int, seed: int) -> Log:
    """Write a log of so many claims; the same seed writes the same bytes."""
    chance = random.Random(seed)
    claims = {f"RK-{number:05d}": _amount(chance) for number in range(1, documents + 1)}
    rows = list(_interleaved(chance, {claim: list(chance.choice(_LIVES)) for claim in claims}))
    steps = [
        Step(claim, _KINDS[what], claims[claim].quantize(Decimal("0.01"), ROUND_HALF_UP))
        for claim, _, what in rows
        if what in _KINDS
    ]
    began = datetime(2019, 1, 7, 8, 0, tzinfo=UTC)
    numbered = [
        (claim, place, what, f"{began + timedelta(minutes=7 * n):%d.%m.%Y %H:%M}")
        for n, (claim, place, what) in enumerate(rows)
    ]
    people = [(claim, f"Person {n % 37}", f"S{n % 9}", f"{claims[claim]}") for n, claim in enumerate(claims)]
    in_german = [(claim, person, place, amount.replace(".", ",")) for claim, person, place, amount in people]
    folder.mkdir(parents=True, exist_ok=True)
    mapping = folder / "invented.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    files = (
        _table(folder / "steps.csv", ("Beleg", "Schritt", "Vorgang", "Zeitpunkt"), numbered),
        _table(folder / "claims.csv", ("Antrag", "Person", "Stelle", "Betrag"), in_german),
    )
    return Log("invented", mapping, files, figures(documents, steps), len(steps))


def _amount(chance: random.Random) -> Decimal:
    """Now and then nothing, or a half cent, or digits that no currency has."""
    cents = Decimal(chance.randint(100, 90_000)) / 100
    return chance.choice([*[cents] * 8, Decimal(0), Decimal("0.004"), cents + Decimal("0.005"), cents / 7])


def _interleaved(chance: random.Random, lives: dict[str, list[str]]) -> Iterator[tuple[str, int, str]]:
    """The steps of some claims at a time, mixed, each claim's own in order: (claim, its step, what happened)."""
    waiting = list(lives)
    open_now: list[str] = []
    done: dict[str, int] = {}
    while waiting or open_now:
        while waiting and len(open_now) < 20:
            open_now.append(waiting.pop(0))
        claim = chance.choice(open_now)
        done[claim] = done.get(claim, 0) + 1
        yield claim, done[claim], lives[claim].pop(0)
        if not lives[claim]:
            open_now.remove(claim)


def _table(file: Path, header: tuple[str, ...], rows: list[Any]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        written = csv.writer(opened, delimiter=";")
        written.writerow(header)
        written.writerows(rows)
    return file
