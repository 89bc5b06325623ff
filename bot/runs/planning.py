"""The planning issue: where an escalation is discussed until the run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.runs.effects import CloseIssue
from bot.runs.facts import Outcome, OutcomeState
from bot.runs.model import Run
from bot.runs.turn import Turn


def with_planning_issue(run: Run, outcomes: Mapping[str, Outcome]) -> Run:
    """The run with the number of the issue that an escalation opened."""
    outcome = outcomes.get(run.planning_key or "")
    if outcome is None or outcome.state is not OutcomeState.DONE:
        return run
    number = outcome.result.get("issue", "")
    return replace(run, planning_issue=int(number)) if number.isdigit() else run


def close_planning_issue(turn: Turn, why: str) -> Turn:
    """The run goes on: the issue that it waited for is closed."""
    run = turn.run
    assert run is not None
    if run.planning_issue is None:
        return turn
    effect = CloseIssue(f"{run.id}:planned:{run.sequence}", run.planning_issue, why)
    return turn.to(replace(run, planning_issue=None, planning_key=None, sequence=run.sequence + 1)).do(effect)
