"""SIGKILL at any moment: started again on the same database, the bot ends where it would have ended undisturbed."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from bot.sandbox import Reset, Sandbox
from bot.sandbox.faults import ApiAction, Faults
from tests.e2e.processes import MortalBot, Nursery
from tests.e2e.scenario import Scenario
from tests.e2e.story import difference, left, walk

NUMBER = re.compile(r"/[0-9]+(?=/|$)")


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.close()


@dataclass
class Killer(Faults):
    """Kills the bot while the sandbox has one of its writes in hand; people's own calls are let through.

    In each step of the story it kills once per kind of write, at the `nth` of that kind. `after`: the bot dies when
    what it asked for has been done, but before it hears of it.
    """

    bot: MortalBot | None = None
    nth: int = 0
    after: bool = False
    kinds: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    in_this_step: Counter[str] = field(default_factory=Counter)
    people: Counter[tuple[str, str]] = field(default_factory=Counter)

    def for_call(self, method: str, path: str) -> ApiAction | None:
        if self.people[method, path] > 0:
            self.people[method, path] -= 1
            return None
        if method == "GET" or self.bot is None:
            return None
        kind = f"{method} {NUMBER.sub('/N', path)}"
        self.kinds[kind] += 1
        self.in_this_step[kind] += 1
        if self.in_this_step[kind] != self.nth:
            return None
        assert self.bot.life is not None
        self.bot.life.kill()
        self.killed[kind] += 1
        return Reset(after=self.after)


@dataclass
class People(Scenario):
    """The scenario's people, whose calls the killer knows."""

    after_settling: Callable[[], None] = lambda: None

    @property
    def killer(self) -> Killer:
        return cast(Killer, self.sandbox.faults)

    async def api(self, method: str, path: str, by: str, body: object = None) -> Any:
        self.killer.people[method, path.partition("?")[0]] += 1
        return await super().api(method, path, by, body)

    async def settle(self) -> None:
        await super().settle()
        self.killer.in_this_step.clear()
        self.after_settling()


@asynccontextmanager
async def mortal(
    nursery: Nursery, app_key: str, folder: Path, fate: Callable[[], int | None] = lambda: None
) -> AsyncIterator[tuple[People, MortalBot, Killer]]:
    sandbox = await Sandbox.start(private_key_pem=app_key, directory=folder / "git")
    killer = Killer()
    sandbox.hub.faults = sandbox.hub.hooks.faults = killer
    bot = MortalBot(nursery, sandbox, folder, fate)
    try:
        async with aiohttp.ClientSession() as http:
            await bot.open()
            killer.bot = bot
            try:
                yield People(sandbox, cast(Any, bot), http, folder), bot, killer
            finally:
                await bot.close()
    finally:
        await sandbox.stop()


@pytest.fixture(scope="session")
def undisturbed(nursery: Nursery, app_key: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Where the story ends when nobody is killed, and how many writes of which kind it takes."""

    async def look() -> dict[str, Any]:
        async with mortal(nursery, app_key, tmp_path_factory.mktemp("undisturbed")) as (github, bot, killer):
            end = await left(github, await walk(github))
            assert bot.deaths == 0
            return {"end": end, "kinds": killer.kinds}

    return asyncio.run(look())


async def test_the_undisturbed_story_ends_well(undisturbed: dict[str, Any]) -> None:
    end = undisturbed["end"]
    assert [reactions for _, reactions in end["reactions"]] == [["+1"]] * 4
    assert [head for _, head, _, _ in end["pulls"]].count("stepwise/closeout/2026-01-checkout-totals") == 1
    assert undisturbed["kinds"].total() > 40


@pytest.mark.parametrize(
    ("nth", "after"),
    [(1, False), (1, True), (3, True)],
    ids=["before the first", "after the first", "after the third"],
)
async def test_killed_at_every_kind_of_write_in_every_step(
    nth: int, after: bool, nursery: Nursery, app_key: str, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    async with mortal(nursery, app_key, tmp_path) as (github, bot, killer):
        killer.nth, killer.after = nth, after
        end = await left(github, await walk(github))
        assert difference(end, undisturbed["end"]) == ""
        assert bot.deaths == killer.killed.total() > 4
        if nth == 1:
            assert set(killer.killed) >= set(undisturbed["kinds"])


async def test_killed_before_database_commits(
    nursery: Nursery, app_key: str, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    """Each life gets some commits further than the one before; who survives a step of the story is followed by a new
    row of short lives."""
    fates = itertools.count(1, 4)
    async with mortal(nursery, app_key, tmp_path, lambda: next(fates)) as (github, bot, _):

        def begin_again() -> None:
            nonlocal fates
            fates = itertools.count(1, 4)

        github.after_settling = begin_again
        end = await left(github, await walk(github))
        assert difference(end, undisturbed["end"]) == ""
        assert bot.deaths > 20
