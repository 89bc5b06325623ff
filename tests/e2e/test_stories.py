"""The stories of the demo, each played to its end: the whole path of every dialect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.demo.stage import DemoFailed, Stage
from bot.demo.stories import STORIES, StoryName, story
from tests.e2e.scenario import PAUSE_SECONDS, Scenario


class StageInOneProcess(Stage):
    """The demo's stage, over the test's own GitHub and bot: looking once is enough when nothing is left to do."""

    def __init__(self, github: Scenario, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(folder, github.sandbox.url, github.bot.address, github.sandbox.tokens, {})
        self._github = github
        self._loop = loop

    def request(self, method: str, path: str, by: str | None, body: object = None) -> Any:
        if method != "GET":
            self._pause()
        return super().request(method, path, by, body)

    def git(self, by: str, *arguments: str) -> str:
        if arguments[0] == "push":
            self._pause()
        return super().git(by, *arguments)

    def until(self, what: str, look: Callable[[], bool]) -> None:
        self._settle()
        if not look():
            raise DemoFailed(f"the pull request does not show: {what}")

    def _pause(self) -> None:
        """Nobody does two things in one second, nor before the bot has shown what came of the one before."""
        self._settle()
        self._loop.call_soon_threadsafe(self._github.sandbox.clock.advance, PAUSE_SECONDS)

    def _settle(self) -> None:
        asyncio.run_coroutine_threadsafe(self._github.settle(), self._loop).result(timeout=30)


async def play(github: Scenario, name: StoryName, *, is_autonomous: bool = False) -> list[str]:
    """Play a story; everything that it told."""
    told: list[str] = []
    folder = github.folder / "people"
    folder.mkdir()
    stage = StageInOneProcess(github, folder, asyncio.get_running_loop())
    played = story(name, is_autonomous=is_autonomous)(stage, told.append, told.append)
    try:
        await asyncio.to_thread(played.play)
    finally:
        print("\n".join(told))
    return told


@pytest.mark.parametrize("name", STORIES)
async def test_the_whole_path_of_each_dialect_ends_as_it_should(github: Scenario, name: StoryName) -> None:
    told = await play(github, name)
    assert not [line for line in told if "✗ the" in line]


async def test_an_autonomous_run_goes_on_by_itself_and_stops_at_a_red_gate(github: Scenario) -> None:
    told = await play(github, StoryName.EXEC_PLAN, is_autonomous=True)
    assert any("The autonomous run stopped" in line for line in told)
