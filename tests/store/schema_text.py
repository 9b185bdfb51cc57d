"""A store's schema as SQL text that reads the same on every server."""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, text

_COLUMNS = """
    SELECT c.relname AS name, a.attname AS field, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS needed,
           pg_get_expr(d.adbin, d.adrelid) AS standard, a.attidentity <> '' AS identity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' ORDER BY c.relname, a.attnum"""
_OTHERS = (
    """SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
       ORDER BY conrelid::regclass::text, conname""",
    """SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
       AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname""",
    "SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname",
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text, tgname",
)


def schema_text(engine: Engine) -> str:
    """Tables, constraints, indexes and triggers, one statement after the other."""
    with engine.connect() as connection:
        made = _sqlite(connection) if engine.dialect.name == "sqlite" else _postgresql(connection)
        return "".join(f"{statement.strip()};\n" for statement in made)


def _sqlite(connection: Connection) -> Iterator[str]:
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name"
    for (statement,) in connection.execute(text(query)):
        yield "\n".join(line.rstrip().replace("\t", "  ") for line in statement.splitlines() if line.strip())


def _postgresql(connection: Connection) -> Iterator[str]:
    tables: dict[str, list[str]] = {}
    for row in connection.execute(text(_COLUMNS)):
        said = [row.field, row.type]
        said += ["GENERATED"] if row.identity or "nextval" in (row.standard or "") else []
        said += [f"DEFAULT {row.standard}"] if row.standard and "nextval" not in row.standard else []
        said += ["NOT NULL"] if row.needed else []
        tables.setdefault(row.name, []).append("  " + " ".join(said))
    for name, columns in tables.items():
        yield f"CREATE TABLE {name} (\n" + ",\n".join(columns) + "\n)"
    for query in _OTHERS:
        for (statement,) in connection.execute(text(query)):
            yield str(statement)
