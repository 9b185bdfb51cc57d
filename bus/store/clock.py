"""The database's own clock as an SQL expression: milliseconds since 1970, UTC.

Leases, delays and ages are compared by this clock alone, so a host with a wrong time cannot steal or lose work.
"""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class now_ms(FunctionElement[int]):  # noqa: N801  an SQL function is written in lower case
    """The statement's time at the database, in milliseconds."""

    type = BigInteger()
    inherit_cache = True
    name = "now_ms"


@compiles(now_ms, "sqlite")
def _sqlite(*_: Any, **__: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(now_ms, "postgresql")
def _postgresql(*_: Any, **__: Any) -> str:
    # stable within a statement, unlike clock_timestamp(), so that an index on the compared column can be used
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)"
