"""Each role's account on a real RabbitMQ does its own work, and is refused what is not its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from amqp import Message
from amqp.exceptions import AccessRefused, PreconditionFailed
from kombu import Connection

from bus.broker.connection import queue_depths
from bus.broker.topology import declare
from bus.client import BusClient
from bus.config import Settings
from bus.errors import Transient
from tests.acceptance.command import ledgerbus
from tests.brokers import RABBITMQ, load, rabbitmqctl, virtual_host
from tests.waiting import eventually
from workers.app import create_app
from workers.publisher import CeleryPublisher

Urls = dict[str, str]


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """A broker that was set up, and each role's URL on it; the accounts are gone afterwards."""
    folder = tmp_path_factory.mktemp("accounts")
    with virtual_host() as admin:
        host = admin.rsplit("/", 1)[1]
        words = ("--vhost", host, "--prefix", f"{host}.", "--sender", "crm", "--sender", "hr", "--consumer", "erp")
        address = RABBITMQ.rsplit("@", 1)[1]
        made = ledgerbus("broker", "accounts", folder / "made", "--host", address, *words, "--home", folder)
        assert made.code == 0, made.err
        load(folder / "made" / "definitions.json")
        files = (folder / "made").glob("broker_url_*")
        try:
            found = {file.name.removeprefix("broker_url_"): file.read_text().strip() for file in files}
            setup = ledgerbus("broker", "setup", "--json", "--home", folder, broker_url=found["setup"])
            assert "journalize" in setup.result["declared"]
            assert {file.stat().st_mode & 0o77 for file in (folder / "made").iterdir()} == {0}
            with Connection(admin) as connection:
                connection.default_channel.queue_declare("ledger.postings.erp", durable=True, auto_delete=False)
            yield found
        finally:
            for role in ("setup", "dispatcher", "worker", "flower", "sender.crm", "sender.hr", "consumer.erp"):
                rabbitmqctl("delete_user", f"{host}.{role}")


def publisher(url: str, home: Path) -> CeleryPublisher:
    return CeleryPublisher(create_app(Settings(home=home, broker_url=url)))


def refused(url: str, what: Any) -> None:
    """`what` is done on a channel of that account, and refused."""
    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        channel = connection.default_channel
        with pytest.raises((AccessRefused, PreconditionFailed)):
            what(channel)


def test_the_dispatcher_wakes_and_the_worker_works_but_neither_does_the_other(urls: Urls, tmp_path: Path) -> None:
    publisher(urls["dispatcher"], tmp_path).wake("journalize", "ledgerbus.echo", [1], ["BX-1"])
    assert queue_depths(urls["setup"], ["journalize"]) == {"journalize": 1}
    refused(urls["dispatcher"], lambda channel: channel.basic_consume("journalize"))
    with pytest.raises(Transient):
        publisher(urls["worker"], tmp_path).wake("journalize", "ledgerbus.echo", [2], ["BX-2"])
    refused(urls["worker"], lambda channel: channel.queue_delete("journalize"))
    words = (
        "-m",
        "celery",
        "-A",
        "tests.workers.echo:app",
        "worker",
        "-P",
        "solo",
        "--without-mingle",
        "--without-gossip",
        "-Q",
        "journalize",
    )
    environment = {**os.environ, "LEDGERBUS_HOME": str(tmp_path), "LEDGERBUS_BROKER_URL": urls["worker"]}
    worker = subprocess.Popen([sys.executable, *words], env=environment, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: queue_depths(urls["setup"], ["journalize"]) == {"journalize": 0}, 60)
        assert _seen_from(urls["flower"], tmp_path)
    finally:
        worker.terminate()
        worker.wait(30)


def _seen_from(flower: str, home: Path) -> bool:
    answers = create_app(Settings(home=home, broker_url=flower)).control.ping(timeout=5)
    return any("pong" in str(answer) for answer in answers)


def test_flower_looks_on_and_starts_nothing(urls: Urls, tmp_path: Path) -> None:
    with pytest.raises(Transient):
        publisher(urls["flower"], tmp_path).wake("journalize", "ledgerbus.echo", [3], ["BX-3"])
    refused(urls["flower"], lambda channel: channel.queue_purge("oa.events"))


def test_a_sender_sends_in_its_own_name_and_reads_its_own_receipts(urls: Urls, tmp_path: Path) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "crm", "type": "reimbursement.approved", "subject": "BX-1"}
    with BusClient(broker_url=urls["sender.crm"], spool=tmp_path / "spool", sender="crm") as bus:
        bus.publish(event)
        eventually(lambda: queue_depths(urls["setup"], ["oa.events"]) == {"oa.events": 1}, 60)
    refused(urls["sender.crm"], lambda channel: channel.basic_consume("oa.events"))
    refused(urls["sender.hr"], lambda channel: channel.queue_delete("oa.receipts.crm"))
    refused(urls["sender.hr"], _listen_to_another)
    forged = Message("{}", user_id=urls["sender.hr"].split("//")[1].split(":")[0])
    refused(urls["sender.crm"], lambda channel: channel.basic_publish(forged, "oa.events", "oa.events"))


def _listen_to_another(channel: Any) -> None:
    channel.queue_declare("oa.receipts.hr", durable=True, auto_delete=False)
    channel.queue_bind("oa.receipts.hr", "oa.receipts", routing_key="crm")


def test_a_consumer_reads_its_postings_and_confirms_and_nothing_else(urls: Urls) -> None:
    with Connection(urls["consumer.erp"], transport_options={"confirm_publish": True}) as connection:
        channel: Any = connection.default_channel
        channel.basic_consume("ledger.postings.erp")
        channel.basic_publish(Message("{}"), "ledger.confirmations", "ledger.confirmations")
    assert queue_depths(urls["setup"], ["ledger.confirmations"]) == {"ledger.confirmations": 1}
    refused(urls["consumer.erp"], lambda channel: channel.basic_publish(Message("{}"), "oa.events", "oa.events"))
    refused(urls["consumer.erp"], lambda channel: channel.basic_consume("ledger.confirmations"))


def test_a_wake_up_that_no_queue_takes_is_told_to_its_sender(urls: Urls, tmp_path: Path) -> None:
    sender = publisher(urls["dispatcher"], tmp_path)
    with pytest.raises(Transient) as lost:
        sender.wake("deliver.nowhere", "ledgerbus.deliver", [1], ["BX-1"])
    assert lost.value.code == "BROKER_UNROUTABLE"
    declare(urls["setup"], ["deliver.nowhere"])
    sender.wake("deliver.nowhere", "ledgerbus.deliver", [1], ["BX-1"])
    assert queue_depths(urls["setup"], ["deliver.nowhere"]) == {"deliver.nowhere": 1}
