"""Who may offer which events: bearer keys, and what the holder of each is allowed to send and see."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bus.errors import Invalid

ANY: Final = "*"
# Before a key that is given as the SHA-256 of the real one, in hexadecimal.
DIGEST: Final = "sha256:"


@dataclass(frozen=True, slots=True)
class Identity:
    """The holder of a key. An event is allowed when its source, type and company are listed; "*" lists all."""

    name: str
    sources: frozenset[str]
    types: frozenset[str]
    companies: frozenset[str]

    def refusal(self, event: Mapping[str, Any]) -> Invalid | None:
        """Why this holder may not offer the event: FORBIDDEN or EVENT_INVALID with a pointer; None when it may."""
        for attribute, allowed in (("source", self.sources), ("type", self.types), ("company", self.companies)):
            value = event.get(attribute)
            if not isinstance(value, str):
                return Invalid("EVENT_INVALID", "a required field is missing / 缺少必填字段", f"/{attribute}")
            if value not in allowed and ANY not in allowed:
                return Invalid(
                    "FORBIDDEN", f"not allowed for this {attribute} / 无权使用此 {attribute}", f"/{attribute}"
                )
        return None

    def sees(self, company: str) -> bool:
        """Whether documents of the company may be shown to this holder."""
        return company in self.companies or ANY in self.companies


class Keyring:
    """Bearer keys, held as digests. `keys`: key or "sha256:<hex>" -> its holder; None or empty: everyone is let in."""

    def __init__(self, keys: Mapping[str, Identity] | None) -> None:
        self._holders = [(_held(key), identity) for key, identity in (keys or {}).items()]

    def identify(self, authorization: str | None) -> Identity | None:
        """The holder of the key in an Authorization header; None where no keys are configured.

        Raises Invalid UNAUTHENTICATED. Every key is compared, in constant time, whichever matches.
        """
        if not self._holders:
            return None
        scheme, _, key = (authorization or "").partition(" ")
        offered = _digest(key.strip())
        matching = [identity for digest, identity in self._holders if hmac.compare_digest(digest, offered)]
        if scheme.lower() != "bearer" or not matching:
            raise Invalid("UNAUTHENTICATED", "no valid bearer key / 缺少有效的密钥")
        return matching[0]


def _held(key: str) -> bytes:
    return bytes.fromhex(key.removeprefix(DIGEST)) if key.startswith(DIGEST) else _digest(key)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
