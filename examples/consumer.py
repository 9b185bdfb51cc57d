"""A finance consumer: applies each posting once in effect, keeps what it applied in a file, confirms it.

`python consumer.py BROKER_URL NAME FILE [KEY_FILE]`; needs kombu (RabbitMQ) or redis. Ends with Ctrl-C only.
"""

import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

URL, NAME, FILE, KEY_FILE = (*sys.argv[1:], "")[:4]
TYPE = "application/cloudevents+json"
kept = Path(FILE).open("ab+")  # noqa: SIM115 - open as long as the program runs
kept.seek(0)
whole = kept.read().rpartition(b"\n")[0]  # a line that a crash cut off was never confirmed
kept.truncate(len(whole) + 1 if whole else 0)
applied = {line.split()[0] for line in whole.decode().splitlines()}


def apply(bodies):
    """Book what is new, on disk before anything is confirmed; the confirmations as (body, headers)."""
    new = {}
    for posting in (json.loads(body)["data"] for body in bodies):
        new.setdefault(posting["posting_id"], posting)
    outcomes = {i: "already_posted" if i in applied else "posted" for i in new}
    kept.writelines(f"{i} {p['number']}\n".encode() for i, p in new.items() if i not in applied)
    kept.flush()
    os.fsync(kept.fileno())
    applied.update(new)
    return [signed({"posting_id": i, "outcome": outcomes[i], "reference": i[:8]}) for i in new]


def signed(data):
    event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": f"urn:consumer:{NAME}"}
    body = json.dumps({**event, "type": "ledger.confirmation.v1", "data": data}).encode()
    headers = {"ledgerbus-consumer": NAME}
    if KEY_FILE:
        key = Path(KEY_FILE).read_bytes().strip()
        headers["ledgerbus-signature"] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    return body, headers


def rabbitmq():
    import kombu

    arrived, user = [], urlsplit(URL).username
    with kombu.Connection(URL, heartbeat=20, transport_options={"confirm_publish": True}) as connection:
        channel = connection.default_channel
        channel.auto_decode = False
        channel.basic_qos(0, 200, a_global=False)
        channel.basic_consume(f"ledger.postings.{NAME}", callback=arrived.append)
        while True:
            try:
                connection.drain_events(timeout=5)
            except TimeoutError:
                connection.heartbeat_check()
            batch, arrived[:] = arrived[:], []
            for body, headers in apply([message.body for message in batch]) if batch else ():
                said = {"user_id": user, "delivery_mode": 2}
                message = channel.prepare_message(body, None, TYPE, None, headers, said)
                channel.basic_publish(message, "ledger.confirmations", "ledger.confirmations", mandatory=True)
            if batch:
                channel.basic_ack(batch[-1].delivery_tag, multiple=True)


def redis_stream():
    import redis

    client, stream, after = redis.Redis.from_url(URL, protocol=2, socket_timeout=10), f"ledger.postings.{NAME}", "0"
    while True:  # first what an earlier run had taken and not confirmed, then what is new
        found = client.xreadgroup(NAME, "1", {stream: after}, count=200, block=2000)
        entries = found[0][1] if found else []
        if not entries:
            after = ">"
            continue
        with client.pipeline(transaction=True) as confirm:
            for body, headers in apply([fields[b"body"] for _, fields in entries]):
                confirm.xadd("ledger.confirmations", {"body": body, "content_type": TYPE, **headers})
            confirm.xack(stream, NAME, *[entry for entry, _ in entries])
            confirm.xdel(stream, *[entry for entry, _ in entries])
            confirm.execute()


while True:
    try:
        rabbitmq() if URL.startswith("amqp") else redis_stream()
    except Exception as error:  # noqa: BLE001 - the broker is away: try again until it is back
        print(f"waiting: {type(error).__name__}", file=sys.stderr, flush=True)
        time.sleep(1)
