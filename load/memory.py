"""Memory: an hour's worth of traffic at compressed time, and how the bot's resident memory grows with it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from load.bots import resident
from load.tables import counted, show, slope
from load.traffic import happenings, send, storm
from load.world import World
from tests.databases import query

MINUTES = 60
SAMPLE_EVERY = 200
MEBIBYTE = 1024 * 1024
COMMANDS = ("/status", "/pause", "/resume", "/approve", "/retry")


@dataclass(frozen=True, slots=True)
class Sample:
    """After so many deliveries of the traffic, the memory of all the bot's processes, in MiB."""

    deliveries: int
    resident: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """What came of it: samples, calls to GitHub, how many deliveries are left, seconds it took."""

    samples: list[Sample]
    calls: int
    left: int
    seconds: float

    def growth(self) -> float:
        """MiB per 1,000 deliveries, of the line through the samples of the second half: the first one warms up."""
        late = self.samples[len(self.samples) // 2 :]
        return 1000 * slope([one.deliveries for one in late], [one.resident for one in late])


async def traffic(world: World, deliveries: int, minutes: int) -> Traffic:
    """So many deliveries an hour, minute by minute: pushes, checks, comments, commands, and sweeps every ten."""
    began = time.perf_counter()
    numbers = sorted(world.branches)
    samples: list[Sample] = []
    sent, sampled, calls = 0, 0, 0
    per_minute = deliveries // MINUTES
    for minute in range(minutes):
        # Each minute something new happens on a few pull requests; the others are talked about.
        busy = [numbers[(minute * 3 + index) % len(numbers)] for index in range(min(3, len(numbers)))]
        events = [await happenings(world, number, f"minute{minute}") for number in busy]
        sent += (await send(world.bot.address, storm(events, per_minute), 8)).accepted
        await world.comment(numbers[minute % len(numbers)], COMMANDS[minute % len(COMMANDS)])
        await world.settle()
        await world.advance(60)
        await world.settle()
        calls += counted(world.sandbox.requests.calls).all
        _forget(world)
        if sent >= sampled + SAMPLE_EVERY or minute == minutes - 1:
            sampled = sent
            samples.append(Sample(sent, sum(resident(pid) for pid in world.bot.pids) / MEBIBYTE))
    left = query(world.database_url, "SELECT COUNT(*) FROM deliveries WHERE handled_at IS NULL")[0][0]
    return Traffic(samples, calls, int(left), time.perf_counter() - began)


async def measure(world: World, pulls: int, deliveries: int, hours: int) -> None:
    """Print the bot's memory along the way."""
    await world.running(pulls)
    found = await traffic(world, deliveries, hours * MINUTES)
    rows = [[one.deliveries, f"{one.resident:.1f}"] for one in found.samples]
    title = f"Memory of the bot over {hours} h of traffic on {pulls} pull requests, {deliveries} deliveries an hour"
    show(title, ["deliveries", "resident MiB"], rows)
    print(f"  {found.calls} calls to GitHub, {found.left} deliveries left, {found.seconds:.0f} s")
    print(f"  growth in the second half: {found.growth():+.2f} MiB per 1,000 deliveries")


def _forget(world: World) -> None:
    """The sandbox keeps a log of everything; that is not what is measured, but it shares the machine."""
    world.sandbox.requests.reset()
    del world.sandbox.hooks.attempts[:-500]
