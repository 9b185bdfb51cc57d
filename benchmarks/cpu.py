"""CPU seconds by process, as Linux counts them: what a load costs, whoever else uses the machine."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_BACKENDS: Final = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def cpu_seconds(sessions: Mapping[str, int], connection: psycopg.Connection) -> dict[str, float]:
    """User and system seconds so far of every process in each session (name -> session id), and as "store" of the
    database's server processes that are there now; the latter are 0 where PostgreSQL runs on another host.
    """
    backends = {int(row[0]) for row in connection.execute(_BACKENDS)}
    ticks: dict[int, int] = {}
    store = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            values = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has just ended
            continue
        session, own = int(values[3]), sum(map(int, values[11:13]))
        # A process also answers for its children that have ended.
        ticks[session] = ticks.get(session, 0) + own + sum(map(int, values[13:15]))
        if int(stat.parent.name) in backends and "postgres" in _name(stat):
            store += own
    return {**{name: ticks.get(session, 0) / _TICKS for name, session in sessions.items()}, "store": store / _TICKS}


def _name(stat: Path) -> str:
    try:
        return (stat.parent / "comm").read_text()
    except OSError:
        return ""
