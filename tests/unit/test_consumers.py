"""Who is registered as a consumer, and who is recognised as one."""

from typing import Any

import pytest

from bus.accounting.company import Company, Target
from bus.errors import Permanent
from bus.pipeline.consumers import Consumers, sign
from bus.pipeline.open_channel import Incoming

KEY = b"k" * 32


def company(code: str, *targets: Target) -> Company:
    return Company(code, code, "EUR", "UTC", "pack", "en", (), targets)


def channel(name: str, **settings: str) -> Target:
    return Target(name, "channel", ("GL",), settings)


def consumers(*companies: Company, key: bytes | None = KEY) -> Consumers:
    return Consumers({each.code: each for each in companies}, lambda target: target.settings, "keys", lambda _: key)


def message(body: bytes = b"{}", sender: str | None = None, **headers: Any) -> Incoming:
    named = {f"ledgerbus-{name}": value for name, value in headers.items()}
    return Incoming(1, body, "application/cloudevents+json", "", named, "", "", sender)


def test_a_consumer_may_serve_several_companies_and_other_targets_have_none() -> None:
    known = consumers(company("A", channel("erp")), company("B", channel("erp"), Target("files", "beancount", ())))
    assert known.of("A", "erp") == known.of("B", "erp") == known.by_name["erp"]
    assert known.of("B", "files") is None
    assert (known.by_name["erp"].account, known.by_name["erp"].key_file) == ("erp", "keys/erp")


@pytest.mark.parametrize(
    "targets",
    [
        [channel("Erp")],
        [channel("erp", confirm_within="0")],
        [channel("erp", confirm_within="soon")],
        [channel("erp", directory="/x")],
        [channel("one", consumer="erp", account="a"), channel("two", consumer="erp", account="b")],
    ],
)
def test_settings_that_name_no_consumer_are_refused(targets: list[Target]) -> None:
    with pytest.raises(Permanent) as refused:
        consumers(company("A", *targets))
    assert refused.value.code == "CONSUMERS_INVALID"


def test_a_sender_is_known_by_its_account_or_by_its_signature_alone() -> None:
    known = consumers(company("A", channel("erp"), channel("tax", account="shared"), channel("bi", account="shared")))
    signature = sign(KEY, b"{}").decode()
    recognised = [
        (message(sender="erp"), "erp"),
        (message(sender="erp", consumer="erp"), "erp"),
        (message(sender="shared", consumer="bi"), "bi"),
        (message(consumer="erp", signature=signature), "erp"),
        (message(sender="guest", consumer="erp", signature=signature), "erp"),
        (message(sender="shared"), None),
        (message(sender="erp", consumer="tax"), None),
        (message(sender="guest"), None),
        (message(consumer="erp"), None),
        (message(consumer="nobody", signature=signature), None),
        (message(b"{ }", consumer="erp", signature=signature), None),
        (message(consumer="erp", signature="sha256=é"), None),
        (message(consumer=7, signature=7), None),
    ]
    for each, wanted in recognised:
        found = known.sender(each)
        assert (found.name if found else None) == wanted, each


@pytest.mark.parametrize("key", [None, b"", b"short"])
def test_a_key_that_is_missing_or_short_proves_nothing(key: bytes | None) -> None:
    known = consumers(company("A", channel("erp")), key=key)
    assert known.sender(message(consumer="erp", signature=sign(key or b"", b"{}").decode())) is None
