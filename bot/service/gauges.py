"""Gauges that are looked up when somebody asks for them: what waits in the database, and what GitHub left to be called.

What the database holds every process sees alike, so that a query over several takes the maximum and not the sum; what
GitHub told, each process knows of its own calls only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from math import nan
from typing import Final

import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from bot.github.app import GitHubApp
from bot.metrics import Metrics
from bot.store.operations import Operations

PATIENCE: Final = 5.0
_log = structlog.get_logger(__name__)


class Gauges:
    """Brings the gauges of one process up to date."""

    def __init__(self, store: Operations, app: GitHubApp, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def refresh(self) -> None:
        """Never raises: a database that is away is a value too, and what it would have told is not a number then."""
        self._show_calls_left()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._show_backlog()
        except (TimeoutError, OSError, SQLAlchemyError) as error:
            _log.warning("the queue could not be looked at", reason=str(error).partition("\n")[0])
            self._metrics.database_up.set(0)
            for gauge in self._of_the_database():
                gauge.set(nan)
        else:
            self._metrics.database_up.set(1)

    def _of_the_database(self) -> list[Gauge]:
        metrics = self._metrics
        return [
            metrics.queue_age,
            metrics.deliveries_waiting.labels("route"),
            metrics.deliveries_waiting.labels("reaction"),
            metrics.pulls_waiting,
            metrics.pull_age,
            metrics.pulls_failing,
            metrics.issue_commands_waiting,
            metrics.effects_waiting,
            metrics.effect_age,
            metrics.live_runs,
        ]

    async def _show_backlog(self) -> None:
        now = self._clock()
        backlog = await self._store.backlog(now)
        values = [
            _age(backlog.oldest, now),
            backlog.unrouted.count,
            backlog.unhandled.count,
            backlog.pulls.count,
            _age(backlog.pulls.since, now),
            backlog.failing,
            backlog.issue_commands.count,
            backlog.effects.count,
            _age(backlog.effects.since, now),
            backlog.live_runs,
        ]
        for gauge, value in zip(self._of_the_database(), values, strict=True):
            gauge.set(value)

    def _show_calls_left(self) -> None:
        metrics = self._metrics
        for gauge in (metrics.github_calls_left, metrics.github_calls_reset):
            gauge.clear()
        for installation, (remaining, resets_at) in self._app.budgets().items():
            metrics.github_calls_left.labels(str(installation)).set(remaining)
            metrics.github_calls_reset.labels(str(installation)).set(resets_at.timestamp())


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment is not None else 0.0
