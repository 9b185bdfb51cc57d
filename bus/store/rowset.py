"""Many rows as one bound parameter, readable as a table: what makes every batch write one statement, whatever its size.

The rows travel as one JSON text. SQLite reads it with json_each, PostgreSQL with json_to_recordset.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import psycopg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

Columns = Mapping[str, TypeEngine[Any]]

_INTEGERS: Final = (Integer, BigInteger)


def rowset(dialect: str, name: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> FromClause:
    """A table `name` with these columns, one row a sequence in column order.

    Values are text, integers or None; JSON columns are given as text.
    """
    packed = orjson.dumps([list(row) for row in rows] if dialect == "sqlite" else _objects(columns, rows)).decode()
    parameter = bindparam(f"{name}_rows", packed, type_=Text(), unique=True)
    if dialect == "sqlite":
        each = func.json_each(parameter).table_valued("value", name=f"{name}_each")
        fields = [
            func.json_extract(each.c.value, f"$[{place}]", type_=kind).label(field)
            for place, (field, kind) in enumerate(columns.items())
        ]
        return select(*fields).subquery(name)
    typed = [column(f"c{place}", _postgres_type(kind)) for place, kind in enumerate(columns.values())]
    records = func.json_to_recordset(cast(parameter, _Json())).table_valued(*typed, name=f"{name}_records")
    derived = records.render_derived(with_types=True)
    return select(*[derived.c[f"c{place}"].label(field) for place, field in enumerate(columns)]).subquery(name)


def _objects(columns: Columns, rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    keys = [f"c{place}" for place in range(len(columns))]
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _postgres_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return BigInteger() if isinstance(kind, _INTEGERS) else String()


def insert_into(dialect: str, table: Table) -> Any:
    """An INSERT of this dialect, which knows ON CONFLICT DO NOTHING."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def append_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows that are known to be new, as one statement: COPY on PostgreSQL, a prepared INSERT on SQLite."""
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own tables
        connection.exec_driver_sql(insert, [tuple(row) for row in rows])
        return
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.name} ({names}) FROM STDIN"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:  # past SQLAlchemy, so it is put into SQLAlchemy's words here
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, connection_invalidated=driver.closed, dialect=connection.dialect
        ) from error


def checked(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that is checked on rows found by their key: the planner chooses no index by it.

    A queue's index looks small to a planner whose statistics are older than the queue, and it would read all of it.
    """
    return case((condition, 1), else_=0) == 1


class _Json(Text):
    """Renders as the PostgreSQL type json: text is parsed once, when the rows are read."""

    __visit_name__ = "JSON"
