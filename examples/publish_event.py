"""Publish one event to the bus: python examples/publish_event.py amqp://… or redis://… SPOOL-DIRECTORY [EVENT.json]"""

import json
import sys
from pathlib import Path

from bus.client import BusClient

url, spool, *more = sys.argv[1:]
event = json.loads(Path(more[0] if more else "schemas/examples/reimbursement.approved.zh.json").read_text("utf-8"))
with BusClient(broker_url=url, spool=spool, sender="oa.example", on_receipt=lambda _, receipt: print(receipt)) as bus:
    bus.publish(event)
    taken = bus.flush(timeout=30) and not bus.refused()
sys.exit(0 if taken else 1)
