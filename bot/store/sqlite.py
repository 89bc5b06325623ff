"""Everything that is SQLite's own: the file, the pragmas, transactions, and the inbox's writer."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.store.database import WRITES, Database
from bot.store.delivery import Delivery
from bot.store.errors import StoreError
from bot.store.onetrip import open_connection

SCHEME: Final = "sqlite:///"
BUSY_MILLISECONDS: Final = 10_000
PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
)


def file_of(url: str) -> Path:
    """The database file of `sqlite:///relative.db` or `sqlite:////absolute.db`."""
    path = url.removeprefix(SCHEME)
    if not url.startswith(SCHEME) or not path or path.startswith(":") or "?" in path:
        raise StoreError("the database must be given as sqlite:///path/to/file.db")
    return Path(path)


def named(url: str) -> str:
    """The database as error messages call it."""
    return str(file_of(url))


def is_there(url: str) -> bool:
    return file_of(url).exists()


def make(url: str) -> None:
    create_file(file_of(url))


def create_file(path: Path) -> None:
    """Make the empty file, readable by its owner only: deliveries of private repositories go in."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"the database file {path} cannot be made: {error.strerror}") from error


def prepare_engine(engine: Engine) -> None:
    """Set the pragmas on every connection and let SQLAlchemy's transactions be SQLite's.

    The sqlite3 module begins a transaction only at the first write, so that two reads see two states; it is told
    to keep out of it. A transaction that will write takes the write lock first: one that reads and then
    writes cannot wait for the lock, SQLite answers "database is locked" at once.
    """

    @event.listens_for(engine, "connect")
    def connected(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Past SQLAlchemy, which takes longer over it than SQLite: nothing is locked yet, so nothing can fail.
            connection.connection.cursor().execute("BEGIN")


def open_database(url: str) -> Database:
    """The database behind the reactions. The file must be there already."""
    path = file_of(url)
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", async_creator=partial(open_connection, path))
    prepare_engine(engine.sync_engine)
    # SQLite has one writer at a time. Queueing here is fair and wakes at once; its own busy handler polls.
    turn = asyncio.Lock()
    return Database(engine, insert, lambda: turn)


def migrating_engine(url: str) -> Engine:
    """An engine for one transaction of migrations."""
    engine = create_engine(f"sqlite:///{file_of(url)}", poolclass=NullPool)
    prepare_engine(engine)
    return engine


def take_migration_turn(connection: Connection) -> None:
    """Two migrations at once follow each other: a transaction that writes has the write lock from its begin."""


class SqliteDeliveryWriter:
    """Writes deliveries on a plain connection, all of a batch in one transaction."""

    def __init__(self, url: str) -> None:
        self._path = file_of(url)
        self._connection: sqlite3.Connection | None = None

    def write(self, batch: Sequence[Delivery]) -> list[bool]:
        """Store a batch; for each delivery whether it was new. Durable on return; on an error nothing is stored.

        All rows in one statement that is a transaction by itself: between two statements this thread has to win
        Python's lock from the event loop, which takes milliseconds when that is busy. A GUID that is there already is
        rare and makes the statement fail as a whole; then what is known is looked up first.
        """
        connection = self._connection or self._connect()
        try:
            try:
                _insert(connection, batch)
            except sqlite3.IntegrityError:
                return self._write_unknown(connection, batch)
        except sqlite3.Error:
            # A fresh connection next time: it rolls back, and recovers from a file that was away for a while.
            self.close()
            raise
        return [True] * len(batch)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a file that vanished must not come back empty, with deliveries acknowledged into it.
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        self._connection = connection
        return connection

    @staticmethod
    def _write_unknown(connection: sqlite3.Connection, batch: Sequence[Delivery]) -> list[bool]:
        """The same for a batch in which some are known; the write lock is taken before they are looked up."""
        connection.execute("BEGIN IMMEDIATE")
        known = _known_guids(connection, batch)
        new = []
        for delivery in batch:
            new.append(delivery.guid not in known)
            known.add(delivery.guid)
        unknown = [delivery for delivery, is_new in zip(batch, new, strict=True) if is_new]
        if unknown:
            _insert(connection, unknown)
        connection.execute("COMMIT")
        return new


def _insert(connection: sqlite3.Connection, batch: Sequence[Delivery]) -> None:
    rows = ", ".join(["(?, ?, ?, ?)"] * len(batch))
    connection.execute(
        f"INSERT INTO deliveries (guid, event, body, received_at) VALUES {rows}",  # noqa: S608 - only marks
        [field for delivery in batch for field in _row(delivery)],
    )


def _known_guids(connection: sqlite3.Connection, batch: Sequence[Delivery]) -> set[str]:
    marks = ", ".join("?" * len(batch))
    query = f"SELECT guid FROM deliveries WHERE guid IN ({marks})"  # noqa: S608 - only marks
    return {guid for (guid,) in connection.execute(query, [delivery.guid for delivery in batch])}


def _row(delivery: Delivery) -> tuple[str, str, bytes, str]:
    at = delivery.received_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return delivery.guid, delivery.event, delivery.body, at


def delivery_writer(url: str) -> SqliteDeliveryWriter:
    return SqliteDeliveryWriter(url)
