"""The connection that takes one trip to its thread per statement: what it must keep of what aiosqlite promises."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.onetrip import OneTrip, open_connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE notes (text); INSERT INTO notes VALUES ('one')")
    return path


async def opened(path: Path) -> OneTrip:
    connection = open_connection(path)
    await connection
    connection.isolation_level = None
    return connection


async def rows(connection: OneTrip, sql: str) -> list[tuple[object, ...]]:
    return await (await connection.cursor().execute(sql)).fetchall()


def elsewhere(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(sql).fetchall()


async def test_a_transaction_that_reads_sees_one_state_and_the_next_the_newer_one(path: Path) -> None:
    connection = await opened(path)
    await rows(connection, "BEGIN")
    assert await rows(connection, "SELECT text FROM notes") == [("one",)]
    elsewhere(path, "INSERT INTO notes VALUES ('two')")
    assert await rows(connection, "SELECT text FROM notes") == [("one",)]
    await connection.commit()
    assert await rows(connection, "SELECT text FROM notes") == [("one",), ("two",)]
    await connection.close()


async def test_what_was_written_is_there_after_the_commit_and_gone_after_a_rollback(path: Path) -> None:
    connection = await opened(path)
    await rows(connection, "BEGIN IMMEDIATE")
    await rows(connection, "INSERT INTO notes VALUES ('two')")
    assert elsewhere(path, "SELECT count(*) FROM notes") == [(1,)]
    await connection.commit()
    assert elsewhere(path, "SELECT count(*) FROM notes") == [(2,)]
    await rows(connection, "BEGIN IMMEDIATE")
    await rows(connection, "DELETE FROM notes")
    await connection.rollback()
    assert elsewhere(path, "SELECT count(*) FROM notes") == [(2,)]
    await connection.close()


async def test_a_rollback_after_a_cancelled_statement_waits_until_the_statement_has_ended(path: Path) -> None:
    connection = await opened(path)
    began, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        may_end.wait(10)

    await connection.create_function("hold", 0, hold)
    await rows(connection, "BEGIN")
    reading = asyncio.create_task(rows(connection, "SELECT hold()"))
    await asyncio.to_thread(began.wait, 10)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    rolling_back = asyncio.create_task(connection.rollback())
    await asyncio.sleep(0)
    assert not rolling_back.done()
    may_end.set()
    await rolling_back
    assert await rows(connection, "SELECT text FROM notes") == [("one",)]
    await connection.close()


async def test_an_error_of_a_statement_is_that_of_sqlite(path: Path) -> None:
    connection = await opened(path)
    with pytest.raises(sqlite3.OperationalError, match="no such table: letters"):
        await rows(connection, "SELECT * FROM letters")
    assert await rows(connection, "SELECT text FROM notes") == [("one",)]
    await connection.close()
