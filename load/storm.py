"""The storm: thousands of deliveries over a hundred pull requests; calls grow with these, not with deliveries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from load.tables import Counted, counted, exponent, show, show_kinds
from load.traffic import Sent, happenings, send, storm
from load.world import World
from tests.databases import query

SHARES = (0.1, 0.3, 1.0)


@dataclass(frozen=True, slots=True)
class Storm:
    """What one storm was and cost. `left` deliveries are stored and not handled, `lost` ones not even stored."""

    pulls: int
    sent: Sent
    calls: Counted
    seconds: float
    lost: int
    left: int


async def blow(world: World, numbers: Sequence[int], deliveries: int, what: str) -> Storm:
    """Let something happen on each of these pull requests and send so many deliveries about it."""
    events = [await happenings(world, number, what) for number in numbers]
    await world.settle()
    world.sandbox.requests.reset()
    began = time.perf_counter()
    sent = await send(world.bot.address, storm(events, deliveries))
    await world.settle()
    seconds = time.perf_counter() - began
    stored = dict(map(tuple, query(world.database_url, "SELECT guid, handled_at FROM deliveries")))
    lost = sum(guid not in stored for guid in sent.guids)
    left = sum(handled is None for handled in stored.values())
    return Storm(len(numbers), sent, counted(world.sandbox.requests.calls), seconds, lost, left)


async def measure(world: World, pulls: int, deliveries: int) -> None:
    """Storms of three sizes over all pull requests, then of one size over three numbers of them."""
    await world.running(pulls)
    numbers = sorted(world.branches)
    await blow(world, numbers, 10 * pulls, "warm")
    by_size = [await blow(world, numbers, max(1, round(deliveries * share)), f"size{share}") for share in SHARES]
    _show(
        f"Storms over {pulls} pull requests with a running plan, 64 connections, each 20th delivery sent twice", by_size
    )
    show_kinds(by_size[-1].calls)
    grows = exponent([storm.sent.accepted for storm in by_size], [storm.calls.all for storm in by_size])
    print(f"  calls grow with deliveries to the power of {grows:.2f} (0: not at all, 1: in proportion)")
    size = round(deliveries * SHARES[0])
    by_pulls = [await blow(world, numbers[: max(1, round(pulls * share))], size, f"pulls{share}") for share in SHARES]
    _show(f"Storms of {size} deliveries over some of these pull requests", by_pulls)
    grows = exponent([storm.pulls for storm in by_pulls], [storm.calls.all for storm in by_pulls])
    print(f"  calls grow with pull requests to the power of {grows:.2f}")


def _show(title: str, storms: Sequence[Storm]) -> None:
    header = [
        "deliveries", "pulls", "requests", "lost", "left", "calls", "reads", "304", "writes",
        "calls/delivery", "calls/pull", "sent in s", "done in s", "ms/delivery",
    ]  # fmt: skip
    rows = [
        [
            one.sent.accepted, one.pulls, one.sent.requests, one.lost, one.left, one.calls.all, one.calls.reads,
            one.calls.free, one.calls.writes, f"{one.calls.all / one.sent.accepted:.2f}",
            f"{one.calls.all / one.pulls:.1f}", f"{one.sent.seconds:.1f}", f"{one.seconds:.1f}",
            f"{1000 * one.seconds / one.sent.accepted:.1f}",
        ]
        for one in storms
    ]  # fmt: skip
    show(title, header, rows)
