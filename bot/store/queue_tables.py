"""The queue's own tables in PostgreSQL, in a schema of their own.

Jobs carry nothing but the key of a pull request; whatever is in the queue can be found again in the store's tables.
So the queue needs no migrations: one that was made by another version of procrastinate is thrown away and made anew.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

SCHEMA: Final = "stepwise_queue"


def renew(connection: Connection) -> None:
    """Within a transaction: make the queue's tables, unless they are there as this version needs them."""
    if are_current(connection):
        return
    connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
    connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
    # Straight to the driver: the text has colons and percent signs that are no parameters.
    cursor = connection.connection.cursor()
    cursor.execute(SchemaManager.get_schema())
    cursor.close()
    connection.execute(text(f"COMMENT ON SCHEMA {SCHEMA} IS '{_made_by()}'"))


def are_current(connection: Connection) -> bool:
    """Whether the queue's tables are there and of this version."""
    query = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    return bool(connection.execute(query, {"name": SCHEMA}).scalar_one_or_none() == _made_by())


def _made_by() -> str:
    return f"procrastinate {version('procrastinate')}"
