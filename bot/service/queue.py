"""Reactions as jobs in PostgreSQL's queue, done by any number of processes.

The queue says what is to be done where; the store says what has to be done at all. A job that is lost costs time: every
worker looks into the store now and then and enqueues what waits there. A job that is there twice, or that is taken up
by two workers because one was thought dead, costs nothing: who does not hold the pull request leaves it alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from procrastinate import App

from bot.metrics import Metrics
from bot.runs.model import PullKey
from bot.service.tasks import Tasks
from bot.store.agenda import Agenda
from bot.store.errors import StoreError
from bot.store.holds import HoldLost, Holds
from bot.store.queue import QUEUE, Job, being_done, end_job, enqueue

ROUTE: Final = Job("route", "route")
# A pull request whose deliveries never end must not keep a place for ever.
ROUNDS: Final = 20
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timing:
    """In seconds: the longest sleep between two looks into the store, and into the queue; the pause after a database
    that was away. `at_once` is how many jobs a worker does side by side."""

    look: float = 5.0
    poll: float = 1.0
    after_fault: float = 2.0
    at_once: int = 8


TIMING: Final = Timing()


def react_job(key: PullKey) -> Job:
    return Job("react", f"pull {key}", (("repository_id", key.repository_id), ("number", key.number)))


def answer_job(key: PullKey) -> Job:
    return Job("answer", f"issue {key}", (("repository_id", key.repository_id), ("number", key.number)))


def _jobs(agenda: Agenda) -> list[Job]:
    route = [ROUTE] if agenda.has_unrouted else []
    return [*route, *map(react_job, agenda.pulls), *map(answer_job, agenda.issues)]


class Bell:
    """In the process that takes deliveries in: tells the workers that there are some."""

    def __init__(self, queue: App, metrics: Metrics) -> None:
        self._queue = queue
        self._metrics = metrics
        self._woken = asyncio.Event()
        self._is_stopping = False

    def wake(self) -> None:
        """A delivery was stored."""
        self._woken.set()

    def stop(self) -> None:
        self._is_stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Ring until `stop`: once for all deliveries that came in since the last time."""
        while not self._is_stopping:
            await self._woken.wait()
            self._woken.clear()
            try:
                await enqueue(self._queue, [ROUTE])
            except StoreError as error:
                # The deliveries are safe: a worker's next look finds them.
                self._metrics.errors.labels("queue").inc()
                _log.warning("workers could not be told of a delivery", error=str(error))


class Worker:
    """Does jobs until stopped. One queue, one set of holds and one look at the store for each process."""

    def __init__(self, tasks: Tasks, queue: App, holds: Holds, metrics: Metrics, timing: Timing = TIMING) -> None:
        self._tasks = tasks
        self._queue = queue
        self._holds = holds
        self._metrics = metrics
        self._timing = timing
        self._woken = asyncio.Event()
        self._changed = asyncio.Event()
        self._running = 0
        self._suspects: set[int] = set()
        self._was_unrouted = False
        self._sweeping: asyncio.Task[None] | None = None
        self._is_stopping = asyncio.Event()
        for name, work in (("route", self._route), ("react", self._react), ("answer", self._answer)):
            queue.task(name=name, queue=QUEUE)(work)

    def wake(self) -> None:
        """Look into the store now."""
        self._woken.set()

    def stop(self) -> None:
        self._is_stopping.set()
        self._woken.set()

    async def until_idle(self) -> None:
        """Wait until nothing is left to do now: what waits for its time does not count."""
        while self._woken.is_set() or self._running or self._sweeping or not (await self._tasks.agenda()).is_empty:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._timing.poll)

    async def run(self) -> None:
        """Work until `stop`; then finish what runs and leave the rest in the database."""
        self.wake()
        looking = asyncio.create_task(self._look_until_stopped(), name="look")
        while not self._is_stopping.is_set():
            working = asyncio.create_task(self._work(), name="worker")
            stopping = asyncio.create_task(self._is_stopping.wait())
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            working.cancel()
            await asyncio.wait({working})
            if not working.cancelled() and (error := working.exception()) is not None:
                self._note(error, "the worker lost its queue")
            if not self._is_stopping.is_set():
                await asyncio.sleep(self._timing.after_fault)
        await looking
        if self._sweeping is not None:
            await self._sweeping

    async def _work(self) -> None:
        """Do jobs until cancelled; then what runs is finished."""
        await self._queue.run_worker_async(
            queues=[QUEUE],
            concurrency=self._timing.at_once,
            fetch_job_polling_interval=self._timing.poll,
            delete_jobs="always",
            install_signal_handlers=False,
        )

    async def _look_until_stopped(self) -> None:
        while not self._is_stopping.is_set():
            try:
                self._woken.clear()
                seconds = self._tasks.seconds_until(await self._look())
            except Exception as error:  # noqa: BLE001 - the outer edge: it outlives a database that is away
                self._note(error, "the worker could not look into the store")
                seconds = self._timing.after_fault
            self._changed.set()
            longest = self._timing.look
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), longest if seconds is None else min(longest, seconds))

    async def _look(self) -> datetime | None:
        """Enqueue what has to be done: what a crash, a lost job or the passing of time has left in the store.

        The next moment at which something becomes due by itself.
        """
        if self._sweeping is None and self._tasks.sweep_is_due:
            self._sweeping = asyncio.create_task(self._sweep(), name="sweep")
        being = await self._end_abandoned()
        agenda = await self._tasks.agenda()
        # Routing comes first, and brings the pull requests when it is done; unless it gets nowhere.
        is_stuck = self._was_unrouted and ROUTE.name not in being
        self._was_unrouted = agenda.has_unrouted
        await enqueue(self._queue, [ROUTE] if agenda.has_unrouted and not is_stuck else _jobs(agenda))
        return agenda.next_due

    async def _end_abandoned(self) -> set[str]:
        """End jobs whose worker died, or lost them when the database went away: their locks hold up what comes after.

        Such a job is being done, says the queue, and at two looks nobody holds what it is about. Returns what the
        others are about that are being done.
        """
        being = await being_done(self._queue)
        unheld = {job_id for job_id, name in being.items() if await self._holds.is_free(name)}
        for job_id in unheld & self._suspects:
            _log.warning("a job was abandoned: it is begun again", name=being[job_id])
            await end_job(self._queue, job_id)
        self._suspects = unheld - self._suspects
        return {name for job_id, name in being.items() if job_id not in unheld}

    async def _sweep(self) -> None:
        """The sweep asks GitHub, which may be slow: it runs beside the looks, one at a time."""
        await self._tasks.sweep()
        self._sweeping = None
        self.wake()

    async def _route(self) -> None:
        async def route() -> bool:
            await self._tasks.route()
            agenda = await self._tasks.agenda()
            await enqueue(self._queue, _jobs(agenda))
            return agenda.has_unrouted

        await self._alone(ROUTE.name, route)

    async def _react(self, repository_id: int, number: int) -> None:
        key = PullKey(repository_id, number)

        async def react() -> bool:
            # A job outlives what it was for when the reaction before it took that along.
            if not await self._tasks.is_waiting(key):
                return False
            await self._tasks.react(key)
            # In a storm each delivery that has been routed would be a pass of its own: whoever routes the others brings
            # the pull request back when all of them can be taken together.
            return not (await self._tasks.agenda()).has_unrouted

        await self._alone(react_job(key).name, react)

    async def _answer(self, repository_id: int, number: int) -> None:
        key = PullKey(repository_id, number)

        async def answer() -> bool:
            for command in await self._tasks.asked():
                if command.key == key:
                    await self._tasks.answer(command)
                    return True
            return False

        await self._alone(answer_job(key).name, answer)
        await enqueue(self._queue, _jobs(await self._tasks.agenda()))

    async def _alone(self, name: str, work: Callable[[], Awaitable[bool]]) -> None:
        """Work while there is something to do, if nobody else does: the lock of a job whose worker was thought dead
        has been given away, its hold has not."""
        with self._working(), suppress(HoldLost):
            async with self._holds.holding(name) as is_mine:
                if not is_mine:
                    _log.info("another worker is at it", name=name)
                    return
                for _ in range(ROUNDS):
                    if not await work():
                        return

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._changed.set()

    def _note(self, error: BaseException, what: str) -> None:
        self._metrics.errors.labels(type(error).__name__).inc()
        _log.error(what, error=repr(error))
