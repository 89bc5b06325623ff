"""The sweep: many pull requests with a live run in one repository, looked at within the hourly rate limit."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from load.copies import copied
from load.tables import Counted, counted, show, show_kinds
from load.world import World
from tests.databases import query

HOUR = 3600
EVERY = 600
ANSWER_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A command on the last pull request, given while a sweep was under way."""

    seconds: float
    calls_before: int


@dataclass(frozen=True, slots=True)
class Swept:
    """One sweep: the bot's calls, the pull requests it looked at, and what was left of the hour's calls then."""

    counts: Counted
    looked: frozenset[int]
    left_of_hour: int
    seconds: float
    answered: Answered | None = None

    @property
    def looked_at(self) -> int:
        return len(self.looked)


async def first_sweep(world: World, *, with_command: bool) -> Swept:
    """Begin a bot that knows nothing but its database, and wait until its first sweep is done."""
    world.sandbox.requests.reset()
    began = time.perf_counter()
    await world.start()
    await world.bot.advance(0)
    answered = await _answered(world) if with_command else None
    await world.settle()
    return _swept(world, began, answered)


async def next_sweep(world: World) -> Swept:
    """Let ten minutes pass, and wait until what follows from that is done."""
    world.sandbox.requests.reset()
    began = time.perf_counter()
    await world.advance(EVERY)
    await world.settle()
    return _swept(world, began, None)


async def an_hour(world: World) -> list[Swept]:
    """The sweep at the start, with a command in its middle, and those of the hour after it."""
    return [await first_sweep(world, with_command=True)] + [await next_sweep(world) for _ in range(HOUR // EVERY - 1)]


def unfinished(world: World) -> int:
    """Pull requests whose last look failed."""
    return int(query(world.database_url, "SELECT COUNT(*) FROM pulls WHERE attempts > 0 OR retry_at IS NOT NULL")[0][0])


async def many(world: World, pulls: int) -> None:
    """Pull requests with a live run on which nothing happens; the bot is ended."""
    await world.running(1)
    # Nothing reports on the head: after ten minutes it is looked at for that, and for nothing after it.
    for _ in range(2):
        await next_sweep(world)
    await world.stop()
    copied(world, min(world.branches), pulls - 1)


async def measure(world: World, pulls: int) -> None:
    """An hour of sweeps at 5,000 calls; then a start with so few calls left that they run out in the middle."""
    began = time.perf_counter()
    await many(world, pulls)
    print(f"{pulls} pull requests with a live run made in {time.perf_counter() - began:.0f} s")
    world.limit(5000)
    sweeps = await an_hour(world)
    header = ["sweep", "pulls", "looked at", "calls", "304", "charged", "writes", "left of 5,000", "seconds"]
    rows = [
        [
            f"{10 * index} min", pulls, one.looked_at, one.counts.all, one.counts.free, one.counts.charged,
            one.counts.writes, one.left_of_hour, f"{one.seconds:.1f}",
        ]
        for index, one in enumerate(sweeps)
    ]  # fmt: skip
    show(f"An hour of sweeps over {pulls} pull requests with a live run, at 5,000 calls an hour", header, rows)
    show_kinds(sweeps[0].counts)
    charged, answered = sum(one.counts.charged for one in sweeps), sweeps[0].answered
    print(f"  charged in the hour: {charged} of 5,000 calls; looks that failed: {unfinished(world)}")
    if answered is not None:
        print(
            f"  a command in the first one: answered after {answered.seconds:.1f} s and {answered.calls_before} calls"
        )
    await run_out(world)


async def run_out(world: World) -> None:
    """The limit is hit in the middle of a sweep; after its reset everything goes on."""
    await world.stop()
    lost = max(world.branches)
    head = world.push(lost, {"src/shop/lost.py": "LOST = 1\n"})
    await world.sandbox.settle()
    few = 40
    world.limit(few)
    stopped = await first_sweep(world, with_command=False)
    waiting = unfinished(world)
    world.sandbox.hub.rate_limit = 5000
    world.sandbox.requests.reset()
    began = time.perf_counter()
    await world.advance(HOUR)
    await world.settle()
    after = _swept(world, began, None)
    for _ in range(3):
        await next_sweep(world)
    runs = [run for run in world.repo.check_runs.values() if run.suite.head_sha == head]
    header = ["", "looked at", "calls", "charged", "looks that wait", "seconds"]
    rows = [
        [f"start with {few} calls left", stopped.looked_at, stopped.counts.all, stopped.counts.charged, waiting,
         f"{stopped.seconds:.1f}"],
        ["after the reset", after.looked_at, after.counts.all, after.counts.charged, unfinished(world),
         f"{after.seconds:.1f}"],
    ]  # fmt: skip
    show("The limit is hit in the middle of a sweep", header, rows)
    print(f"  a push that came while the bot was away was shown afterwards: {'yes' if len(runs) >= 4 else 'NO'}")


async def _answered(world: World) -> Answered:
    """Wait for the first look, give a command on the last pull request, and wait for its answer."""
    number = max(world.branches)
    calls = world.sandbox.requests.calls
    async with asyncio.timeout(ANSWER_SECONDS):
        while not any(call.route.endswith("/pulls/{number}") for call in calls):
            await asyncio.sleep(0.01)
        began, made, said = time.perf_counter(), len(calls), len(world.said(number))
        await world.comment(number, "/status", by="rita")
        while len(world.said(number)) == said:
            await asyncio.sleep(0.01)
    return Answered(time.perf_counter() - began, len(calls) - made)


def _swept(world: World, began: float, answered: Answered | None) -> Swept:
    calls = world.sandbox.requests.calls
    looks = [call for call in calls if call.method == "GET" and call.route.endswith("/pulls/{number}")]
    looked = frozenset(int(call.path.rpartition("/")[2]) for call in looks)
    windows = world.sandbox.hub.windows
    left = min((one.limit - one.used for name, one in windows.items() if name.startswith("installation")), default=0)
    return Swept(counted(calls), looked, left, time.perf_counter() - began, answered)
