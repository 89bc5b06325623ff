"""Everything that is PostgreSQL's own: the address, transactions, and the inbox's writer.

The address is given to libpq as it is, so that everything it knows (several hosts, TLS, a service file) works.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.store.database import Database
from bot.store.delivery import Delivery
from bot.store.errors import StoreError

SCHEMES: Final = ("postgresql://", "postgres://")
POOL_SIZE: Final = 10
POOL_OVERFLOW: Final = 10
CONNECT_SECONDS: Final = 10
# A peer that is gone without a word is noticed by both sides within half a minute, not after two hours.
KEEPALIVE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_STORE: Final = """
INSERT INTO deliveries (guid, event, body, received_at)
SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::timestamptz[])
ON CONFLICT (guid) DO NOTHING RETURNING guid
"""
# A database that is told not to wait for its disk would make the acknowledgement a promise that nobody keeps.
_WAIT_FOR_THE_DISK: Final = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


def is_postgres(url: str) -> bool:
    return url.startswith(SCHEMES)


def connection_values(url: str) -> dict[str, object]:
    """What a driver needs to connect. Raises StoreError, without the address, when libpq cannot read it."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise StoreError("the database's address cannot be read, it must be postgresql://user@host/name") from None
    return {"connect_timeout": CONNECT_SECONDS, "application_name": "stepwise", **KEEPALIVE, **given}


def named(url: str) -> str:
    """The database as error messages call it: never with its password."""
    given = conninfo_to_dict(url)
    return f"{given.get('dbname') or given.get('user') or 'postgres'} on {given.get('host') or 'this machine'}"


def is_there(url: str) -> bool:  # noqa: ARG001 - whether it is shows when connecting
    return True


def make(url: str) -> None:
    """Databases of a server are made by its administrator."""


def open_database(url: str) -> Database:
    """The database behind the reactions."""
    values = connection_values(url)

    async def connect() -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect("", **values)  # type: ignore[arg-type]

    engine = create_async_engine(
        "postgresql+psycopg://", async_creator=connect, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW
    )
    event.listen(engine.sync_engine, "checkout", _refuse_dead)
    return Database(
        engine,
        insert,
        # Begin and end of a transaction would be two more trips for each statement that reads.
        read_options={"isolation_level": "AUTOCOMMIT"},
        snapshot_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    )


def _refuse_dead(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    """A restart of the server leaves dead connections in the pool, which then makes others.

    The server says nothing unasked to a connection that nobody uses, but that it has ended: there is nothing to ask.
    """
    connection: psycopg.AsyncConnection = dbapi_connection.driver_connection
    if connection.closed:
        raise DisconnectionError
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if waiting.poll(0):
        raise DisconnectionError


def migrating_engine(url: str) -> Engine:
    """An engine for one transaction of migrations."""
    values = connection_values(url)
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect("", **values),  # type: ignore[arg-type]
        poolclass=NullPool,
    )


def take_migration_turn(connection: Connection) -> None:
    """Two migrations at once follow each other."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('stepwise migrations'))"))


class PostgresDeliveryWriter:
    """Writes deliveries on a plain connection, all of a batch in one statement."""

    def __init__(self, url: str) -> None:
        self._values = connection_values(url)
        self._connection: psycopg.Connection | None = None

    def write(self, batch: Sequence[Delivery]) -> list[bool]:
        """Store a batch; for each delivery whether it was new. Durable on return; on an error nothing is stored."""
        connection = self._connection or self._connect()
        try:
            rows = connection.execute(
                _STORE,
                [
                    [delivery.guid for delivery in batch],
                    [delivery.event for delivery in batch],
                    [delivery.body for delivery in batch],
                    [delivery.received_at for delivery in batch],
                ],
            ).fetchall()
        except psycopg.Error:
            # A fresh connection next time: this one may be dead, or in a state that nobody knows.
            self.close()
            raise
        new = {guid for (guid,) in rows}
        outcome = []
        for delivery in batch:
            outcome.append(delivery.guid in new)
            new.discard(delivery.guid)
        return outcome

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection:
        connection = psycopg.connect("", autocommit=True, **self._values)  # type: ignore[arg-type]
        connection.execute(_WAIT_FOR_THE_DISK)
        self._connection = connection
        return connection


def delivery_writer(url: str) -> PostgresDeliveryWriter:
    return PostgresDeliveryWriter(url)
