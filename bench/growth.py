"""How each cost grows with what it depends on: the exponents as text, the curves as a picture in `docs/`.

An exponent of 1 is a cost that doubles with its size. It is that of the larger half of the sizes: what is small costs
what everything costs.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from bench.acknowledge import SQLITE, load
from bench.contestants import ROOT, Contestant, running
from bench.parsing import PATH, best_of, dense_plan_of, plan_of
from bench.payload import payload
from bench.scope import judging
from bot.plans.dialects import read
from bot.sandbox import Sandbox
from bot.sandbox.clock import Clock
from bot.sandbox.server import generate_key
from bot.store.migrate import prepare
from tests.e2e.conftest import settings_for
from tests.e2e.scenario import Scenario
from tests.e2e.whole import whole

PICTURE: Final = ROOT / "docs" / "growth.svg"
KIB: Final = (1, 4, 16, 64, 256, 1000)
FILES: Final = (100, 300, 1000, 3000, 10000, 30000)
PATTERNS: Final = (10, 40, 160, 640)
BLOCKS: Final = (4, 30, 120, 480)
COMMENTS: Final = (1, 10, 100, 400)
COMMITS: Final = (1, 10, 50, 150)
CONNECTIONS: Final = (1, 4, 16, 64, 256)
ROUNDS: Final = 3

Prepared = Callable[[Scenario, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Seconds by size. `panel` is the picture's part that it is drawn in, `of` what its size counts."""

    panel: str
    name: str
    of: str
    points: tuple[tuple[float, float], ...]

    @property
    def exponent(self) -> float:
        """The slope between logarithms, by least squares over the larger half."""
        half = self.points[len(self.points) // 2 - 1 :]
        xs, ys = [math.log(x) for x, _ in half], [math.log(y) for _, y in half]
        mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
        covered = sum((x - mean_x) ** 2 for x in xs)
        return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / covered


def main() -> None:
    print("growth: what n-fold size does to the time (an exponent of 1.0 is n-fold time)")
    curves = [*_parsing(), *_scope(), *asyncio.run(_reactions()), _acknowledging()]
    for curve in curves:
        (small, quick), (large, slow) = curve.points[0], curve.points[-1]
        what = f"{curve.panel}, {curve.name}, by {curve.of}"
        print(
            f"  {what:<58} … exponent {curve.exponent:5.2f}"
            f"  ({small:g}: {1000 * quick:.2f} ms, {large:g}: {1000 * slow:.2f} ms)"
        )
    try:
        from bench.picture import draw
    except ImportError:
        print("the picture is left out: requirements-bench.lock is not installed")
        return
    draw(curves, PICTURE)
    print(f"drawn: {PICTURE.relative_to(ROOT)}")


def _parsing() -> list[Curve]:
    curves = []
    for name, make in (("typical", plan_of), ("dense", dense_plan_of)):
        points = []
        for kib in KIB:
            raw = make(kib).encode()
            points.append((len(raw) / 1024, best_of(lambda raw=raw: read(PATH, raw), ROUNDS)))  # type: ignore[misc]
        curves.append(Curve("reading a plan", name, "KiB", tuple(points)))
    return curves


def _scope() -> list[Curve]:
    by_files = tuple((float(files), best_of(judging(files, 40), ROUNDS)) for files in FILES)
    by_patterns = tuple((float(patterns), best_of(judging(3000, patterns), ROUNDS)) for patterns in PATTERNS)
    return [
        Curve("scope", "40 patterns", "files", by_files),
        Curve("scope", "3,000 files", "patterns", by_patterns),
    ]


async def _reactions() -> list[Curve]:
    async def blocks(github: Scenario, count: int) -> None:
        await github.planned(plan_of(1, blocks=count))

    async def comments(github: Scenario, count: int) -> None:
        await github.planned()
        for number in range(count):
            await github.comment(f"Looks good so far, says {number}.", settle=False)

    async def commits(github: Scenario, count: int) -> None:
        await github.started()
        for number in range(count):
            await github.push({f"src/shop/part_{number}.py": "x = 1\n"}, message=f"B01: part {number}")

    return [
        await _curve("blocks", blocks, BLOCKS),
        await _curve("comments", comments, COMMENTS),
        await _curve("commits", commits, COMMITS),
    ]


async def _curve(of: str, prepared: Prepared, sizes: Sequence[int]) -> Curve:
    points = [(float(size), await _reaction(prepared, size)) for size in sizes]
    return Curve("a reaction to /status", of, of, tuple(points))


async def _reaction(prepared: Prepared, size: int) -> float:
    """CPU seconds of the quickest of some reactions to a command, those of the GitHub on this machine among them."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        clock = Clock()
        sandbox = await Sandbox.start(clock=clock, directory=folder / "git", private_key_pem=generate_key())
        stack.push_async_callback(sandbox.stop)
        settings = settings_for(sandbox, folder)
        prepare(settings.database_url)
        bot = await stack.enter_async_context(whole(settings, clock.precise))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        sandbox.set_webhook_url(bot.address + settings.webhook_path)
        github = Scenario(sandbox, bot, http, folder)
        await prepared(github, size)
        await github.settle()
        spans = []
        for _ in range(ROUNDS):
            began = time.process_time()
            await github.comment("/status")
            spans.append(time.process_time() - began)
        return min(spans)


def _acknowledging() -> Curve:
    body = payload()
    contestant = Contestant("stepwise, SQLite", SQLITE)
    with (
        tempfile.TemporaryDirectory(prefix="stepwise-bench-", dir="/var/tmp") as name,
        running(contestant, Path(name)) as server,
    ):
        load(server, 16, 1.0, body)
        points = tuple((float(count), 1 / load(server, count, 1.0, body).rate) for count in CONNECTIONS)
    return Curve("an acknowledgement on SQLite", "time for each", "connections", points)


def panels(curves: Sequence[Curve]) -> dict[str, list[Curve]]:
    """The curves by the part of the picture that they are drawn in."""
    found: dict[str, list[Curve]] = {}
    for curve in curves:
        found.setdefault(curve.panel, []).append(curve)
    return found
