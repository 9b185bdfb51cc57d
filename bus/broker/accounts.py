"""RabbitMQ accounts, one a role, each with the rights of its work and no other; as definitions that a broker loads.

A right is a regular expression over names: `configure` to declare or delete, `write` to publish or bind, `read` to
consume or bind from. The gateway has no account: it never speaks to the broker.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bus.channels import LEDGER_CONFIRMATIONS, LEDGER_POSTINGS, OA_EVENTS, OA_RECEIPTS

# What Celery's remote control and its events need; Flower looks through them.
_EVENTS: Final = "celeryev"
_CONTROL: Final = ("celery.pidbox", "reply.celery.pidbox")
_MAILBOXES: Final = r".+@.+\.celery\.pidbox"
_REPLIES: Final = r"[0-9a-f-]+\.reply\.celery\.pidbox"
_LISTENERS: Final = r"celeryev\..+"
_DEFAULT_EXCHANGE: Final = "amq.default"
_SPOOL: Final = r"(\.[0-9a-f]+)?"
_NOTHING: Final = "^$"


@dataclass(frozen=True, slots=True)
class Account:
    """A role's rights. `receipts` is the sender whose receipts it may read."""

    role: str
    configure: str
    write: str
    read: str
    receipts: str | None = None


def accounts(queues: Sequence[str], senders: Iterable[str] = (), consumers: Iterable[str] = ()) -> list[Account]:
    """The accounts of a bus whose workers take from `queues`; `senders` and `consumers` are programs on the channels.

    A sender's role is "sender.<its name>", a consumer's "consumer.<its name>".
    """
    control = [re.escape(name) for name in (_EVENTS, *_CONTROL)]
    inbound = [re.escape(name) for name in (OA_EVENTS, LEDGER_CONFIRMATIONS)]
    postings = re.escape(LEDGER_POSTINGS)
    own = [re.escape(name) for name in queues]
    return [
        Account("setup", ".*", ".*", ".*"),
        Account(
            "dispatcher",
            _any(_EVENTS, re.escape(OA_RECEIPTS)),
            _any(re.escape(_DEFAULT_EXCHANGE), _EVENTS, re.escape(OA_RECEIPTS), postings),
            _any(*inbound),
        ),
        Account(
            "worker",
            _any(*control, _MAILBOXES),
            _any(*control, _MAILBOXES, postings),
            _any(*own, *control, _MAILBOXES),
        ),
        Account(
            "flower",
            _any(*control, _REPLIES, _LISTENERS),
            _any(*control, _REPLIES, _LISTENERS),
            _any(*own, *control, _REPLIES, _LISTENERS),
        ),
        *(_sender(name) for name in senders),
        *(
            Account(
                f"consumer.{name}", _NOTHING, _any(re.escape(LEDGER_CONFIRMATIONS)), _any(f"{postings}\\.{_q(name)}")
            )
            for name in consumers
        ),
    ]


def definitions(host: str, prefix: str, every: Iterable[Account], passwords: Mapping[str, str]) -> dict[str, Any]:
    """What RabbitMQ loads: the virtual host, a user a role named prefix + role, its rights. Passwords go in salted."""
    listed = list(every)
    return {
        "vhosts": [{"name": host}],
        "users": [
            {
                "name": prefix + one.role,
                "password_hash": _salted(passwords[one.role]),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for one in listed
        ],
        "permissions": [
            {
                "user": prefix + one.role,
                "vhost": host,
                "configure": one.configure,
                "write": one.write,
                "read": one.read,
            }
            for one in listed
        ],
        "topic_permissions": [
            {
                "user": prefix + one.role,
                "vhost": host,
                "exchange": OA_RECEIPTS,
                "write": _NOTHING,
                "read": f"^{_q(one.receipts)}{_SPOOL}$",
            }
            for one in listed
            if one.receipts is not None
        ],
    }


def _sender(name: str) -> Account:
    # Each spool of a sender has an address of its own: the sender's name, then a few hexadecimal digits.
    queue = f"{re.escape(OA_RECEIPTS)}\\.{_q(name)}{_SPOOL}"
    events, receipts = re.escape(OA_EVENTS), re.escape(OA_RECEIPTS)
    # To look whether the channel is there is to declare it passively, which any account may.
    return Account(f"sender.{name}", _any(queue), _any(events, queue), _any(receipts, queue), name)


def _any(*names: str) -> str:
    return f"^({'|'.join(names)})$"


def _q(name: str) -> str:
    return re.escape(name)


def _salted(password: str) -> str:
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
