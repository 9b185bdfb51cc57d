"""Every channel name, once.

Queues carry ids between our own processes; the two open channels carry whole CloudEvents to and from other programs.
"""

from typing import Final

JOURNALIZE: Final = "journalize"
ENRICH: Final = "enrich"
DELIVER_PREFIX: Final = "deliver."

OA_EVENTS: Final = "oa.events"
OA_RECEIPTS: Final = "oa.receipts"
LEDGER_POSTINGS: Final = "ledger.postings"
LEDGER_CONFIRMATIONS: Final = "ledger.confirmations"


def deliver_queue(target: str) -> str:
    """The Celery queue of one finance target: "beancount" -> "deliver.beancount"."""
    return DELIVER_PREFIX + target


def postings_queue(consumer: str) -> str:
    """The queue (RabbitMQ) or stream (Redis) of a registered consumer: "sap" -> "ledger.postings.sap"."""
    return f"{LEDGER_POSTINGS}.{consumer}"
