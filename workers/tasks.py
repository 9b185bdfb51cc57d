"""The tasks: each hands ids to a use case. Running one twice changes nothing."""

from bus.bootstrap import runtime
from workers.app import app


@app.task(name="ledgerbus.journalize")
def journalize(ids: list[int], token: None = None) -> None:  # noqa: ARG001 - every wake-up names one
    """Book the documents of these inbox rows."""
    runtime().journalize(ids)


@app.task(name="ledgerbus.deliver")
def deliver(ids: list[str], token: str) -> None:
    """Deliver these postings, as far as `token` still holds them."""
    runtime().deliver(ids, token)
