"""A GitHub, its people and a mortal bot; after every step of a story it goes on until nothing is left to be done.

Time passes only where something waits for it: what is tried again later, and the sweep that asks for deliveries that
did not arrive. Nobody looks at the pull request before that, as people wait for an answer before they go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import aiohttp

from bot.sandbox import Sandbox
from tests.e2e.processes import settings_of
from tests.e2e.scenario import Scenario
from tests.faults.bot import Bot, Nursery
from tests.faults.clock import SharedClock
from tests.faults.commits import Doom
from tests.faults.database import Database
from tests.faults.outages import Outage
from tests.faults.people import Pushes
from tests.faults.trouble import Named, Trouble

PUBLIC_URL = "https://stepwise.example"
BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SWEEP_SECONDS = 601
LATE_SECONDS = 20
MOST_ROUNDS = 150


@dataclass(frozen=True, slots=True)
class Step:
    """What there was in one step of a story: calls, deliveries, and database commits of each process."""

    calls: tuple[Named, ...]
    deliveries: tuple[Named, ...]
    commits: dict[str, int]


@dataclass
class Stage(Scenario):
    """The scenario of the other tests, with people who wait for as long as it takes.

    `meet` is called with the number of each step that begins, and arranges what happens in it. The living one
    is doomed by `doom`, and the one after it by the bot's own; a doom at 0 is there from the start of the step.
    """

    database: Database = field(default_factory=lambda: Database(""))
    outage: Outage = field(default_factory=Outage)
    meet: Callable[[Stage, int], None] = lambda _stage, _step: None
    doom: Doom | None = None
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clones = Pushes(self.sandbox, self.folder)
        self.mortal.on_here = self.outage_begins
        self.mortal.on_hurt = self.outage_hurts

    async def outage_begins(self) -> None:
        await self.outage.begin()

    async def outage_hurts(self) -> None:
        await self.outage.hurt()

    async def next_step(self) -> None:
        """What was counted belongs to the step that ends; what is arranged now, to the one that begins."""
        trouble = self.trouble
        calls, deliveries = tuple(trouble.calls), tuple(trouble.deliveries)
        trouble.begin_step()
        self.doom = None
        self.mortal.dooms.clear()
        self.meet(self, len(self.steps) + 1)
        commits = await self.mortal.begin_step(self.doom if self.doom is not None and self.doom.at > 0 else None)
        self.steps.append(Step(calls, deliveries, commits))
        if self.doom is not None and self.doom.at == 0:
            await self.outage.begin()

    async def open(self) -> None:
        """The first life, whose start is step 0."""
        self.meet(self, 0)
        second = dict(self.mortal.dooms)
        self.mortal.dooms = {self.mortal.role_of(self.doom): self.doom} if self.doom is not None else {}
        await self.mortal.open()
        self.mortal.dooms = second
        await self.settle()

    @property
    def mortal(self) -> Bot:
        return cast(Bot, self.bot)

    @property
    def trouble(self) -> Trouble:
        return cast(Trouble, self.sandbox.faults)

    async def api(self, method: str, path: str, by: str, body: object = None) -> Any:
        self.trouble.people[method, path.partition("?")[0]] += 1
        return await super().api(method, path, by, body)

    async def wait(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await self.mortal.wake()
        await self.settle()

    async def until(self, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Let time pass until something has come about."""
        for _ in range(MOST_ROUNDS):
            if holds():
                return
            await self.wait(seconds)
        raise AssertionError("it never comes about")

    async def settle(self) -> None:
        for _ in range(MOST_ROUNDS):
            await self._quiet()
            if self.outage.is_on:
                await self.outage.end()
            elif self.sandbox.hooks.held:
                self.sandbox.clock.advance(LATE_SECONDS)
                self.sandbox.hooks.release()
            elif (seconds := self._until_more()) is not None:
                self.sandbox.clock.advance(seconds)
            else:
                await self.next_step()
                return
            await self.mortal.wake()
        waits = f"{len(self.lost())} deliveries are lost, the next try is due {self.database.next_try()}"
        raise AssertionError(f"it gets nowhere at {self.sandbox.clock.precise()}: {waits}")

    async def _quiet(self) -> None:
        """Until every webhook has been tried and the bot has nothing left to do now."""
        while True:
            before = self._happened()
            await self.sandbox.settle()
            await self.mortal.until_idle()
            await self.sandbox.settle()
            if self._happened() == before:
                return

    def _happened(self) -> tuple[int, int, int]:
        return len(self.sandbox.requests.calls), len(self.sandbox.hooks.attempts), self.mortal.deaths

    def _until_more(self) -> float | None:
        """Seconds until the bot tries something again or asks for what was lost; None when it has no reason to."""
        due = self.database.next_try()
        moments = [] if due is None else [max(0.001, (due - self.sandbox.clock.precise()).total_seconds())]
        return min([*moments, *([SWEEP_SECONDS] if self.lost() else [])], default=None)

    def lost(self) -> set[str]:
        """The deliveries that were tried and never accepted."""
        attempts = self.sandbox.hooks.attempts
        accepted = {one.event.guid for one in attempts if one.status == "OK"}
        return {one.event.guid for one in attempts} - accepted


@asynccontextmanager
async def staged(
    nursery: Nursery,
    app_key: str,
    folder: Path,
    database: Database,
    *,
    outage: Outage | None = None,
    meet: Callable[[Stage, int], None] = lambda _stage, _step: None,
    is_impatient: bool = False,
) -> AsyncIterator[Stage]:
    """A stage with a bot that is alive, on a database without anything in it."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = SharedClock(folder / "clock", BEGINNING)
    sandbox = await Sandbox.start(private_key_pem=app_key, clock=clock, directory=folder / "git")
    trouble = Trouble()
    sandbox.hub.faults = sandbox.hub.hooks.faults = trouble
    settings = settings_of(sandbox, folder, PUBLIC_URL=PUBLIC_URL, OIDC_ISSUER=sandbox.url, DATABASE_URL=database.url)
    mortal = Bot(nursery, sandbox, folder, settings, is_impatient=is_impatient)
    trouble.kill = mortal.kill
    try:
        async with aiohttp.ClientSession() as http:
            stage = Stage(
                sandbox, cast(Any, mortal), http, folder, database=database, outage=outage or Outage(), meet=meet
            )
            try:
                await stage.open()
                yield stage
            finally:
                await mortal.close()
    finally:
        await sandbox.stop()
        await asyncio.sleep(0)
