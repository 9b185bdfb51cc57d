"""Routing: which queue works on an event, which channels get a copy. Content-based, pure.

Every rule that matches adds its destinations; one queue may work on an event. No match is NO_ROUTE, never a drop.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import yaml

from bus.errors import Invalid

_NAME: Final = re.compile(r"^[a-z][a-z0-9._-]{0,98}$")
_RULE_KEYS: Final = {"rule", "when", "queue", "publish", "tap"}
_WHEN_KEYS: Final = {"type", "company", "source", "data"}
_MISSING: Final = object()


class Routable(Protocol):
    """What routing asks of an event; `data` only where a rule has a condition on it."""

    @property
    def type(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def data(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Route:
    """Where an event goes: `queue` works on it, `publish` and `tap` are channels that get a copy."""

    queue: str | None
    publish: tuple[str, ...]
    tap: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A rule: all conditions must hold. Texts end in * for a prefix; `data` maps a dotted path to wanted texts."""

    name: str
    types: tuple[str, ...]
    companies: tuple[str, ...]
    sources: tuple[str, ...]
    data: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    queue: str | None
    publish: tuple[str, ...]
    tap: tuple[str, ...]

    def matches(self, event: Routable) -> bool:
        """Whether every condition holds for this event."""
        return (
            _any(self.types, event.type)
            and _any(self.companies, event.company)
            and _any(self.sources, event.source)
            and all(_any(wanted, _value(event.data, path)) for path, wanted in self.data)
        )


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """All routing rules, in file order."""

    rules: tuple[RoutingRule, ...]

    def route(self, event: Routable) -> Route | None:
        """The destinations of an event; None when no rule matches. Two queues raise Invalid ROUTE_CONFLICT."""
        matching = [rule for rule in self.rules if rule.matches(event)]
        if not matching:
            return None
        queues = {rule.queue for rule in matching if rule.queue}
        if len(queues) > 1:
            names = ", ".join(rule.name for rule in matching if rule.queue)
            raise Invalid("ROUTE_CONFLICT", f"rules {names} name different queues", event.type)
        channels = [tuple(dict.fromkeys(c for r in matching for c in getattr(r, kind))) for kind in ("publish", "tap")]
        return Route(queues.pop() if queues else None, *channels)

    @property
    def queues(self) -> tuple[str, ...]:
        """Every queue a rule names, for the workers to listen on."""
        return tuple(sorted({rule.queue for rule in self.rules if rule.queue}))


def load_routing(file: str, text: str) -> RoutingRules:
    """Routing rules from YAML text; a defect raises Invalid ROUTING_INVALID with file and line."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _defect(file, mark, str(getattr(error, "problem", error))) from error
    if not isinstance(root, yaml.MappingNode) or [key.value for key, _ in root.value] != ["routes"]:
        raise _defect(file, root.start_mark if root else None, "expected one key: routes, a list of rules")
    listed = root.value[0][1]
    if not isinstance(listed, yaml.SequenceNode):
        raise _defect(file, listed.start_mark, "routes is a list of rules")
    rules = tuple(_rule(file, node) for node in listed.value)
    if len({rule.name for rule in rules}) != len(rules):
        raise _defect(file, listed.start_mark, "two rules have the same name")
    return RoutingRules(rules)


def _rule(file: str, node: yaml.Node) -> RoutingRule:
    fields = _fields(file, node, _RULE_KEYS)
    when = _fields(file, fields["when"], _WHEN_KEYS) if "when" in fields else {}
    data = _fields(file, when["data"], None) if "data" in when else {}
    if "rule" not in fields or not {"queue", "publish", "tap"} & set(fields):
        raise _defect(file, node.start_mark, "a rule needs a name (rule) and a destination (queue, publish or tap)")
    queues = _texts(file, fields, "queue")
    if len(queues) > 1:
        raise _defect(file, fields["queue"].start_mark, "one queue works on an event; publish and tap give copies")
    for name in (*queues, *_texts(file, fields, "publish"), *_texts(file, fields, "tap")):
        if not _NAME.match(name):
            raise _defect(file, node.start_mark, f"{name!r} is no channel name: small letters, digits, dots, dashes")
    return RoutingRule(
        name=_texts(file, fields, "rule")[0],
        types=_texts(file, when, "type"),
        companies=_texts(file, when, "company"),
        sources=_texts(file, when, "source"),
        data=tuple((tuple(path.split(".")), _texts(file, data, path)) for path in data),
        queue=queues[0] if queues else None,
        publish=_texts(file, fields, "publish"),
        tap=_texts(file, fields, "tap"),
    )


def _fields(file: str, node: yaml.Node, known: set[str] | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise _defect(file, node.start_mark, "expected names with values")
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.value in fields or (known is not None and key.value not in known):
            allowed = ", ".join(sorted(known or ()))
            raise _defect(file, key.start_mark, f"{key.value!r} is unknown here or given twice; known: {allowed}")
        fields[key.value] = value
    return fields


def _texts(file: str, fields: Mapping[str, yaml.Node], name: str) -> tuple[str, ...]:
    node = fields.get(name)
    if node is None:
        return ()
    items: Sequence[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not items or not all(isinstance(item, yaml.ScalarNode) for item in items):
        raise _defect(file, node.start_mark, f"{name} is a text or a list of texts")
    return tuple(str(item.value) for item in items)


def _any(wanted: tuple[str, ...], value: object) -> bool:
    """No wanted texts: anything goes. Otherwise the value is one of them, or begins with one that ends in *."""
    if not wanted:
        return True
    if value is _MISSING:
        return False
    said = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return any(said.startswith(w[:-1]) if w.endswith("*") else said == w for w in wanted)


def _value(data: Mapping[str, Any], path: tuple[str, ...]) -> object:
    found: Any = data
    for step in path:
        if not isinstance(found, dict) or step not in found:
            return _MISSING
        found = found[step]
    return found


def _defect(file: str, mark: Any, what: str) -> Invalid:
    where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
    return Invalid("ROUTING_INVALID", what, where)
