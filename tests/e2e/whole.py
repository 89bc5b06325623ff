"""The whole bot in this process: what takes deliveries in, and what reacts to them, on whichever database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.cli import serve
from bot.cli.reacting import working
from bot.metrics import Metrics
from bot.service.dispatch import Dispatcher
from bot.service.queue import Timing, Worker
from bot.settings import Settings
from bot.store.postgres import is_postgres
from bot.store.store import Store

QUICK = Timing(look=1.0, poll=0.2, after_fault=0.05)
"""A worker that loses no time: what is due is looked for more often than anybody else would want it."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Where it listens, and what reacts."""

    address: str
    dispatcher: Dispatcher | Worker
    reacting: asyncio.Task[None]
    store: Store
    metrics: Metrics


@asynccontextmanager
async def whole(settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[Whole]:
    """On PostgreSQL a server and one worker side by side, on SQLite the server that reacts itself."""
    async with serve.serving(settings, clock) as serving:
        if not is_postgres(settings.database_url):
            assert isinstance(serving.dispatcher, Dispatcher)
            yield Whole(serving.address, serving.dispatcher, serving.reacting, serving.store, serving.metrics)
            return
        async with (
            serve.connected(settings, serving.metrics, clock) as (app, _session),
            working(settings, app, serving.store, serving.metrics, clock, QUICK) as (worker, reacting),
        ):
            yield Whole(serving.address, worker, reacting, serving.store, serving.metrics)
