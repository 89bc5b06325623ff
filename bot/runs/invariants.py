"""The invariants that a validation of level high asks for, and who confirmed them for which bytes."""

from __future__ import annotations

from bot.plans.model import Level
from bot.runs.assess import Situation
from bot.runs.model import Run


def demanded(run: Run, situation: Situation) -> tuple[str, ...]:
    """The invariants that somebody has to confirm before a verdict of level high."""
    return situation.invariants if run.level is Level.HIGH else ()


def confirmed_by(run: Run, situation: Situation, name: str) -> str | None:
    """Who confirmed an invariant for exactly the content that the head holds."""
    found = [item for item in run.invariants if item.name == name and item.head == situation.content_head]
    return found[-1].by if found else None


def unconfirmed(run: Run, situation: Situation) -> tuple[str, ...]:
    return tuple(name for name in demanded(run, situation) if confirmed_by(run, situation, name) is None)
