"""`stepwise worker`: the reactions in a process of their own, beside `stepwise serve`."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from bot.cli.migrate import stop
from bot.cli.serve import connected, reactions, stop_signal, until_stopped
from bot.github.app import utc_now
from bot.logs import configure_logs
from bot.metrics import Metrics
from bot.settings import Settings, SettingsError, load_settings
from bot.store.errors import StoreError
from bot.store.migrate import prepare
from bot.store.store import Store

# Nobody wakes this process when a delivery comes in, so it looks by itself.
LOOK_EVERY: Final = timedelta(seconds=1)


def worker() -> None:
    """React to what `stepwise serve` takes in, until SIGTERM or Ctrl-C; one process reacts, others stand by."""
    try:
        settings = load_settings()
    except SettingsError as error:
        stop(*error.problems, code=2)
    secret = settings.webhook_secret.get_secret_value()
    configure_logs(settings.log_level, [secret, settings.private_key.get_secret_value()])
    try:
        prepare(settings.database_url)
        asyncio.run(_run(settings))
    except StoreError as error:
        stop(str(error), code=1)


async def _run(settings: Settings) -> None:
    store = Store.open(settings.database_url)
    metrics = Metrics()
    try:
        async with (
            connected(settings, metrics, utc_now) as (app, _session),
            reactions(settings, app, store, metrics, utc_now, LOOK_EVERY) as (_dispatcher, reacting),
        ):
            await until_stopped(stop_signal(), reacting)
    finally:
        await store.close()
