"""The dispatcher of one process, with tasks that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from bot.metrics import Metrics
from bot.runs.model import PullKey
from bot.service import dispatch
from bot.service.dispatch import Dispatcher
from bot.store.agenda import Agenda

KEY = PullKey(1, 2)


@dataclass
class Unstorable:
    """One pull request waits for ever, since what comes of its reactions cannot be stored."""

    reactions: int = 0
    sweep_is_due: bool = False
    on_reaction: Callable[[], None] = lambda: None

    async def route(self) -> None:
        """Nothing came in."""

    async def agenda(self) -> Agenda:
        return Agenda(has_unrouted=False, pulls=(KEY,), issues=(), next_due=None)

    def seconds_until(self, moment: datetime | None) -> float | None:
        return 0.0

    async def react(self, key: PullKey) -> None:
        self.reactions += 1
        self.on_reaction()
        raise OSError("database or disk is full")


async def test_a_reaction_that_cannot_note_its_failure_is_not_begun_again_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch, "AFTER_FAULT", timedelta(days=1))
    tasks = Unstorable()
    dispatcher = Dispatcher(cast(Any, tasks), Metrics())
    running = asyncio.create_task(dispatcher.run())
    for _ in range(500):
        dispatcher.wake()
        await asyncio.sleep(0)
    assert tasks.reactions == 1
    dispatcher.stop()
    await running


async def test_a_reaction_that_cannot_note_its_failure_is_begun_again_in_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch, "AFTER_FAULT", timedelta(0))
    third = asyncio.Event()
    tasks = Unstorable(on_reaction=lambda: third.set() if tasks.reactions == 3 else None)
    dispatcher = Dispatcher(cast(Any, tasks), Metrics())
    running = asyncio.create_task(dispatcher.run())
    async with asyncio.timeout(30):
        await third.wait()
    dispatcher.stop()
    await running
