"""What people write, read from files: companies, rule packs, routing, event schemas. Read once a process."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from bus.accounting.company import Company, load_companies
from bus.accounting.pack import RulePack, load_pack
from bus.errors import Permanent
from bus.routing import RoutingRules, load_routing

_RULE_FILES: Final = (".yaml", ".csv")


class Rulebook:
    """The files under rules/ and schemas/. Everything raises Permanent FILE_UNREADABLE or RULES_INVALID."""

    def __init__(self, rules: Path, schemas: Path) -> None:
        self._rules = rules
        self._schemas = schemas

    @cached_property
    def companies(self) -> dict[str, Company]:
        """rules/companies.yaml, by company code."""
        file = self._rules / "companies.yaml"
        return load_companies(str(file), _text(file))

    @cached_property
    def event_schemas(self) -> dict[str, dict[str, Any]]:
        """schemas/events/*.json by stem ("reimbursement.approved.v1")."""
        files = sorted((self._schemas / "events").glob("*.json"))
        return {file.stem: json.loads(_text(file)) for file in files}

    @property
    def confirmation_schema(self) -> dict[str, Any]:
        """schemas/ledger/confirmation.v1.json."""
        schema: dict[str, Any] = json.loads(_text(self._schemas / "ledger" / "confirmation.v1.json"))
        return schema

    @cached_property
    def packs(self) -> dict[str, RulePack]:
        """The packs that the companies name."""
        current = {stem.rsplit(".v", 1)[0]: schema for stem, schema in self.event_schemas.items()}
        names = sorted({company.pack for company in self.companies.values()})
        return {name: load_pack(name, self._files(name), current) for name in names}

    def pack_content(self, name: str) -> str:
        """A pack's files as JSON text: relative path -> text."""
        return json.dumps(self._files(name), ensure_ascii=False, sort_keys=True)

    def _files(self, name: str) -> dict[str, str]:
        folder = self._rules / name
        files = sorted(file for file in folder.rglob("*") if file.suffix in _RULE_FILES)
        if not files:
            raise Permanent("RULES_INVALID", f"companies.yaml names a pack without files: {name}", str(folder))
        return {file.relative_to(folder).as_posix(): _text(file) for file in files}

    @cached_property
    def routing(self) -> RoutingRules:
        """rules/routing.yaml."""
        file = self._rules / "routing.yaml"
        return load_routing(str(file), _text(file))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent("FILE_UNREADABLE", f"cannot read {file}: {type(error).__name__}", str(file)) from error
