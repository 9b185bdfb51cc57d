"""Registered consumers: which program takes the postings of which targets, and how it proves that it is the one."""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bus.accounting.company import Company, Target
from bus.errors import Permanent
from bus.pipeline.open_channel import Incoming

CHANNEL: Final = "channel"
CONSUMER_HEADER: Final = "ledgerbus-consumer"
SIGNATURE_HEADER: Final = "ledgerbus-signature"
SHORTEST_KEY: Final = 32
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_KNOWN: Final = frozenset({"consumer", "account", "key_file", "confirm_within"})
_CONFIRM_WITHIN: Final = 600

# The text of a consumer's key file, or None where there is none. Asked anew each time: a key may be exchanged.
KeyOf = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Consumer:
    """`account` is its user on RabbitMQ, `key_file` the path of its HMAC key, `confirm_within` seconds."""

    name: str
    account: str
    key_file: str
    confirm_within: int


class Consumers:
    """The consumers of all companies, by (company, target) and by name."""

    def __init__(
        self,
        companies: Mapping[str, Company],
        settings_of: Callable[[Target], Mapping[str, str]],
        keys: str,
        key_of: KeyOf,
    ) -> None:
        """`keys` is the directory of key files that no setting names.

        Raises Permanent CONSUMERS_INVALID for settings that are wrong or describe one consumer in two ways.
        """
        self._key_of = key_of
        self.by_name: dict[str, Consumer] = {}
        self._by_target: dict[tuple[str, str], Consumer] = {}
        for company, target in _channels(companies.values()):
            consumer = _consumer(target, settings_of(target), keys)
            if self.by_name.setdefault(consumer.name, consumer) != consumer:
                raise _invalid(target, f"consumer {consumer.name} has other settings elsewhere")
            self._by_target[company.code, target.name] = consumer

    def of(self, company: str, target: str) -> Consumer | None:
        """Who takes the postings of a company's target; None where that is no channel."""
        return self._by_target.get((company, target))

    def sender(self, message: Incoming) -> Consumer | None:
        """The registered consumer that a message is proven to come from, or None.

        Proof is an account that the broker itself vouches for, or a signature over the body with the consumer's key.
        """
        name = message.headers.get(CONSUMER_HEADER)
        claimed = self.by_name.get(name) if isinstance(name, str) else None
        if message.sender is not None:
            its = [each for each in self.by_name.values() if each.account == message.sender]
            if claimed in its:
                return claimed
            if name is None and len(its) == 1:
                return its[0]
        signature = message.headers.get(SIGNATURE_HEADER)
        if claimed is not None and isinstance(signature, str) and self._signed(claimed, message.body, signature):
            return claimed
        return None

    def _signed(self, consumer: Consumer, body: bytes, signature: str) -> bool:
        key = self._key_of(consumer.key_file)
        return (
            key is not None
            and len(key) >= SHORTEST_KEY
            and hmac.compare_digest(sign(key, body), signature.encode("utf-8", "replace"))
        )


def sign(key: bytes, body: bytes) -> bytes:
    """The signature of a body: "sha256=" and the HMAC-SHA256 in hex."""
    return f"sha256={hmac.new(key, body, sha256).hexdigest()}".encode()


def _channels(companies: Iterable[Company]) -> list[tuple[Company, Target]]:
    return [(company, target) for company in companies for target in company.targets if target.adapter == CHANNEL]


def _consumer(target: Target, settings: Mapping[str, str], keys: str) -> Consumer:
    if unknown := sorted(settings.keys() - _KNOWN):
        raise _invalid(target, f"a channel knows no setting {unknown[0]}")
    name = settings.get("consumer", target.name)
    seconds = settings.get("confirm_within", str(_CONFIRM_WITHIN))
    if not _NAME.fullmatch(name):
        raise _invalid(target, "a consumer's name has small ASCII letters, digits, - and _, 50 at most")
    if not (seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= 86_400):
        raise _invalid(target, "confirm_within is a number of seconds, 1 to 86400")
    return Consumer(name, settings.get("account", name), settings.get("key_file", f"{keys}/{name}"), int(seconds))


def _invalid(target: Target, why: str) -> Permanent:
    return Permanent("CONSUMERS_INVALID", f"target {target.name}: {why}", "companies.yaml")
