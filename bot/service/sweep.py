"""The sweep: at start-up and periodically, every run is looked at again and lost deliveries are asked for again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.github import deliveries
from bot.github.app import GitHubApp
from bot.github.errors import GitHubError
from bot.metrics import Metrics
from bot.store.deliveries import FORGOTTEN_AT_ONCE
from bot.store.store import Store

EVERY: Final = timedelta(minutes=10)
REDELIVERY_WINDOW: Final = timedelta(days=3)
"""GitHub takes requests to deliver again for three days."""
KEEP_HANDLED: Final = timedelta(days=7)
"""Unless the operator says otherwise; never less than GitHub may deliver again."""
FORGET_PAUSE: Final = 0.1
"""Between two batches the inbox gets its turn: SQLite's writers poll, and would be passed over."""
REDELIVERIES_AT_ONCE: Final = 200
CHORE: Final = "sweep"
_log = structlog.get_logger()


class Sweeper:
    def __init__(
        self,
        app: GitHubApp,
        store: Store,
        clock: Callable[[], datetime],
        metrics: Metrics,
        keep_handled: timedelta = KEEP_HANDLED,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._keep_handled = keep_handled
        self._store = store
        self._clock = clock
        self._next: datetime | None = None
        self._seen_until: datetime | None = None

    def is_due(self) -> bool:
        return self._next is None or self._clock() >= self._next

    async def sweep(self) -> None:
        """Look at every run again, ask for lost deliveries, forget old ones; of several processes one does it.

        At its start every process does: nobody else knows what it left behind when it ended.
        """
        now = self._clock()
        is_first, self._next = self._next is None, now + EVERY
        if not await self._store.begin_chore(CHORE, now, now - EVERY) and not is_first:
            return
        for key in await self._store.open_pulls_with_live_run():
            await self._store.set_wake_at(key, now)
        await self._redeliver(now)
        await self._forget(now - self._keep_handled)

    async def _forget(self, before: datetime) -> None:
        """Old deliveries in small batches, so that the inbox is never kept waiting for long."""
        while await self._store.forget_deliveries(before) == FORGOTTEN_AT_ONCE:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(FORGET_PAUSE)
        await self._store.forget_groups(before)

    async def _redeliver(self, now: datetime) -> None:
        """Ask for every delivery again that no attempt brought here; GitHub does not do so by itself."""
        oldest = max(now - REDELIVERY_WINDOW, self._seen_until or now - REDELIVERY_WINDOW)
        try:
            attempts, _ = await deliveries.since(self._app.as_app(), oldest)
            accepted = {attempt.guid for attempt in attempts if attempt.was_accepted}
            lost = {attempt.guid: attempt.id for attempt in attempts if attempt.guid not in accepted}
            for guid, attempt_id in list(lost.items())[:REDELIVERIES_AT_ONCE]:
                _log.info("asking for a lost delivery again", delivery=guid)
                await deliveries.redeliver(self._app.as_app(), attempt_id)
                self._metrics.redeliveries.inc()
        except GitHubError as error:
            _log.warning("lost deliveries could not be asked for", error=error.sentence())
            return
        if not lost:
            self._seen_until = now - EVERY
