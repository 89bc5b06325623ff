"""Workers that share a queue: each pull request is one worker's at a time, and nothing that waits is forgotten."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest

from bot.metrics import Metrics
from bot.runs.model import PullKey
from bot.service.queue import ROUTE, Bell, Timing, Worker, react_job
from bot.service.tasks import Tasks
from bot.store.agenda import Agenda
from bot.store.holds import Holds
from bot.store.queue import being_done, end_job, enqueue, open_queue
from tests.clusters import Cluster
from tests.databases import query
from tests.store.test_holds import end_sessions

pytestmark = pytest.mark.postgresql
QUICK = Timing(look=0.05, poll=0.05, after_fault=0.05, at_once=4)
PULLS = [PullKey(77, number) for number in range(1, 6)]


@dataclass
class Board:
    """What has to be done, for all workers, and who is at it. `work` is done in the middle of each reaction."""

    waiting: Counter[PullKey] = field(default_factory=Counter)
    at_it: Counter[PullKey] = field(default_factory=Counter)
    most_at_once: int = 0
    done: Counter[PullKey] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)
    unrouted: list[PullKey] = field(default_factory=list)
    work: Callable[[PullKey], Awaitable[None]] | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with self.changed, asyncio.timeout(30):
            await self.changed.wait_for(holds)


@dataclass
class BoardTasks:
    """The tasks of one worker, taken from the board."""

    board: Board
    name: str
    sweep_is_due: bool = False

    async def route(self) -> None:
        self.board.waiting.update(self.board.unrouted)
        self.board.unrouted.clear()

    async def agenda(self) -> Agenda:
        waiting = tuple(key for key, count in self.board.waiting.items() if count)
        return Agenda(has_unrouted=bool(self.board.unrouted), pulls=waiting, issues=(), next_due=None)

    def seconds_until(self, moment: datetime | None) -> float | None:
        return None

    async def is_waiting(self, key: PullKey) -> bool:
        return self.board.waiting[key] > 0

    async def react(self, key: PullKey) -> None:
        board = self.board
        board.at_it[key] += 1
        assert board.at_it[key] == 1, f"two workers at {key}"
        board.most_at_once = max(board.most_at_once, board.at_it.total())
        taken = board.waiting[key]
        try:
            await board.tell()
            await (board.work(key) if board.work else asyncio.sleep(0))
            board.waiting[key] -= taken
            board.done[key] += 1
            board.by[self.name] += 1
        finally:
            board.at_it[key] -= 1
            await board.tell()


@asynccontextmanager
async def workers(database: str, board: Board, *names: str) -> AsyncIterator[list[Worker]]:
    """Workers of that many processes, as far as the database can tell."""
    async with AsyncExitStack() as parts:
        made, running = [], []
        for name in names:
            queue, holds = open_queue(database), Holds(database)
            parts.push_async_callback(holds.close)
            await parts.enter_async_context(queue.open_async())
            tasks = cast(Tasks, BoardTasks(board, name))
            made.append(Worker(tasks, queue, holds, Metrics(), QUICK))
            running.append(asyncio.create_task(made[-1].run()))
        try:
            yield made
        finally:
            for worker in made:
                worker.stop()
            for outcome in await asyncio.gather(*running, return_exceptions=True):
                assert outcome is None, outcome


def waiting_jobs(database: str) -> int:
    (found,) = query(database, "SELECT count(*) FROM stepwise_queue.procrastinate_jobs WHERE status = 'todo'")
    return int(found[0])


def take_every_job(database: str) -> None:
    """As a worker does that dies over it."""
    query(database, "SET LOCAL search_path TO stepwise_queue; UPDATE procrastinate_jobs SET status = 'doing'")


async def test_pull_requests_are_shared_and_none_is_two_workers_at_once(database: str) -> None:
    board = Board()
    board.waiting.update(dict.fromkeys(PULLS, 3))

    async def work(_: PullKey) -> None:
        # Until others have begun too: so it shows that pull requests are side by side.
        await board.until(lambda: board.most_at_once >= 3)

    board.work = work
    async with workers(database, board, "one", "two", "three"):
        await board.until(lambda: len(board.done) == len(PULLS) and not board.waiting.total())
    assert board.most_at_once >= 3


async def test_while_deliveries_are_routed_a_pull_request_is_not_looked_at_for_each(database: str) -> None:
    board, key = Board(), PULLS[0]

    async def work(_: PullKey) -> None:
        if not board.done[key]:
            board.waiting[key] += 1
            board.unrouted.append(key)

    board.work = work
    board.waiting[key] = 1
    async with workers(database, board, "one"):
        await board.until(lambda: not board.waiting.total() and not board.unrouted)
    assert board.done[key] == 2, "what had been routed waited for the rest"


async def test_what_comes_in_during_a_reaction_waits_for_its_end(database: str) -> None:
    board, key = Board(), PULLS[0]
    go = asyncio.Event()

    async def work(_: PullKey) -> None:
        await go.wait()

    board.work = work
    board.waiting[key] = 1
    async with workers(database, board, "one", "two", "three") as made:
        await board.until(lambda: board.at_it[key] == 1)
        board.waiting[key] += 5
        for _ in range(3):
            for worker in made:
                worker.wake()
                await worker._look()
        assert board.at_it[key] == 1
        assert not board.done
        go.set()
        await board.until(lambda: not board.waiting.total())
    assert board.done[key] == 2


async def test_of_a_worker_whose_session_ends_the_reaction_stops_and_another_takes_it_over(database: str) -> None:
    board, key = Board(), PULLS[0]
    stopped: list[str] = []
    first = asyncio.Event()

    async def work(_: PullKey) -> None:
        if first.is_set():
            return
        first.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append("stopped")

    board.work = work
    board.waiting[key] = 1
    async with workers(database, board, "one", "two"):
        await board.until(first.is_set)
        end_sessions(database)
        await board.until(lambda: board.done[key] == 1)
    assert stopped == ["stopped"]


async def test_a_restart_of_the_server_loses_nothing_and_doubles_nothing(server: Cluster, database: str) -> None:
    """The assertion that matters is in `react`: never two at one pull request, whatever the server forgot."""
    board = Board()
    rounds = Counter[PullKey]()

    async def work(key: PullKey) -> None:
        rounds[key] += 1
        await asyncio.sleep(0)

    board.work = work
    async with workers(database, board, "one", "two"):
        for mode in ("immediate", "fast", "immediate"):
            board.waiting.update(dict.fromkeys(PULLS, 2))
            await board.until(lambda: board.done.total() > 0)
            await asyncio.to_thread(server.stop, mode)
            board.waiting.update(dict.fromkeys(PULLS, 1))
            await asyncio.to_thread(server.start)
            await board.until(lambda: not board.waiting.total())
            board.done.clear()


async def test_a_job_whose_worker_was_killed_holds_nothing_up(database: str) -> None:
    """What SIGKILL leaves behind: a job that is being done, says the queue, by a worker that is no more."""
    board, key = Board(), PULLS[0]
    queue = open_queue(database)
    async with queue.open_async():
        await enqueue(queue, [react_job(key)])
        take_every_job(database)
        assert list((await being_done(queue)).values()) == [react_job(key).name]
        board.waiting[key] = 1
        async with workers(database, board, "one"):
            await board.until(lambda: board.done[key] == 1)


async def test_a_job_waits_once_however_often_it_is_enqueued(database: str) -> None:
    queue = open_queue(database)
    async with queue.open_async():
        for _ in range(3):
            await enqueue(queue, [ROUTE, *map(react_job, PULLS), *map(react_job, PULLS)])
        await asyncio.gather(*(enqueue(queue, [ROUTE]) for _ in range(10)))
        assert waiting_jobs(database) == 1 + len(PULLS)


async def test_ending_a_job_twice_is_harmless(database: str) -> None:
    queue = open_queue(database)
    async with queue.open_async():
        await enqueue(queue, [ROUTE])
        take_every_job(database)
        (job_id,) = await being_done(queue)
        await end_job(queue, job_id)
        await end_job(queue, job_id)
        assert await being_done(queue) == {}


async def test_deliveries_that_come_together_ring_once(database: str) -> None:
    queue: Any = open_queue(database)
    async with queue.open_async():
        bell = Bell(queue, Metrics())
        for _ in range(100):
            bell.wake()
        ringing = asyncio.create_task(bell.run())
        async with asyncio.timeout(30):
            while not waiting_jobs(database):
                await asyncio.sleep(0)
        bell.stop()
        await ringing
        assert waiting_jobs(database) == 1
