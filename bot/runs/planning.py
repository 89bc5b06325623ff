"""The planning issue: where an escalation is discussed until the run goes on."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from bot.plans.model import Dialect, Plan
from bot.runs.effects import CloseIssue
from bot.runs.facts import Files, Outcome, OutcomeState
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


def planning_files(turn: Turn, plan: Plan) -> tuple[tuple[str, str], ...]:
    """What lies beside a spec-plan and was committed with it: the spec is planning, as long as it stays as it is."""
    if plan.dialect is not Dialect.SPEC_PLAN or not isinstance(turn.facts.files, Files):
        return ()
    folder = posixpath.dirname(plan.path)
    beside = {path for path in (own_spec(plan),) if path}
    return tuple(
        (file.path, file.blob)
        for file in turn.facts.files.changed
        if file.blob and (posixpath.dirname(file.path) == folder or file.path in beside) and file.path.endswith(".md")
    )


def own_spec(plan: Plan) -> str | None:
    """The spec that a plan implements, if it lies below the plan's own top folder: another file is nobody's spec."""
    spec = plan.spec_path
    if spec is None or "/" not in plan.path or spec.partition("/")[0] != plan.path.partition("/")[0]:
        return None
    return spec
