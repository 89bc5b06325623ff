"""Inside a life: every database commit is counted, and at one of them the life ends, fails or asks what to do.

They are counted anew in every step of the story, in which at most one of them is doomed.

Counted are the transactions that write, the reactions' and the inbox's alike. "Before" is when nothing of the
transaction is durable yet, "after" when it is and nobody has heard of it.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg

When = Literal["before", "after"]
What = Literal["die", "ask", "fail"]


@dataclass(frozen=True, slots=True)
class Doom:
    """What happens at the `at`-th commit from now on; one that fails does so `failures` times in a row.

    `role` is the process that it happens to: the one that serves, or the one that works.
    """

    at: int
    when: When = "before"
    what: What = "die"
    failures: int = 1
    role: str = "serve"


@dataclass
class Commits:
    """The counter of one process. `parent` is asked what to do, and told of what the database refused since."""

    doom: Doom | None
    parent: socket.socket
    seen: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def begin_step(self, doom: Doom | None) -> int:
        """Count anew; how many there were before."""
        with self._turn:
            seen, self.seen, self.doom = self.seen, 0, doom
        return seen

    def before(self) -> int:
        with self._turn:
            self.seen += 1
            number = self.seen
        self._meet(number, "before")
        return number

    def after(self, number: int) -> None:
        self._meet(number, "after")

    def hurt(self) -> None:
        """The database refused something: whoever made it do so waits to hear of it, from whichever process."""
        self.parent.sendall(b"hurt\n")

    def _meet(self, number: int, when: When) -> None:
        doom = self.doom
        if doom is None or when != doom.when:
            return
        match doom.what:
            case "fail" if doom.at <= number < doom.at + doom.failures:
                self.parent.sendall(b"failed\n")
                raise sqlite3.OperationalError("disk I/O error")
            case "die" if number == doom.at:
                os.kill(os.getpid(), signal.SIGKILL)
            case "ask" if number == doom.at:
                self.parent.sendall(b"here\n")
                self.parent.recv(16)
            case _:
                pass


def watch(commits: Commits) -> None:
    """Let every commit of this process go through the counter."""
    from sqlalchemy import event
    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.exc import OperationalError

    from bot.store.database import WRITES
    from bot.store.postgres import PostgresDeliveryWriter
    from bot.store.sqlite import SqliteDeliveryWriter

    numbers: dict[int, int] = {}

    @event.listens_for(Engine, "commit")
    def committing(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            try:
                numbers[id(connection.connection.dbapi_connection)] = commits.before()
            except sqlite3.OperationalError as error:
                raise OperationalError("COMMIT", {}, error) from error

    @event.listens_for(Engine, "handle_error")
    def refused(_context: Any) -> None:
        commits.hurt()

    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

    def committed(self: DefaultDialect, connection: Any) -> None:
        number = numbers.pop(id(getattr(connection, "dbapi_connection", connection)), None)
        commit(self, connection)
        if number is not None:
            commits.after(number)

    DefaultDialect.do_commit = committed  # type: ignore[method-assign]
    for writer in (SqliteDeliveryWriter, PostgresDeliveryWriter):
        _watch_inbox(writer, commits)
    _watch_queue(commits)


def _watch_inbox(writer: Any, commits: Commits) -> None:
    """A batch is one statement that commits itself: before it nothing has been said yet."""
    write = writer.write

    def written(self: Any, batch: Sequence[Any]) -> list[bool]:
        number = commits.before()
        try:
            new: list[bool] = write(self, batch)
        except (sqlite3.Error, psycopg.Error):
            commits.hurt()
            raise
        commits.after(number)
        return new

    writer.write = written


def _watch_queue(commits: Commits) -> None:
    """PostgreSQL's queue commits by itself. Looking for a job that is not there is no change and is not counted."""
    from procrastinate import PsycopgConnector
    from procrastinate.exceptions import ConnectorException
    from procrastinate.sql import queries

    fetch = queries["fetch_job"]
    changes = {queries[name] for name in ("defer_jobs", "finish_job", "retry_job")}
    connector: Any = PsycopgConnector
    for method in ("execute_query_async", "execute_query_one_async", "execute_query_all_async"):
        execute = getattr(connector, method)

        async def watched(self: Any, query: str, _execute: Any = execute, **arguments: Any) -> Any:
            number = commits.before() if query in changes else None
            try:
                found = await _execute(self, query, **arguments)
            except ConnectorException:
                commits.hurt()
                raise
            if query == fetch and found.get("id") is not None:
                # Only now is it known that there was one: before and after are the same moment here.
                number = commits.before()
            if number is not None:
                commits.after(number)
            return found

        setattr(connector, method, watched)
