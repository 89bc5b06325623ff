"""A GitHub in trouble, people who wait until the bot has got through, and a bot that loses no time in finding out."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from bot.cli import serve
from bot.github.app import GitHubApp
from bot.github.exchange import Timeouts
from bot.sandbox import Sandbox
from bot.sandbox.clock import Clock
from bot.sandbox.faults import ApiAction, Faults
from bot.sandbox.hub import Logged
from tests.databases import query, url_for
from tests.e2e.calls import BOT
from tests.e2e.conftest import settings_for
from tests.e2e.scenario import Scenario
from tests.e2e.story import patient
from tests.e2e.whole import whole

NOT_OURS = {"message": "Resource not accessible by integration", "documentation_url": "https://docs.github.com/rest"}
MOST_TRIES = 150


@dataclass
class Trouble(Faults):
    """The rules are for the bot's calls; people's own are let through."""

    people: Counter[tuple[str, str]] = field(default_factory=Counter)

    def for_call(self, method: str, path: str) -> ApiAction | None:
        if self.people[method, path] > 0:
            self.people[method, path] -= 1
            return None
        return super().for_call(method, path)


@dataclass
class Waiting(Scenario):
    """People who wait until the bot has got through."""

    @property
    def trouble(self) -> Trouble:
        return cast(Trouble, self.sandbox.faults)

    async def api(self, method: str, path: str, by: str, body: object = None) -> Any:
        self.trouble.people[method, path.partition("?")[0]] += 1
        return await super().api(method, path, by, body)

    async def settle(self) -> None:
        await super().settle()
        for _ in range(MOST_TRIES):
            if (seconds := self.until_next_try()) is None:
                break
            self.sandbox.clock.advance(seconds)
            self.bot.dispatcher.wake()
            await super().settle()
        else:
            raise AssertionError("it tries and tries and gets nowhere")

    def bot_calls(self) -> list[Logged]:
        """What the bot sent for its installation; the App itself has a limit of its own."""
        return [call for call in self.sandbox.requests.calls if call.actor == BOT]

    def until_next_try(self) -> float | None:
        """Seconds until the bot tries something again; None when nothing is left to be tried."""
        tries = query(
            url_for(self.folder),
            "SELECT retry_at, NULL FROM pulls WHERE attempts > 0 UNION ALL "
            "SELECT retry_at, not_before FROM effects JOIN pulls USING (repository_id, number) "
            "WHERE finished_at IS NULL",
        )
        now = self.sandbox.clock.precise()
        due = [max((moment(at) for at in both if at), default=now) for both in tries]
        return max(0.001, (min(due) - now).total_seconds()) if due else None


def moment(stored: datetime | str) -> datetime:
    """SQLite gives times as text without a zone."""
    return (datetime.fromisoformat(stored) if isinstance(stored, str) else stored).replace(tzinfo=UTC)


@asynccontextmanager
async def troubled(app_key: str, folder: Path) -> AsyncIterator[Waiting]:
    """A GitHub that can be in trouble, and a bot that loses no time in finding out."""

    async def no_pause(_seconds: float) -> None:
        """Reads are asked again at once here."""

    clock = Clock()
    clock.freeze(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    sandbox = await Sandbox.start(private_key_pem=app_key, clock=clock, directory=folder / "git")
    sandbox.hub.faults = sandbox.hub.hooks.faults = Trouble()
    settings = settings_for(sandbox, folder)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(serve, "GitHubApp", partial(GitHubApp, timeouts=Timeouts(2.0, 0.5), pause=no_pause))
            async with whole(settings, clock.precise) as bot, aiohttp.ClientSession() as http:
                sandbox.set_webhook_url(bot.address + settings.webhook_path)
                scenario = Waiting(sandbox, bot, http, folder)
                await patient(scenario)
                yield scenario
    finally:
        await sandbox.stop()


async def look_on(github: Waiting, minutes: int) -> None:
    """Time passes, and with it whatever is tried again."""
    for _ in range(minutes):
        await Scenario.settle(github)
        github.sandbox.clock.advance(60)
        github.bot.dispatcher.wake()
    await Scenario.settle(github)


async def told(github: Waiting) -> list[str]:
    return [one.body for one in await github.comments() if "stepwise:fault" in one.body]
