"""The in-process dispatcher: one reaction at a time per pull request, several pull requests side by side.

Races met here: a delivery that arrives while its pull request is being reacted to is taken by the next pass (the
key goes back into the queue when the reaction ends); a storm of deliveries for one pull request is one or two
reactions; what a crash leaves between inbox and reaction is found by the first round after the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog

from bot.metrics import Metrics
from bot.runs.model import PullKey
from bot.service.sole import sole_reactor
from bot.service.tasks import Tasks

AT_ONCE: Final = 8
# Another process may have stored a delivery for this one to react to.
LONGEST_SLEEP: Final = timedelta(seconds=5)
AFTER_FAULT: Final = timedelta(seconds=2)
_Running = dict[PullKey, asyncio.Task[None]]
_log = structlog.get_logger()


class Dispatcher:
    """Runs reactions until stopped. `wake` may be called from anywhere in the event loop, as often as one likes."""

    def __init__(self, tasks: Tasks, metrics: Metrics, longest_sleep: timedelta = LONGEST_SLEEP) -> None:
        self._tasks = tasks
        self._metrics = metrics
        self._longest_sleep = longest_sleep
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._running: _Running = {}
        self._answering: _Running = {}
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
                await self._sleep(await self._round())
            except Exception as error:  # noqa: BLE001 - the outer edge: the loop outlives a database that is away
                self._metrics.errors.labels(type(error).__name__).inc()
                _log.exception("the dispatcher's round failed")
                await asyncio.sleep(AFTER_FAULT.total_seconds())
                self.wake()
        running = [*self._running.values(), *self._answering.values(), *([self._sweeping] if self._sweeping else [])]
        if running:
            await asyncio.wait(running)

    def stop(self) -> None:
        self._is_stopping = True
        self.wake()

    async def _round(self) -> float | None:
        """Route what came in, and begin a reaction for every pull request that waits and is not being reacted to.

        How many seconds until the next thing is due by itself, None when nothing will be.
        """
        self._woken.clear()
        self._sweep_if_due()
        agenda = await self._tasks.agenda()
        if agenda.has_unrouted:
            await self._tasks.route()
            agenda = await self._tasks.agenda()
        for key in agenda.pulls:
            self._begin(self._running, key, partial(self._tasks.react, key))
        if agenda.issues:
            for command in await self._tasks.asked():
                self._begin(self._answering, command.key, partial(self._tasks.answer, command))
        if agenda.is_empty and not (self._running or self._answering or self._sweeping or self._woken.is_set()):
            self._idle.set()
        return self._tasks.seconds_until(agenda.next_due)

    def _sweep_if_due(self) -> None:
        """The sweep asks GitHub, which may be slow: it runs beside the rounds, one at a time."""
        if self._sweeping is None and self._tasks.sweep_is_due:
            self._sweeping = asyncio.create_task(self._sweep(), name="sweep")

    async def _sweep(self) -> None:
        await self._tasks.sweep()
        self._sweeping = None
        self.wake()

    async def _sleep(self, due: float | None) -> None:
        """Until somebody wakes the dispatcher, or until the next thing that is due by itself."""
        longest = self._longest_sleep.total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(longest if due is None else min(longest, due)):
                await self._woken.wait()
        # Whoever waits for idleness waits for a round that begins now.
        self._idle.clear()

    def _begin(self, running: _Running, key: PullKey, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """One task at a time per pull request or issue, and not too many at once."""
        if key in running or len(running) >= AT_ONCE:
            return
        task = asyncio.create_task(work(), name=f"{key}")
        running[key] = task

        def let_go() -> None:
            running.pop(key, None)
            self.wake()

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                # It could not even note its failure, so that nothing says when to try again: a database that takes
                # nothing must not make this ask GitHub the same things in a circle.
                _log.error("a task failed", task=task.get_name(), error=repr(error))
                asyncio.get_running_loop().call_later(AFTER_FAULT.total_seconds(), let_go)
            else:
                let_go()

        task.add_done_callback(ended)
