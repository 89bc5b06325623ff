"""The sweep: at start-up and periodically, runs are looked at again and lost deliveries are asked for again.

A look costs calls, of which GitHub gives an installation 5,000 an hour, and people's commands need theirs. So of many
runs each sweep looks at a part, by turns; for the others the list of open pull requests, a call per hundred, says
whether one has moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import structlog

from bot.github import deliveries, pulls
from bot.github.app import GitHubApp
from bot.github.errors import GitHubError
from bot.github.repos import Repo
from bot.metrics import Metrics
from bot.store.deliveries import FORGOTTEN_AT_ONCE
from bot.store.pulls import PullRow
from bot.store.store import Store

EVERY: Final = timedelta(minutes=10)
REDELIVERY_WINDOW: Final = timedelta(days=3)
"""GitHub takes requests to deliver again for three days."""
KEEP_HANDLED: Final = timedelta(days=7)
"""Unless the operator says otherwise; never less than GitHub may deliver again."""
FORGET_PAUSE: Final = 0.1
"""Between two batches the inbox gets its turn: SQLite's writers poll, and would be passed over."""
REDELIVERIES_AT_ONCE: Final = 200
LOOKS: Final = 50
"""Of one installation in one sweep. All six of an hour cost some 2,500 calls when nothing is known yet."""
CALLS_OF_A_LOOK: Final = 10
KEPT_FOR_PEOPLE: Final = 1000
"""Calls of an hour that a sweep leaves alone."""
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
        for row in await self._to_look_at(now):
            await self._store.set_wake_at(row.key, now)
        await self._redeliver(now)
        await self._forget(now - self._keep_handled)

    async def _to_look_at(self, now: datetime) -> list[PullRow]:
        """Everything where that is not much; else a part by turns, and what has moved unnoticed."""
        rows = sorted(await self._store.live_pulls(), key=lambda row: (row.installation_id, row.key))
        wanted: list[PullRow] = []
        for installation_id, group in groupby(rows, key=lambda row: row.installation_id):
            of_installation, most = list(group), self._affordable(installation_id, now)
            if len(of_installation) <= most:
                wanted += of_installation
            elif most > 0:
                part = in_turn(of_installation, most, int(now.timestamp() // EVERY.total_seconds()))
                known = {row.key for row in part}
                others = [row for row in of_installation if row.key not in known]
                wanted += [*part, *await self._moved(others, most)]
        return wanted

    def _affordable(self, installation_id: int, now: datetime) -> int:
        """How many looks an installation can pay for without what is kept for people."""
        remaining, resets_at = self._app.budgets().get(installation_id, (None, now))
        if remaining is None or resets_at <= now:
            return LOOKS
        return max(0, min(LOOKS, (remaining - KEPT_FOR_PEOPLE) // CALLS_OF_A_LOOK))

    async def _moved(self, rows: Sequence[PullRow], most: int) -> list[PullRow]:
        """Those whose head, base branch or being open is not what was last heard of them."""
        moved: list[PullRow] = []
        for full_name, group in groupby(rows, key=lambda row: row.full_name):
            of_repository = list(group)
            first = of_repository[0]
            client = self._app.installation(first.installation_id, first.key.repository_id)
            try:
                found, is_complete = await pulls.listed(client, Repo.of(full_name))
            except GitHubError as error:
                _log.warning("open pull requests could not be listed", error=error.sentence())
                continue
            now_open = {pull.number: (pull.head_sha, pull.base_ref) for pull in found}
            for row in of_repository:
                here = now_open.get(row.key.number)
                if (here is None and is_complete) or (here is not None and here != (row.head_sha, row.base_ref)):
                    moved.append(row)
        return moved[:most]

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


def in_turn(rows: Sequence[PullRow], most: int, turn: int) -> Sequence[PullRow]:
    """At most so many of them. Whoever asks at the same turn gets the same ones, and in the end all have been given."""
    parts = -(-len(rows) // most)
    return rows[turn % parts :: parts]
