"""Huge pull requests: at GitHub's limits everything is seen, above them nothing passes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.control import set_ci
from load.tables import Counted, counted, show
from load.world import REPOSITORY, World
from tests.e2e.scenario import block_files


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody did, the bot's calls for it, and what its checks said then."""

    what: str
    counts: Counted
    seconds: float
    scope: str


@dataclass(frozen=True, slots=True)
class Size:
    """How large a pull request is; GitHub lists 3,000 files and 250 commits at most."""

    files: int = 3000
    commits: int = 250
    comments: int = 1000


async def walk(world: World, size: Size) -> list[Step]:
    """Start a run, grow the pull request to that size, and go on with it."""
    steps: list[Step] = []
    number = await world.opened()
    await world.settle()

    async def step(what: str, do: Callable[[], Awaitable[object]]) -> None:
        world.sandbox.requests.reset()
        began = time.perf_counter()
        await do()
        await world.settle()
        counts = counted(world.sandbox.requests.calls)
        steps.append(Step(what, counts, time.perf_counter() - began, conclusion(world, number, "stepwise/scope")))

    def filler(count: int) -> dict[str, str]:
        return {f"src/shop/many/part{index // 100:03d}/file{index:05d}.py": f"N = {index}\n" for index in range(count)}

    async def push(files: Mapping[str, str | None], commits: int = 1, *, green: bool = False) -> None:
        head = world.push(number, files, commits=commits)
        if green:
            set_ci(world.sandbox.hub, world.repo, head, "tests", "success")

    for index in range(size.comments):
        await world.api("POST", f"/repos/{REPOSITORY}/issues/{number}/comments", "rita", {"body": f"Remark {index}"})
    await step(f"{size.comments} comments that are no commands", _nothing)
    await step("/execute", lambda: world.comment(number, "/execute"))
    # The plan and its index, the record and a file or two of the block are files of the pull request as well.
    many = size.files - 10
    await step(f"a push of {size.commits - 10} commits", lambda: push(block_files("B01"), size.commits - 10))
    await step(f"a push of {many} files", lambda: push(filler(many)))
    await step("one more push, and a green check", lambda: push({"src/shop/step.py": "STEP = 'last'\n"}, green=True))
    await step("/approve", lambda: world.comment(number, "/approve"))
    await step("the last file is out of scope", lambda: push({"zzz/last.py": "OUT = 1\n"}, green=True))
    await step("/approve", lambda: world.comment(number, "/approve"))
    gone: dict[str, str | None] = {"zzz/last.py": None}
    await step("it is gone, and many commits more", lambda: push(gone, size.commits, green=True))
    await step("/approve", lambda: world.comment(number, "/approve"))
    await step(f"{size.files + 20} files", lambda: push(filler(size.files + 20), green=True))
    await step("/approve", lambda: world.comment(number, "/approve"))
    return steps


def conclusion(world: World, number: int, name: str) -> str:
    """What the newest check of that name concluded on a pull request's head, with its title."""
    head = world.head(number)
    runs = [run for run in world.repo.check_runs.values() if run.suite.head_sha == head and run.name == name]
    return f"{runs[-1].conclusion}: {runs[-1].title}" if runs else "not shown"


async def measure(world: World, size: Size) -> None:
    """Print what each step of a huge pull request costs and what came of it."""
    steps = await walk(world, size)
    header = ["step", "seconds", "calls", "reads", "304", "writes", "stepwise/scope"]
    rows = [
        [
            one.what, f"{one.seconds:.1f}", one.counts.all, one.counts.reads, one.counts.free, one.counts.writes,
            one.scope,
        ]
        for one in steps
    ]  # fmt: skip
    show(f"A pull request with {size.files} files, {size.commits} commits, {size.comments} comments", header, rows)
    print("  what was replied to each /approve that was refused:")
    for said in world.said(max(world.branches))[1:]:
        if "was refused" in said:
            print("    " + said.splitlines()[0][:200])


async def _nothing() -> None:
    pass
