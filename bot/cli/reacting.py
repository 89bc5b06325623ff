"""Which process reacts, and how: on SQLite this one or one that stands by, on PostgreSQL any number of workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from bot.github.app import GitHubApp
from bot.metrics import Metrics
from bot.service.dispatch import LONGEST_SLEEP, Dispatcher
from bot.service.queue import TIMING, Bell, Timing, Worker
from bot.service.tasks import Tasks
from bot.service.workers import Addresses
from bot.settings import Settings
from bot.store.errors import StoreError
from bot.store.holds import Holds
from bot.store.postgres import is_postgres
from bot.store.queue import open_queue
from bot.store.store import Store


class Dispatching(Protocol):
    """What the process that takes deliveries in needs to know of whoever reacts."""

    def wake(self) -> None:
        """A delivery was stored."""

    def stop(self) -> None:
        """Begin nothing more."""


Running = tuple[Dispatching, "asyncio.Task[None]"]


@asynccontextmanager
async def dispatching(
    settings: Settings, app: GitHubApp, store: Store, metrics: Metrics, clock: Callable[[], datetime]
) -> AsyncIterator[Running]:
    """What takes deliveries on from here in `stepwise serve`: on SQLite the reactions, on PostgreSQL a bell."""
    if not is_postgres(settings.database_url):
        async with reactions(settings, app, store, metrics, clock) as running:
            yield running
        return
    async with AsyncExitStack() as parts:
        bell = Bell(await _opened(parts, settings.database_url), metrics)
        async with _run_until_left(bell, bell.run()) as task:
            yield bell, task


@asynccontextmanager
async def reactions(
    settings: Settings,
    app: GitHubApp,
    store: Store,
    metrics: Metrics,
    clock: Callable[[], datetime],
    longest_sleep: timedelta = LONGEST_SLEEP,
) -> AsyncIterator[tuple[Dispatcher, asyncio.Task[None]]]:
    """On SQLite: the reactions of this process, which run inside, and the task in which they do."""
    dispatcher = Dispatcher(_tasks(settings, app, store, metrics, clock), metrics, longest_sleep)
    running = asyncio.create_task(dispatcher.run_alone(settings.database_url), name="dispatcher")
    try:
        yield dispatcher, running
    finally:
        dispatcher.stop()
        if not dispatcher.has_begun:
            running.cancel()
        await asyncio.wait([running])


@asynccontextmanager
async def working(
    settings: Settings,
    app: GitHubApp,
    store: Store,
    metrics: Metrics,
    clock: Callable[[], datetime],
    timing: Timing = TIMING,
) -> AsyncIterator[tuple[Worker, asyncio.Task[None]]]:
    """On PostgreSQL: a worker of this process, which runs inside, and the task in which it does."""
    async with AsyncExitStack() as parts:
        holds = Holds(settings.database_url)
        parts.push_async_callback(holds.close)
        queue = await _opened(parts, settings.database_url)
        worker = Worker(_tasks(settings, app, store, metrics, clock), queue, holds, metrics, timing)
        async with _run_until_left(worker, worker.run()) as task:
            yield worker, task


@asynccontextmanager
async def _run_until_left(running: Dispatching, work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        running.stop()
        await asyncio.wait([task])


async def _opened(parts: AsyncExitStack, url: str) -> App:
    queue = open_queue(url)
    try:
        await parts.enter_async_context(queue.open_async())
    except (ConnectorException, PoolTimeout) as error:
        raise StoreError(f"the queue cannot be reached: {error}") from error
    return queue


def _tasks(settings: Settings, app: GitHubApp, store: Store, metrics: Metrics, clock: Callable[[], datetime]) -> Tasks:
    addresses = Addresses(settings.report_url, settings.report_audience)
    keep = timedelta(days=settings.keep_deliveries_days)
    return Tasks(app, settings.app_id, store, clock, metrics, addresses, keep)
