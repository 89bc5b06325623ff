"""Which story is played: one per dialect, and one of a run that goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from bot.demo.exec_plan import Autonomous, ExecPlan
from bot.demo.memory_bank import MemoryBank
from bot.demo.moves import Moves, Say
from bot.demo.spec_plan import SpecPlan
from bot.demo.stage import Stage
from bot.demo.team_session import TeamSession


class StoryName(StrEnum):
    """The dialect whose story is told."""

    EXEC_PLAN = "exec-plan"
    MEMORY_BANK = "memory-bank"
    SPEC_PLAN = "spec-plan"
    TEAM_SESSION = "team-session"


STORIES: Final[dict[StoryName, Callable[[Stage, Say, Say], Moves]]] = {
    StoryName.EXEC_PLAN: ExecPlan,
    StoryName.MEMORY_BANK: MemoryBank,
    StoryName.SPEC_PLAN: SpecPlan,
    StoryName.TEAM_SESSION: TeamSession,
}


def story(name: StoryName, *, is_autonomous: bool) -> Callable[[Stage, Say, Say], Moves]:
    """The story to play. Raises ValueError where there is no autonomous one."""
    if not is_autonomous:
        return STORIES[name]
    if name is not StoryName.EXEC_PLAN:
        raise ValueError("the autonomous story is told of an exec-plan")
    return Autonomous
