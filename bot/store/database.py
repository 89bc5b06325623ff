"""One database: how to read from it and how to write to it, whatever driver is below."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

WRITES = "stepwise_writes"
"""Execution option of a connection whose transaction is going to write."""


@dataclass(frozen=True, slots=True)
class Database:
    """An engine with what differs between drivers.

    `insert` can ignore conflicts, `write_turn` queues writers. A statement that reads is one snapshot by itself;
    `snapshot_options` make a transaction one.
    """

    engine: AsyncEngine
    insert: Callable[[Table], Any]
    write_turn: Callable[[], Any] = nullcontext
    read_options: Mapping[str, Any] = field(default_factory=dict)
    snapshot_options: Mapping[str, Any] = field(default_factory=dict)

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """For one statement that reads."""
        return self._reading(self.read_options)

    def snapshot(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """For several: whatever is read in it belongs together."""
        return self._reading(self.snapshot_options)

    @asynccontextmanager
    async def _reading(self, options: Mapping[str, Any]) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            if options:
                await connection.execution_options(**options)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: all of it is durable when this returns, or none of it."""
        async with self.write_turn(), self.engine.connect() as connection:
            await connection.execution_options(**{WRITES: True})
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()


class Room:
    """What the parts of the store share."""

    def __init__(self, database: Database) -> None:
        self._database = database
