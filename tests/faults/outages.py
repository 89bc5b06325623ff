"""The database away for a while: from one commit on it refuses, until the bot has met that."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.clusters import Cluster
from tests.faults.database import Database

DISK_BYTES = 24 * 1024 * 1024
HURTS = 3


async def _nothing() -> None:
    """Nothing to do."""


@dataclass
class Outage:
    """`take` takes the database away, `give` gives it back once the bot was refused something `HURTS` times.

    `times` says how often it came.
    """

    take: Callable[[], Awaitable[None]] = _nothing
    give: Callable[[], Awaitable[None]] = _nothing
    is_on: bool = False
    times: int = 0
    _left: int = 0

    async def begin(self) -> None:
        await self.take()
        self.is_on = True
        self.times += 1
        self._left = HURTS

    async def hurt(self) -> None:
        self._left -= 1
        if self._left <= 0:
            await self.end()

    async def end(self) -> None:
        if self.is_on:
            self.is_on = False
            await self.give()


def locked(database: Database) -> Outage:
    """Another process holds the write lock."""
    holder: list[sqlite3.Connection] = []

    def take_lock() -> None:
        connection = sqlite3.connect(database.file, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        holder.append(connection)

    async def take() -> None:
        await asyncio.to_thread(take_lock)

    async def give() -> None:
        connection = holder.pop()
        connection.execute("ROLLBACK")
        connection.close()

    return Outage(take, give)


def full(database: Database) -> Outage:
    """The disk that the database is on has no room left."""
    filler = database.file.parent / "filler"

    async def take() -> None:
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    async def give() -> None:
        filler.unlink()

    return Outage(take, give)


def gone(cluster: Cluster) -> Outage:
    """The server crashes, and is started again."""

    async def take() -> None:
        await asyncio.to_thread(cluster.stop, "immediate")

    async def give() -> None:
        await asyncio.to_thread(cluster.start)

    return Outage(take, give)


def may_mount() -> bool:
    """Whether small disks can be made here."""
    return os.geteuid() == 0


def mount(folder: Path) -> None:
    """A small disk of its own at a folder."""
    folder.mkdir()
    size = f"size={DISK_BYTES}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True, capture_output=True)


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)
