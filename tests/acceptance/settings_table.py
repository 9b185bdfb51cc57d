"""The table of environment variables in docs/operating.md: `python -m tests.acceptance.settings_table` writes it."""

from typing import Final

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bus.config import PREFIX, PROJECT, SECRETS, Settings

PAGE: Final = PROJECT / "docs" / "operating.md"
_BEGIN: Final = "<!-- settings -->\n"
_END: Final = "<!-- end of settings -->"

MEANINGS: Final = {
    "home": "where everything is kept",
    "store_url": "`sqlite:///FILE` or `postgresql://…`",
    "broker_url": "`redis://…` or `amqp://…`",
    "allow_unsafe_broker": "take a broker that can lose messages",
    "rules_dir": "what an accountant edits",
    "schemas_dir": "JSON Schemas of events and ledger messages",
    "gateway_host": "where the door listens; beyond loopback it needs keys",
    "gateway_port": "TCP port of the door",
    "gateway_keys_file": "who may use the door",
    "flower_host": "where Flower listens",
    "flower_port": "TCP port of Flower",
    "flower_user": "who logs in to Flower",
    "flower_password": "with what",
    "worker_concurrency": "processes of a worker",
    "batch_size": "events or postings in one batch, at most",
    "linger_ms": "milliseconds that a batch which is not full waits for more while workers are busy",
    "lease_seconds": "how long a worker may hold documents or postings before others take over",
    "gap_minutes": "age at which a missing event of a document becomes `SEQUENCE_GAP`",
    "log_level": "DEBUG, INFO, WARNING or ERROR",
    "log_json": "log lines as JSON",
    "language": "en or zh",
    "run_dir": "where services leave their beats for `ledgerbus health`; a host's own when several share a home",
    "ready_file": "written when a service takes work; set by whoever supervises it",
}
_COMPUTED: Final = {
    "store_url": "`store.db` in the home",
    "broker_url": "an embedded Valkey in the home",
    "rules_dir": "`rules/` of the project",
    "schemas_dir": "`schemas/` of the project",
    "gateway_keys_file": "none: open, on loopback only",
    "flower_password": "made at first start",
    "run_dir": "`run` in the home",
    "language": "after `LC_ALL`, `LC_MESSAGES`, `LANG`",
}


def table() -> str:
    """A line for each setting, in the order of the code. KeyError where a setting has no meaning written down."""
    lines = ["| variable | if unset | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        also = f"; or `{PREFIX}{name.upper()}_FILE` names a file that holds it" if name in SECRETS else ""
        lines.append(f"| `{PREFIX}{name.upper()}` | {_unset(name, field)} | {MEANINGS[name]}{also} |")
    return "\n".join(lines) + "\n"


def render(page: str) -> str:
    """The page with the table put in its place."""
    before, rest = page.split(_BEGIN)
    return before + _BEGIN + table() + _END + rest.split(_END)[1]


def _unset(name: str, field: FieldInfo) -> str:
    if name in _COMPUTED:
        return _COMPUTED[name]
    if field.default is PydanticUndefined:
        raise KeyError(name)
    return (
        ""
        if field.default is None
        else f"`{str(field.default).lower() if field.annotation is bool else field.default}`"
    )


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
