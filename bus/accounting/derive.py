"""From a rule and a document to the lines of one book."""

from datetime import date
from typing import Any

from rule_engine.errors import EngineError

from bus.accounting.chart import Chart
from bus.accounting.derivation_code import Derive
from bus.accounting.journal import JournalLine
from bus.accounting.minor import MinorUnit
from bus.accounting.outcome import Held
from bus.accounting.rule import Rule
from bus.accounting.settle import settle


def derive(
    generated: Derive, env: dict[str, Any], day: date, unit: MinorUnit, *, rule: Rule, book: str, chart: Chart
) -> tuple[JournalLine, ...]:
    """The balanced, checked and merged lines. Raises Held with a code when there are none to be had.

    `env` holds the values of the names that expressions use; those of let: are added to it.
    """
    try:
        lines, remainder = generated(env, day, unit)
        return settle(lines, remainder, env, unit, rule=rule, chart=chart, book=book)
    except (EngineError, ArithmeticError) as error:
        raise Held(
            "EXPRESSION_FAILED",
            f"rule {rule.name}@{rule.version}: {getattr(error, 'message', '') or type(error).__name__}",
            detail={"rule": rule.name, "version": rule.version, "book": book},
            cause=f"{rule.name}@{rule.version}",
        ) from error
