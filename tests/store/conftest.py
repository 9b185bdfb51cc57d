"""The stores of these tests."""

from tests.stores import (  # noqa: F401 - fixtures are found by name
    plain_logs,
    postgres_session_url,
    postgres_store,
    sqlite_store,
    sqlite_template,
    store,
)
