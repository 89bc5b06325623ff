"""What there is to do, each task with its failures noted: the outer edge of a reaction.

Who calls sees to it that no two tasks share a pull request or an issue: `service/dispatch` within one process,
`service/queue` among many.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.github.app import GitHubApp
from bot.github.errors import GitHubError, RateLimited
from bot.metrics import Metrics
from bot.runs.model import PullKey
from bot.service.fault import take_fault_back, tell_fault
from bot.service.issue_execute import IssueDesk
from bot.service.reaction import Reactor
from bot.service.readings import Readings
from bot.service.route import Router
from bot.service.sweep import KEEP_HANDLED, Sweeper
from bot.service.workers import NOWHERE, Addresses
from bot.store.agenda import Agenda
from bot.store.issue_commands import IssueCommand
from bot.store.store import Store

LONGEST_BACKOFF: Final = timedelta(minutes=10)
TELL_AFTER: Final = 5
_log = structlog.get_logger()


class Tasks:
    """Routing, reactions, commands on issues and the sweep; none of them raises for what went wrong in one of them."""

    def __init__(
        self,
        app: GitHubApp,
        app_id: int,
        store: Store,
        clock: Callable[[], datetime],
        metrics: Metrics,
        addresses: Addresses = NOWHERE,
        keep_handled: timedelta = KEEP_HANDLED,
    ) -> None:
        self._app = app
        self._app_id = app_id
        self._store = store
        self._clock = clock
        self._metrics = metrics
        readings = Readings(app_id)
        self._reactor = Reactor(app, app_id, store, clock, metrics, readings, addresses)
        self._router = Router(store, readings, clock)
        self._issues = IssueDesk(app, app_id, store, self._reactor.observer, clock)
        self._sweeper = Sweeper(app, store, clock, metrics, keep_handled)

    async def route(self) -> None:
        """Say of every delivery that nobody has looked into which pull requests it concerns. Raises what the store
        raises: then it is done again."""
        await self._router.route_waiting()

    async def agenda(self) -> Agenda:
        """What there is to do now, and what comes next."""
        return await self._store.agenda(self._clock())

    def seconds_until(self, moment: datetime | None) -> float | None:
        """How long until then; None for never."""
        return None if moment is None else max(0.0, (moment - self._clock()).total_seconds())

    async def is_waiting(self, key: PullKey) -> bool:
        return await self._store.is_waiting(key, self._clock())

    async def asked(self) -> list[IssueCommand]:
        """The commands on issues that wait for their answer now."""
        return await self._store.issue_commands_waiting(self._clock())

    @property
    def sweep_is_due(self) -> bool:
        return self._sweeper.is_due()

    async def sweep(self) -> None:
        """Look at every run again and ask for lost deliveries; the next sweep tries again what failed."""
        try:
            await self._sweeper.sweep()
        except Exception as error:  # noqa: BLE001 - the outer edge
            self._metrics.errors.labels(type(error).__name__).inc()
            _log.exception("the sweep failed")

    async def react(self, key: PullKey) -> None:
        """One reaction; a failure is noted with the time of the next try."""
        with (
            structlog.contextvars.bound_contextvars(pull=key.number, repository_id=key.repository_id),
            self._metrics.reaction_seconds.time(),
        ):
            try:
                before = await self._store.pull(key)
                await self._reactor.react(key)
                # What was told is remembered by the failure that it was told of, so that it goes first.
                if before is not None and before.attempts >= TELL_AFTER:
                    is_taken_back = await take_fault_back(self._app, self._app_id, before)
                    if not is_taken_back:
                        retry_at = self._clock() + LONGEST_BACKOFF
                        await self._store.note_failure(key, before.last_error or "", retry_at)
                        return
                await self._store.clear_failure(key)
                self._metrics.reactions.labels("done").inc()
            except GitHubError as error:
                await self._failed(key, error.sentence(), error)
            except Exception as error:  # noqa: BLE001 - the outer edge: a fault in one pull request stays there
                _log.exception("reaction failed")
                await self._failed(key, f"Stepwise met a fault of its own: {type(error).__name__}", error)

    async def answer(self, command: IssueCommand) -> None:
        """One command on an issue; a failure is noted with the time of the next try."""
        with structlog.contextvars.bound_contextvars(issue=str(command.key)):
            try:
                await self._issues.answer(command)
            except Exception as error:  # noqa: BLE001 - the outer edge: a fault on one issue stays there
                self._metrics.errors.labels(type(error).__name__).inc()
                if not isinstance(error, GitHubError):
                    _log.exception("a command on an issue failed")
                sentence = error.sentence() if isinstance(error, GitHubError) else type(error).__name__
                retry_at = self._retry_at(error, command.attempts + 1)
                _log.warning("the command on the issue will be tried again", error=sentence)
                await self._store.postpone_issue_command(command, sentence, retry_at)

    async def _failed(self, key: PullKey, sentence: str, error: Exception) -> None:
        self._metrics.reactions.labels("failed").inc()
        self._metrics.errors.labels(type(error).__name__).inc()
        row = await self._store.pull(key)
        attempts = (row.attempts if row else 0) + 1
        retry_at = self._retry_at(error, attempts)
        _log.warning("reaction will be tried again", error=sentence, attempt=attempts, retry_at=retry_at.isoformat())
        await self._store.note_failure(key, sentence, retry_at)
        # With each failure from then on: it may not have been told for the same fault that keeps it from going on.
        if attempts >= TELL_AFTER and row is not None:
            await tell_fault(self._app, self._app_id, row, sentence)

    def _retry_at(self, error: Exception, attempts: int) -> datetime:
        if isinstance(error, RateLimited):
            return error.retry_at
        return self._clock() + min(LONGEST_BACKOFF, timedelta(seconds=2 ** min(attempts, 12)))
