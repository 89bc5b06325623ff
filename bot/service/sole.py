"""One reacting process per SQLite database: whoever holds the lock reacts, the others stand by.

Two reactions on one pull request at once could do an effect twice. Within a process the dispatcher sees to it; this
lock does between processes, such as a second `stepwise serve` started by mistake, or `web` beside `worker`. The
operating system lets go of the lock when its process ends, however it ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

LOOK_EVERY: Final = 2.0
_log = structlog.get_logger()


def lock_path(database_url: str) -> Path:
    """The lock's file, beside the database."""
    return Path(database_url.removeprefix("sqlite:///") + ".lock")


def is_held(database_url: str) -> bool | None:
    """Whether a process reacts on this database now; None where none ever did. Looks, and is in nobody's way."""
    try:
        handle = os.open(lock_path(database_url), os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@asynccontextmanager
async def sole_reactor(database_url: str) -> AsyncIterator[None]:
    """Wait until no other process reacts on this database, and keep it so until the block is left."""
    handle = os.open(lock_path(database_url), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        has_waited = False
        while not _try_lock(handle):
            if not has_waited:
                _log.warning("another process reacts on this database: standing by")
                has_waited = True
            await asyncio.sleep(LOOK_EVERY)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
