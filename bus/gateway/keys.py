"""The file of keys: who may offer which events at the door. YAML, and so JSON too."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from bus.errors import Permanent
from bus.gateway.identity import DIGEST, Identity

_LISTS: Final = ("sources", "types", "companies")
_FIELDS: Final = frozenset({"name", "key", "sha256", *_LISTS})
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
# Whoever guesses keys has the network's time, not ours.
_SHORTEST_KEY: Final = 16


def read_keys(file: Path) -> dict[str, Identity]:
    """Key (or "sha256:<hex>" of one) -> its holder, from a list of entries, or of one under the name `keys`.

    An entry has `name`, either `key` (16 characters or more) or `sha256` (hexadecimal), and the lists `sources`,
    `types` and `companies` ("*" is all). Raises Permanent GATEWAY_KEYS_INVALID with the entry's place, never its key.
    """
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _invalid(file, f"cannot be read: {type(error).__name__}") from error
    entries = found.get("keys") if isinstance(found, dict) else found
    if not isinstance(entries, list) or not entries:
        raise _invalid(file, "must be a list of keys, with at least one")
    keys: dict[str, Identity] = {}
    for place, entry in enumerate(entries):
        key, identity = _entry(file, place, entry)
        if key in keys:
            raise _invalid(file, f"entry {place} has the key of another")
        keys[key] = identity
    return keys


def _entry(file: Path, place: int, entry: Any) -> tuple[str, Identity]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or set(entry) - _FIELDS:
        raise _invalid(file, f"entry {place} must have name, key or sha256, {', '.join(_LISTS)} and nothing else")
    lists = [entry.get(name) for name in _LISTS]
    if not all(isinstance(each, list) and each and all(isinstance(text, str) for text in each) for each in lists):
        raise _invalid(file, f"entry {place} must list {', '.join(_LISTS)}")
    sources, types, companies = (frozenset(each or ()) for each in lists)
    return _key(file, place, entry), Identity(entry["name"], sources, types, companies)


def _key(file: Path, place: int, entry: dict[str, Any]) -> str:
    key, digest = entry.get("key"), entry.get("sha256")
    if key is None and isinstance(digest, str) and _DIGEST.match(digest):
        return DIGEST + digest
    if digest is None and isinstance(key, str) and len(key) >= _SHORTEST_KEY and not key.startswith(DIGEST):
        return key
    raise _invalid(file, f"entry {place} must have a key of {_SHORTEST_KEY} characters or more, or its sha256 in hex")


def _invalid(file: Path, what: str) -> Permanent:
    return Permanent("GATEWAY_KEYS_INVALID", f"{file.name} {what}", str(file))
