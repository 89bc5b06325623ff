"""How the tests look at a refusal."""

from __future__ import annotations

from bot.runs.messages import Problem
from tests.runs.world import Answer


def refused(answer: Answer, problem: Problem) -> dict[str, str]:
    """The values of the one refusal that was said."""
    assert answer.problem is problem, answer.said
    assert answer.reaction in {"confused", None}
    return answer.refusal.values
