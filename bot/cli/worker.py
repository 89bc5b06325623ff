"""`stepwise worker`: the reactions in a process of their own, beside `stepwise serve`."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from typing import Final

from bot.cli.collector import settle_collector
from bot.cli.migrate import stop
from bot.cli.reacting import Dispatching, reactions, working
from bot.cli.serve import CannotListen, connected, listening, readiness, stop_signal, until_stopped
from bot.github.app import GitHubApp, utc_now
from bot.logs import configure_logs
from bot.metrics import Metrics
from bot.service.gauges import Gauges
from bot.settings import Settings, SettingsError, load_settings
from bot.store.errors import StoreError
from bot.store.migrate import prepare
from bot.store.operations import Operations
from bot.store.postgres import is_postgres
from bot.store.store import Store
from bot.web.app import create_health_app

# On SQLite nobody wakes this process when a delivery comes in, so it looks by itself.
LOOK_EVERY: Final = timedelta(seconds=1)


def worker() -> None:
    """React to what `stepwise serve` takes in, until SIGTERM or Ctrl-C.

    On PostgreSQL any number of these share the work; on SQLite one reacts and the others stand by.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        stop(*error.problems, code=2)
    secret = settings.webhook_secret.get_secret_value()
    configure_logs(settings.log_level, [secret, settings.private_key.get_secret_value()])
    try:
        prepare(settings.database_url)
        settle_collector()
        asyncio.run(_run(settings))
    except (StoreError, CannotListen) as error:
        stop(str(error), code=1)


async def _run(settings: Settings) -> None:
    metrics = Metrics()
    store = Operations.open(settings.database_url).measured(metrics.transaction)
    async with AsyncExitStack() as parts:
        parts.push_async_callback(store.close)
        app, _ = await parts.enter_async_context(connected(settings, metrics, utc_now))
        _, reacting = await parts.enter_async_context(_reacting(settings, app, store, metrics))
        if settings.metrics_port is not None:
            gauges = Gauges(store, app, metrics, utc_now)
            site = create_health_app(readiness(settings, store), metrics, gauges.refresh)
            address = await parts.enter_async_context(listening(site, settings.host, settings.metrics_port))
            print(f"metrics on {address}/metrics", flush=True)
        await until_stopped(stop_signal(), reacting)


def _reacting(
    settings: Settings, app: GitHubApp, store: Store, metrics: Metrics
) -> AbstractAsyncContextManager[tuple[Dispatching, asyncio.Task[None]]]:
    if is_postgres(settings.database_url):
        return working(settings, app, store, metrics, utc_now)
    return reactions(settings, app, store, metrics, utc_now, LOOK_EVERY)
