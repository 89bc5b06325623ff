"""A connection to SQLite whose statements take one trip to its thread each.

aiosqlite sends every call on a cursor to the connection's thread and waits for it: making it, executing, fetching,
closing. SQLAlchemy does all four for each statement and takes every row anyway, so here one trip does them all. What
touches no file, the beginning and the end of a transaction that only reads, needs no trip. Measured: half the CPU of a
read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiosqlite


def open_connection(path: Path) -> OneTrip:
    """A connection, made when it is awaited."""
    # Its thread and the event loop's take turns.
    connection = OneTrip(partial(sqlite3.connect, path, check_same_thread=False), iter_chunk_size=64)
    # As SQLAlchemy does with aiosqlite's own: a connection that was left open must not keep the process.
    connection._thread.daemon = True
    return connection


class OneTrip(aiosqlite.Connection):
    """aiosqlite's connection with the cursor below."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        super().__init__(connector, iter_chunk_size)
        self._only_reads = True
        # A trip whose caller was cancelled goes on: until it has ended, the event loop keeps away.
        self._under_way: set[object] = set()

    def cursor(self) -> WholeResult:  # type: ignore[override]
        return WholeResult(self)

    async def statement(self, sql: str, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do what a statement needs, in the thread if it can touch the file."""
        if sql == "BEGIN" and not self._under_way:
            work(self._conn)
            return
        self._only_reads &= sql.startswith(("SELECT", "BEGIN")) and sql != "BEGIN IMMEDIATE"
        await self._trip(partial(work, self._conn))

    async def commit(self) -> None:
        await self._end(self._conn.commit)

    async def rollback(self) -> None:
        await self._end(self._conn.rollback)

    async def _end(self, end: Callable[[], None]) -> None:
        if self._only_reads and not self._under_way:
            end()
        else:
            await self._trip(end)
            self._only_reads = True

    async def _trip(self, work: Callable[[], None]) -> None:
        trip = object()
        self._under_way.add(trip)

        def there() -> None:
            try:
                work()
            finally:
                self._under_way.discard(trip)

        await self._execute(there)  # type: ignore[no-untyped-call]


class WholeResult:
    """What SQLAlchemy needs of a cursor: every row is there as soon as the statement was executed."""

    arraysize = 1

    def __init__(self, connection: OneTrip) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        await self._connection.statement(sql, lambda connection: self._keep(connection.execute(sql, parameters)))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        await self._connection.statement(sql, lambda connection: self._keep(connection.executemany(sql, parameters)))
        return self

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """SQLite's own cursor is closed already."""

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self._rows = cursor.fetchall()
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        cursor.close()
