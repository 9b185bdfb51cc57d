"""The check of an event against the published JSON Schemas, with validators built once a process."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

_SCHEMAS: Final = Path(__file__).parents[2] / "schemas" / "events"


@cache
def _validator(stem: str) -> Draft202012Validator:
    schema = json.loads((_SCHEMAS / f"{stem}.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker(["date"]))


def check(event: dict[str, Any]) -> None:
    """Raises jsonschema's ValidationError for an event or data that its schema refuses."""
    for stem, instance in (("envelope.v1", event), (f"{event.get('type')}.v1", event.get("data"))):
        # The first error is enough to refuse; `validate` would look for the best one among all of them.
        error: ValidationError | None = next(_validator(stem).iter_errors(instance), None)
        if error is not None:
            raise error
