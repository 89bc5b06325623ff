"""Holds: of all processes on one PostgreSQL database, one at a time holds a name.

A hold is an advisory lock of a session. The server lets go of it when the session ends, however that happens. So a
process watches its session, and whatever it does under a hold is cancelled at once when the session is gone.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import psycopg
import structlog

from bot.store.errors import StoreError
from bot.store.postgres import connection_values

PING_EVERY: Final = 5.0
PING_SECONDS: Final = 5.0
# The server ends a session whose client has been silent for 25 seconds; the client has given it up after 10.
_SESSION: Final = """
SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false), set_config('idle_session_timeout', '0', false)
"""
_log = structlog.get_logger()


class HoldLost(StoreError):  # noqa: N818 - reads as what happened
    """The session ended meanwhile: somebody else may hold the name by now."""


class Holds:
    """Names held by this process, on one session that is opened when it is needed."""

    def __init__(self, url: str) -> None:
        self._values = connection_values(url)
        self._session: psycopg.AsyncConnection | None = None
        self._watch: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._held: dict[str, asyncio.Timeout] = {}

    @asynccontextmanager
    async def holding(self, name: str) -> AsyncIterator[bool]:
        """Hold a name while the block runs; False when it is held already, by this process or another.

        Raises StoreError when the database cannot be asked. When the session ends while the block runs, the block is
        cancelled and HoldLost raised.
        """
        if name in self._held:
            yield False
            return
        session = None
        try:
            async with asyncio.timeout(None) as until_lost:
                self._held[name] = until_lost
                try:
                    session = await self._take(name)
                    yield session is not None
                finally:
                    del self._held[name]
                    await self._let_go(name, session)
        except TimeoutError:
            if not until_lost.expired():
                raise
            raise HoldLost(f"the database went away while {name} was held") from None

    async def is_free(self, name: str) -> bool:
        """Whether nobody holds a name at this moment. Raises StoreError when the database cannot be asked."""
        async with self.holding(name) as is_mine:
            return is_mine

    async def close(self) -> None:
        """End the session, and with it every hold."""
        session, self._session = self._session, None
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        if session is not None:
            await session.close()

    async def _take(self, name: str) -> psycopg.AsyncConnection | None:
        """The session that holds the name from now on, None if another one does."""
        async with self._turn:
            try:
                session = self._session or await self._open()
                taken = await session.execute("SELECT pg_try_advisory_lock(%s)", [_number(name)])
                row = await taken.fetchone()
            except psycopg.Error as error:
                self._lost()
                raise StoreError(f"the database cannot be asked for a hold: {str(error).splitlines()[0]}") from error
            return session if row is not None and row[0] else None

    async def _let_go(self, name: str, session: psycopg.AsyncConnection | None) -> None:
        async with self._turn:
            if session is None or session is not self._session:
                return
            try:
                await session.execute("SELECT pg_advisory_unlock(%s)", [_number(name)])
            except psycopg.Error:
                self._lost()

    async def _open(self) -> psycopg.AsyncConnection:
        session = await psycopg.AsyncConnection.connect("", autocommit=True, **self._values)  # type: ignore[arg-type]
        await session.execute(_SESSION)
        if self._watch is not None:
            self._watch.cancel()
        self._session = session
        self._watch = asyncio.create_task(self._watch_over(session), name="watch over holds")
        return session

    async def _watch_over(self, session: psycopg.AsyncConnection) -> None:
        """Ask whether the session lives, now and then, and whenever the server says something unasked."""
        loop = asyncio.get_running_loop()
        # psycopg registers its own handle with the loop; this one is another for the same socket.
        handle = os.dup(session.fileno())
        spoken = asyncio.Event()

        def heard() -> None:
            if not self._turn.locked():
                loop.remove_reader(handle)
                spoken.set()

        try:
            while session is self._session:
                loop.add_reader(handle, heard)
                with suppress(TimeoutError):
                    async with asyncio.timeout(PING_EVERY):
                        await spoken.wait()
                spoken.clear()
                async with self._turn:
                    if session is self._session and not await _lives(session):
                        self._lost()
        finally:
            loop.remove_reader(handle)
            os.close(handle)

    def _lost(self) -> None:
        """The session is gone: stop whatever was done under its holds, before the server can give them away."""
        session, self._session = self._session, None
        if session is None:
            return
        session.pgconn.finish()
        if self._held:
            _log.warning(
                "the database's session is gone: what was done under its holds is stopped", held=len(self._held)
            )
        now = asyncio.get_running_loop().time()
        for until_lost in self._held.values():
            until_lost.reschedule(now)


async def _lives(session: psycopg.AsyncConnection) -> bool:
    try:
        async with asyncio.timeout(PING_SECONDS):
            await session.execute("SELECT 1")
    except (psycopg.Error, TimeoutError):
        return False
    return True


def _number(name: str) -> int:
    """Advisory locks are 64-bit numbers; two names that share one would only wait for each other."""
    return int.from_bytes(hashlib.sha256(f"stepwise {name}".encode()).digest()[:8], "big", signed=True)
