"""Why a block cannot be approved, or a verdict cannot pass, right now: the one list that commands and views share."""

from __future__ import annotations

from bot.runs.assess import GatesState, PlanState, Situation
from bot.runs.facts import GateState
from bot.runs.messages import Problem, Refusal
from bot.runs.model import Run


def plan_obstacles(situation: Situation) -> tuple[Refusal, ...]:
    """What is wrong with the plan or the history, whatever is to be decided."""
    found: list[Refusal] = []
    plan = situation.plan
    if plan.state is PlanState.CHANGED:
        found.append(Refusal(Problem.CONTRACT_CHANGED, items=plan.changes))
    elif plan.state is not PlanState.VALID:
        found.append(Refusal(Problem.PLAN_UNREADABLE, {"path": ", ".join(plan.paths)}, plan_reasons(situation)))
    if situation.is_rewritten:
        found.append(Refusal(Problem.HISTORY_REWRITTEN))
    elif situation.progress_unknown is not None:
        found.append(Refusal(Problem.GATES_UNKNOWN, {"reason": situation.progress_unknown}))
    return tuple(found)


def plan_reasons(situation: Situation) -> tuple[str, ...]:
    """Every reason why the plan cannot be executed, each with its line."""
    plan = situation.plan
    if plan.file is None:
        return plan.reasons
    return tuple(
        f"line {finding.line}: {finding.message} ({finding.code})"
        if finding.line
        else f"{finding.message} ({finding.code})"
        for finding in plan.file.reading.errors
    )


def check_obstacles(situation: Situation) -> tuple[Refusal, ...]:
    """What scope and gates say against going on from this head."""
    found: list[Refusal] = []
    scope, gates = situation.scope, situation.gates
    if scope.unknown is not None:
        found.append(Refusal(Problem.SCOPE_UNKNOWN, {"reason": scope.unknown}))
    elif scope.violations:
        found.append(Refusal(Problem.SCOPE_VIOLATED, items=tuple(item.path for item in scope.violations)))
    match gates.state:
        case GatesState.RED:
            found.append(Refusal(Problem.GATES_RED, items=gates.named(GateState.RED)))
        case GatesState.PENDING:
            found.append(Refusal(Problem.GATES_PENDING, items=(*gates.named(GateState.PENDING), *gates.missing)))
        case GatesState.UNKNOWN:
            found.append(Refusal(Problem.GATES_UNKNOWN, {"reason": gates.unknown or ""}))
        case GatesState.GREEN | GatesState.SILENT:
            pass
    return tuple(found)


def approval_obstacles(run: Run, situation: Situation) -> tuple[Refusal, ...]:
    """Everything that stands between the open block and an approval; empty when it may be approved."""
    block = run.open_block
    if block is None:
        return (Refusal(Problem.NO_OPEN_BLOCK),)
    found = list(plan_obstacles(situation))
    if not situation.own_commits and not situation.is_rewritten and situation.progress_unknown is None:
        found.append(Refusal(Problem.NO_OWN_COMMIT, {"block": block.id, "boundary": run.boundary}))
    return (*found, *check_obstacles(situation))


def verdict_obstacles(situation: Situation) -> tuple[Refusal, ...]:
    """Everything that stands between the finished blocks and a passing verdict."""
    return (*plan_obstacles(situation), *check_obstacles(situation))
