"""Waiting for the bus to come to rest, visibly."""

import time

from bus.bootstrap import Runtime
from bus.cli.console import Terminal, is_interactive
from bus.pipeline.rest import Rest, Unfinished

_LINE_EVERY_SECONDS = 5.0


def wait_for_rest(runtime: Runtime, terminal: Terminal, within_seconds: int) -> None:
    """Return at rest, showing what is left meanwhile. Raises Permanent NOT_AT_REST."""
    names = {
        "events_accepted": terminal.pick("events to book", "待记账事件"),
        "documents_leased": terminal.pick("documents in work", "处理中单据"),
        "events_fillable": terminal.pick("events to fill in", "待补位事件"),
        "postings_unsettled": terminal.pick("postings to confirm", "待确认凭证"),
        "copies_pending": terminal.pick("copies to publish", "待发布副本"),
    }
    waiting = terminal.pick("waiting for the bus to come to rest", "等待总线处理完毕")
    said_at = 0.0
    with terminal.err.status(waiting) as status:

        def tell(left: Unfinished) -> None:
            nonlocal said_at
            said = ", ".join(f"{names.get(name, name)} {count}" for name, count in left.items())
            status.update(f"{waiting}: {said}")
            if not is_interactive() and left and time.monotonic() - said_at > _LINE_EVERY_SECONDS:
                said_at = time.monotonic()
                terminal.err.print(f"{waiting}: {said}", markup=False)

        Rest(runtime.store)(within_seconds, tell)
