"""The in-process dispatcher: one reaction at a time per pull request, several pull requests side by side.

Races met here: a delivery that arrives while its pull request is being reacted to is taken by the next pass (the
key goes back into the queue when the reaction ends); a storm of deliveries for one pull request is one or two
reactions; what a crash leaves between inbox and reaction is found by the first round after the start.
"""

from __future__ import annotations

import asyncio
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
from bot.service.route import Router
from bot.service.sole import sole_reactor
from bot.service.sweep import Sweeper
from bot.service.workers import NOWHERE, Addresses
from bot.store.issue_commands import IssueCommand
from bot.store.store import Store

AT_ONCE: Final = 8
LONGEST_BACKOFF: Final = timedelta(minutes=10)
# Another process may have stored a delivery for this one to react to.
LONGEST_SLEEP: Final = timedelta(seconds=5)
AFTER_FAULT: Final = timedelta(seconds=2)
TELL_AFTER: Final = 5
_log = structlog.get_logger()


class Dispatcher:
    """Runs reactions until stopped. `wake` may be called from anywhere in the event loop, as often as one likes."""

    def __init__(
        self,
        app: GitHubApp,
        app_id: int,
        store: Store,
        clock: Callable[[], datetime],
        metrics: Metrics,
        longest_sleep: timedelta = LONGEST_SLEEP,
        addresses: Addresses = NOWHERE,
    ) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._longest_sleep = longest_sleep
        self._app = app
        self._reactor = Reactor(app, app_id, store, clock, metrics, addresses)
        self._router = Router(store, app_id, clock, self._reactor.observer.policies.forget)
        self._issues = IssueDesk(app, app_id, store, self._reactor.observer, clock)
        self._sweeper = Sweeper(app, store, clock)
        self._app_id = app_id
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._running: dict[PullKey, asyncio.Task[None]] = {}
        self._answering: dict[PullKey, asyncio.Task[None]] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._is_stopping = False
        self.has_begun = False

    def wake(self) -> None:
        """Something was stored: look."""
        self._idle.clear()
        self._woken.set()

    async def until_idle(self) -> None:
        """Wait until nothing is left to do now: what waits for its time does not count."""
        await self._idle.wait()

    async def run_alone(self, database_url: str) -> None:
        """React as soon as no other process does on this database, until `stop`."""
        async with sole_reactor(database_url):
            await self.run()

    async def run(self) -> None:
        """React until `stop`; then finish what runs and leave the rest in the database."""
        self.has_begun = True
        self.wake()
        while not self._is_stopping:
            try:
                await self._sleep()
                if not self._is_stopping:
                    await self._round()
            except Exception as error:  # noqa: BLE001 - the outer edge: the loop outlives a database that is away
                self._metrics.errors.labels(type(error).__name__).inc()
                _log.exception("the dispatcher's round failed")
                await asyncio.sleep(AFTER_FAULT.total_seconds())
                self.wake()
        running = [*self._running.values(), *self._answering.values(), *([self._sweeping] if self._sweeping else [])]
        if running:
            await asyncio.wait(running)

    async def _round(self) -> None:
        """Route what came in, and begin a reaction for every pull request that waits and is not being reacted to."""
        self._woken.clear()
        self._sweep_if_due()
        await self._router.route_waiting()
        waiting = await self._store.keys_waiting(self._clock())
        for key in waiting:
            if key not in self._running and len(self._running) < AT_ONCE:
                self._begin(key)
        asked = await self._store.issue_commands_waiting(self._clock())
        for command in asked:
            if command.key not in self._answering and len(self._answering) < AT_ONCE:
                self._begin_on_issue(command)
        if not (waiting or asked or self._running or self._answering or self._sweeping or self._woken.is_set()):
            self._idle.set()

    def _sweep_if_due(self) -> None:
        """The sweep asks GitHub, which may be slow: it runs beside the rounds, one at a time."""
        if self._sweeping is None and self._sweeper.is_due():
            self._sweeping = asyncio.create_task(self._sweep(), name="sweep")

    async def _sweep(self) -> None:
        try:
            await self._sweeper.sweep()
        except Exception as error:  # noqa: BLE001 - the outer edge: the next sweep tries again
            self._metrics.errors.labels(type(error).__name__).inc()
            _log.exception("the sweep failed")
        finally:
            self._sweeping = None
            self.wake()

    def stop(self) -> None:
        self._is_stopping = True
        self.wake()

    async def _sleep(self) -> None:
        """Until somebody wakes the dispatcher, or until the next thing that is due by itself."""
        now = self._clock()
        moments = (await self._store.next_due(now), await self._store.next_issue_retry(now))
        due = min((moment for moment in moments if moment is not None), default=None)
        seconds = min(self._longest_sleep, due - now if due else self._longest_sleep).total_seconds()
        try:
            await asyncio.wait_for(self._woken.wait(), max(0.0, seconds))
        except TimeoutError:
            self.wake()

    def _begin(self, key: PullKey) -> None:
        task = asyncio.create_task(self._react(key), name=f"react {key}")
        self._running[key] = task
        task.add_done_callback(lambda _: self._ended(key))

    def _ended(self, key: PullKey) -> None:
        self._running.pop(key, None)
        self.wake()

    def _begin_on_issue(self, command: IssueCommand) -> None:
        """One command at a time per issue."""
        task = asyncio.create_task(self._answer_on_issue(command), name=f"issue {command.key}")
        self._answering[command.key] = task

        def ended(_: asyncio.Task[None]) -> None:
            self._answering.pop(command.key, None)
            self.wake()

        task.add_done_callback(ended)

    async def _answer_on_issue(self, command: IssueCommand) -> None:
        """One command on an issue with its failures noted: the outer edge again."""
        with structlog.contextvars.bound_contextvars(issue=str(command.key)):
            try:
                await self._issues.answer(command)
            except Exception as error:  # noqa: BLE001 - the outer edge: a fault on one issue stays there
                self._metrics.errors.labels(type(error).__name__).inc()
                if not isinstance(error, GitHubError):
                    _log.exception("a command on an issue failed")
                sentence = error.sentence() if isinstance(error, GitHubError) else type(error).__name__
                backoff = min(LONGEST_BACKOFF, timedelta(seconds=2 ** min(command.attempts + 1, 12)))
                retry_at = error.retry_at if isinstance(error, RateLimited) else self._clock() + backoff
                _log.warning("the command on the issue will be tried again", error=sentence)
                await self._store.postpone_issue_command(command, sentence, retry_at)

    async def _react(self, key: PullKey) -> None:
        """One reaction with its failures noted: this is the outer edge, nothing may fall through."""
        with structlog.contextvars.bound_contextvars(pull=str(key)), self._metrics.reaction_seconds.time():
            try:
                before = await self._store.pull(key)
                await self._reactor.react(key)
                await self._store.clear_failure(key)
                if before is not None and before.attempts >= TELL_AFTER:
                    await take_fault_back(self._app, self._app_id, before)
                self._metrics.reactions.labels("done").inc()
            except GitHubError as error:
                await self._failed(key, error.sentence(), error)
            except Exception as error:  # noqa: BLE001 - the outer edge: a fault in one pull request stays there
                _log.exception("reaction failed")
                await self._failed(key, f"Stepwise met a fault of its own: {type(error).__name__}", error)

    async def _failed(self, key: PullKey, sentence: str, error: Exception) -> None:
        self._metrics.reactions.labels("failed").inc()
        self._metrics.errors.labels(type(error).__name__).inc()
        row = await self._store.pull(key)
        attempts = (row.attempts if row else 0) + 1
        backoff = min(LONGEST_BACKOFF, timedelta(seconds=2 ** min(attempts, 12)))
        retry_at = error.retry_at if isinstance(error, RateLimited) else self._clock() + backoff
        _log.warning("reaction will be tried again", error=sentence, attempt=attempts, retry_at=retry_at.isoformat())
        await self._store.note_failure(key, sentence, retry_at)
        if attempts == TELL_AFTER and row is not None:
            await tell_fault(self._app, self._app_id, row, sentence)
