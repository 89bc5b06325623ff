"""The stories of the demo, each played to its end: the whole path of every dialect."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_ends_what_it_started_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "demo"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell that runs these tests in the background lets its children ignore Ctrl-C.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as demo:
        assert demo.stdout is not None
        started = demo.stdout.readline()
        ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", started)]
        assert len(ports) == 2, started
        assert list(tmp_path.glob("stepwise-demo-*"))
        demo.send_signal(number)
        demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert not list(tmp_path.glob("stepwise-demo-*"))
    for port in ports:
        with socket.socket() as nobody:
            assert nobody.connect_ex(("127.0.0.1", port)) != 0


def test_the_autonomous_story_is_told_of_an_exec_plan_only() -> None:
    with pytest.raises(ValueError, match="exec-plan"):
        story(StoryName.SPEC_PLAN, is_autonomous=True)
