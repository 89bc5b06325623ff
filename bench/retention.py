"""Forgetting a day's worth of deliveries while others come in: how long an acknowledgement waits, the file's size."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.payload import payload
from bot.github.app import utc_now
from bot.service import sweep
from bot.store.deliveries import FORGOTTEN_AT_ONCE
from bot.store.inbox import Inbox
from bot.store.migrate import migrate
from bot.store.store import Store

ROWS: Final = 100_000
EVERY: Final = 0.02
OLD: Final = datetime.now(UTC) - timedelta(days=8)


async def main() -> None:
    """Both ways of forgetting on the same rows, then as many rows again."""
    print(
        f"forgetting {ROWS:,} handled deliveries of {len(payload()) / 1024:.1f} KiB on SQLite; one arrives every 20 ms"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stepwise.db"
        url = f"sqlite:///{path}"
        migrate(url)
        store, inbox = Store.open(url), Inbox.open(url)
        await inbox.start()
        fill(path, "first")
        full = path.stat().st_size
        before = utc_now() - timedelta(days=7)
        await told("all at once", inbox, lambda: store.forget_deliveries(before, ROWS))
        fill(path, "second")
        await told("in batches", inbox, lambda: in_batches(store, before))
        fill(path, "third")
        again = path.stat().st_size
        print(f"file after the first day {full / 1024**2:.0f} MiB, after the third {again / full:.2f}x of that")
        await inbox.stop()
        await store.close()


async def in_batches(store: Store, before: datetime) -> None:
    """As the sweep does it."""
    while await store.forget_deliveries(before) == FORGOTTEN_AT_ONCE:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(sweep.FORGET_PAUSE)


def fill(path: Path, name: str) -> None:
    """A day's deliveries, handled eight days ago."""
    at = OLD.strftime("%Y-%m-%d %H:%M:%S.%f")
    body = payload()
    rows = ((f"{name}-{number}", "push", body, at, at, at) for number in range(ROWS))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO deliveries (guid, event, body, received_at, routed_at, handled_at) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def told(name: str, inbox: Inbox, forget: Callable[[], Awaitable[object]]) -> None:
    """How long acknowledgements took meanwhile."""
    took: list[float] = []

    async def one(number: int) -> None:
        began = time.perf_counter()
        await inbox.accept(f"{name}-{number}", "ping", b"{}")
        took.append(time.perf_counter() - began)

    forgetting = asyncio.ensure_future(forget())
    began = time.perf_counter()
    arrived: list[asyncio.Task[None]] = []
    while not forgetting.done():
        arrived.append(asyncio.create_task(one(len(arrived))))
        await asyncio.sleep(EVERY)
    await asyncio.gather(*arrived)
    await forgetting
    took.sort()
    half, high, most = (took[at] * 1000 for at in (len(took) // 2, int(len(took) * 0.99), -1))
    print(
        f"  {name:<12} {time.perf_counter() - began:6.1f} s, {len(took)} arrived; "
        f"acknowledged in {half:.0f} ms (median), {high:.0f} ms (p99), {most:.0f} ms at most"
    )
