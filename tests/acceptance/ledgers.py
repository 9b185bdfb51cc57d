"""The ledgers as their own programs read them: Beancount and hledger, each account's balance by the product's code."""

import csv
import io
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from tests.conftest import missing

Balances = dict[str, Decimal]


def bean_check(main: Path) -> subprocess.CompletedProcess[str]:
    """The real bean-check over a book."""
    program = Path(sys.executable).with_name("bean-check")
    if not program.exists():
        missing("bean-check is not installed beside this Python")
    return _run(str(program), "--no-cache", str(main))


def beancount_balances(main: Path) -> Balances:
    """Balances as Beancount adds them up; the code of an account is what its open directive says."""
    from beancount import loader
    from beancount.core.data import Open, Transaction

    entries, errors, _ = loader.load_file(str(main))
    assert errors == []
    codes = {entry.account: entry.meta["code"] for entry in entries if isinstance(entry, Open)}
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if isinstance(entry, Transaction):
            for part in entry.postings:
                found[codes[part.account]] += part.units.number
    return {code: amount for code, amount in found.items() if amount}


def hledger(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The real hledger."""
    program = shutil.which("hledger")
    if program is None:
        missing("hledger is not installed")
    return _run(program, *arguments)


def hledger_balances(journal: Path) -> Balances:
    """Balances as hledger adds them up; the code of an account is the first word of its last part."""
    told = hledger("-f", str(journal), "balance", "--flat", "--no-total", "-O", "csv")
    assert told.returncode == 0, told.stderr
    shown = list(csv.reader(io.StringIO(told.stdout)))[1:]
    return {name.rsplit(":", 1)[1].split(" ")[0]: Decimal(amount.split(" ")[0]) for name, amount in shown}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=environment)
