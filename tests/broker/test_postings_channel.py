"""The open channel on both brokers: postings to registered consumers, confirmations from them alone."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bus.bootstrap import Runtime
from bus.cli.app import app
from bus.message import read_json
from bus.schemas import EventSchemas
from tests.brokers import broker_of, rabbitmqctl
from tests.consuming import KEYS, Office, Reader, confirmation, signed
from tests.papers import claim


@pytest.fixture(scope="module", params=["redis", "rabbitmq"])
def broker_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with broker_of(request.param, tmp_path_factory.mktemp("broker")) as url:
        yield url


@pytest.fixture
def office(broker_url: str, store_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path, store_url, broker_url)
    for name in KEYS:
        Reader(broker_url).read(name)
    yield made
    made.runtime.close()


@pytest.fixture
def reader(broker_url: str) -> Reader:
    return Reader(broker_url)


def test_each_registered_consumer_gets_each_posting_as_a_cloudevent_that_keeps_its_schema(
    office: Office, reader: Reader
) -> None:
    office.book("BX-1", "BX-2")
    file = office.runtime.settings.schemas_dir / "ledger" / "posting.v1.json"
    document = read_json(file.read_bytes())
    assert isinstance(document, dict)
    for name in KEYS:
        events = reader.read(name)
        assert [event["subject"] for event in events] == ["BX-1", "BX-2"]
        for event in events:
            assert (event["specversion"], event["type"]) == ("1.0", "ledger.posting.v1")
            assert event["id"] == event["data"]["posting_id"]
            EventSchemas({"ledger.posting.v1": document}).check_data("ledger.posting.v1", event["data"])
            assert sum(float(line["debit"]) for line in event["data"]["lines"]) == 100.0
        assert office.states(name) == ["sent", "sent"]


def test_what_its_consumer_confirms_is_confirmed_and_a_repetition_changes_nothing(
    office: Office, reader: Reader
) -> None:
    office.book("BX-1")
    [event] = reader.read("alpha")
    body = confirmation(event["id"], reference="V-7")
    for _ in range(2):
        reader.say(body, signed("alpha", body))
    office.acknowledge(2)
    assert office.rows("SELECT state, reference FROM posting WHERE target = 'alpha'") == [("confirmed", "V-7")]
    assert office.states("beta") == ["sent"]
    assert office.refused() == []


def test_a_rejected_posting_becomes_an_exception_with_the_consumers_own_words(office: Office, reader: Reader) -> None:
    office.book("BX-1")
    [event] = reader.read("alpha")
    body = confirmation(event["id"], "rejected", code="P-17", message="no such cost centre")
    reader.say(body, signed("alpha", body))
    office.acknowledge(1)
    assert office.states("alpha") == ["rejected"]
    assert office.rows("SELECT code, message FROM exception") == [("TARGET_REJECTED", "P-17: no such cost centre")]


def test_what_nobody_confirms_in_time_is_sent_again_under_the_same_id(office: Office, reader: Reader) -> None:
    office.book("BX-1")
    [first] = reader.read("alpha")
    office.send()
    assert reader.read("alpha") == []
    office.rows("UPDATE posting SET due_at = 0")
    office.send()
    assert reader.read("alpha") == [first]
    body = confirmation(first["id"])
    reader.say(body, signed("alpha", body))
    office.acknowledge(1)
    assert office.states("alpha") == ["confirmed"]


def test_a_late_confirmation_settles_what_was_in_doubt(office: Office, reader: Reader) -> None:
    office.book("BX-1")
    [event] = reader.read("alpha")
    office.rows("UPDATE posting SET due_at = 0, attempts = 12")
    office.send()
    assert office.states("alpha") == ["in_doubt"]
    body = confirmation(event["id"])
    reader.say(body, signed("alpha", body))
    office.acknowledge(1)
    assert office.states("alpha") == ["confirmed"]
    assert office.rows("SELECT e.state FROM exception e JOIN posting p USING (posting_id) WHERE target = 'alpha'") == [
        ("released",)
    ]


def test_forged_confirmations_are_refused_kept_and_change_nothing(office: Office, reader: Reader) -> None:
    office.book("BX-1")
    [event] = reader.read("alpha")
    body = confirmation(event["id"])
    altered = confirmation(event["id"], "rejected")
    unknown = confirmation("0" * 32)
    forged = [
        (body, {}),
        (body + b" ", {"ledgerbus-consumer": "alpha"}),
        (body + b"  ", {"ledgerbus-consumer": "alpha", "ledgerbus-signature": "sha256=" + "0" * 64}),
        (altered, signed("alpha", body)),
        (body + b"   ", signed("alpha", body + b"   ", KEYS["beta"])),
        (body + b"    ", signed("beta", body + b"    ")),
        (unknown, signed("alpha", unknown)),
        (b"{", signed("alpha", b"{")),
    ]
    for message, headers in forged:
        reader.say(message, headers)
    office.acknowledge(len(forged))
    assert office.refused() == [
        *["CONFIRMATION_UNAUTHENTICATED"] * 5, "CONFIRMATION_MALFORMED", *["CONFIRMATION_FOREIGN"] * 2,
    ]  # fmt: skip
    assert office.states("alpha") == office.states("beta") == ["sent"]


def test_a_later_contradiction_is_refused_and_the_first_answer_stands(office: Office, reader: Reader) -> None:
    office.book("BX-1")
    [event] = reader.read("alpha")
    for outcome in ("posted", "rejected"):
        body = confirmation(event["id"], outcome)
        reader.say(body, signed("alpha", body))
        office.acknowledge(1)
    assert office.states("alpha") == ["confirmed"]
    assert office.refused() == ["CONFIRMATION_CONTRADICTS"]


def test_an_account_that_the_broker_vouches_for_needs_no_signature(office: Office, reader: Reader) -> None:
    if not reader.url.startswith("amqp"):
        pytest.skip("Redis vouches for no account")
    host = reader.url.rpartition("/")[2]
    office.book("BX-1")
    [event] = reader.read("alpha")
    for name in KEYS:
        rabbitmqctl("add_user", f"{name}-account", "secret")
        rabbitmqctl("set_permissions", "-p", host, f"{name}-account", "^$", "^ledger\\.confirmations$", "^$")
    try:
        for name in ("beta", "alpha"):
            body = confirmation(event["id"])
            address = reader.url.partition("@")[2]
            reader.say(body, {}, account=f"{name}-account", url=f"amqp://{name}-account:secret@{address}")
            office.acknowledge(1)
            assert office.states("alpha") == (["sent"] if name == "beta" else ["confirmed"])
    finally:
        for name in KEYS:
            rabbitmqctl("delete_user", f"{name}-account")
    assert office.refused() == ["CONFIRMATION_FOREIGN"]


def test_confirmed_postings_are_sent_again_from_a_day_on_and_nothing_changes(office: Office, reader: Reader) -> None:
    office.book("BX-1", "BX-2")
    first = reader.read("alpha")
    for event in first:
        body = confirmation(event["id"])
        reader.say(body, signed("alpha", body))
    office.acknowledge(2)
    before = office.rows("SELECT * FROM posting ORDER BY posting_id")
    told: list[int] = []
    assert office.runtime.resend("alpha", date(2020, 1, 1), None, told.append) == 2
    assert office.runtime.resend("alpha", date(2020, 1, 1), date(2020, 1, 2), told.append) == 0
    again = reader.read("alpha")
    assert told == [2]
    assert sorted(e["id"] for e in again) == sorted(e["id"] for e in first)
    assert all(event["replay"] is True for event in again)
    assert office.rows("SELECT * FROM posting ORDER BY posting_id") == before


def test_whoever_listens_to_an_open_channel_hears_of_every_entry(office: Office, reader: Reader) -> None:
    heard = reader.listen()
    file = office.runtime.settings.rules_dir / "companies.yaml"
    file.write_text(file.read_text().replace("  EU01:\n", "  EU01:\n    open_channel: true\n"))
    open_office = Runtime(office.runtime.settings, office.post)
    open_office.receive([claim("BX-9")])
    open_office.route()
    for wake_up in office.post.fetch():
        open_office.journalize([int(i) for i in wake_up.ids])
    assert [event["subject"] for event in heard()] == ["BX-9"]
    open_office.close()


def test_the_command_sends_again_and_says_how_many(office: Office, reader: Reader) -> None:
    office.book("BX-1", "BX-2")
    reader.read("beta")
    settings = office.runtime.settings
    given = [
        "--store",
        settings.store_url,
        "--broker",
        str(settings.broker_url),
        "--home",
        str(settings.home),
        "--json",
    ]
    resend = ["postings", "resend", "--from", "2020-01-01", "--target"]
    environment = {"LEDGERBUS_RULES_DIR": str(settings.rules_dir)}
    done = CliRunner().invoke(app, [*resend, "beta", *given], env=environment)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == {"target": "beta", "sent": 2}
    assert [event["replay"] for event in reader.read("beta")] == [True, True]
    wrong = CliRunner().invoke(app, [*resend, "nobody", *given], env=environment)
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout.splitlines()[-1])["error"]["code"] == "TARGET_UNKNOWN"
