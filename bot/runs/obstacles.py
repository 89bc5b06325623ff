"""Why a block cannot be approved, or a verdict cannot pass, right now: the one list that commands and views share."""

from __future__ import annotations

from bot.plans.model import Dialect, Level
from bot.runs.assess import PlanState, Situation, is_validated
from bot.runs.attribution import own_commits, undisciplined
from bot.runs.facts import Commit, GateState
from bot.runs.gates import GatesState
from bot.runs.invariants import unconfirmed
from bot.runs.messages import Problem, Refusal
from bot.runs.model import BlockRun, BlockState, DispatchState, Run
from bot.runs.policy import CommitsPolicy


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


def approval_obstacles(run: Run, situation: Situation, block: BlockRun | None = None) -> tuple[Refusal, ...]:
    """Everything that stands between a block (the open one if none is named) and an approval; empty if it may be."""
    block = block or run.open_block
    if block is None:
        return (Refusal(Problem.NO_OPEN_BLOCK),)
    found = list(plan_obstacles(situation))
    if block.state in {BlockState.BLOCKED, BlockState.FAILED}:
        found.append(
            Refusal(Problem.BLOCK_HELD, {"block": block.id, "state": block.state, "reason": block.reason or ""})
        )
    mine = own_commits(run, block, situation.own_commits)
    if not mine and not situation.is_rewritten and situation.progress_unknown is None:
        found.append(Refusal(Problem.NO_OWN_COMMIT, {"block": block.id, "boundary": run.boundary}))
    if situation.commits_policy is CommitsPolicy.ENFORCE:
        faults = commit_faults(run, block, mine)
        if faults:
            found.append(Refusal(Problem.COMMITS_UNDISCIPLINED, {"block": block.id}, faults))
    return (*found, *check_obstacles(situation))


def commit_faults(run: Run, block: BlockRun, commits: tuple[Commit, ...]) -> tuple[str, ...]:
    """Commits of a memory-bank task that do not carry its id, or do not refer to the plan."""
    if run.dialect is not Dialect.MEMORY_BANK:
        return ()
    return undisciplined(commits, (block.id,))


def verdict_obstacles(run: Run, situation: Situation) -> tuple[Refusal, ...]:
    """Everything that stands between the finished blocks and a passing verdict."""
    return (*plan_obstacles(situation), *check_obstacles(situation), *_high_obstacles(run, situation))


def _high_obstacles(run: Run, situation: Situation) -> tuple[Refusal, ...]:
    """What level high asks beyond scope and gates: the plan's own commands, and every invariant confirmed."""
    if run.level is not Level.HIGH:
        return ()
    found: list[Refusal] = []
    commands = run.validation
    if not situation.runs_commands:
        pass
    elif commands is not None and commands.commit == situation.content_head:
        values = {"url": commands.url or "", "reason": commands.failure or ""}
        if not commands.is_over:
            found.append(Refusal(Problem.VALIDATION_RUNNING, values))
        elif commands.state is DispatchState.FAILED:
            found.append(Refusal(Problem.VALIDATION_FAILED, values))
    else:
        found.append(Refusal(Problem.VALIDATION_RUNNING, {"url": "", "reason": ""}))
    missing = unconfirmed(run, situation)
    if missing:
        found.append(Refusal(Problem.NOT_CONFIRMED, items=missing))
    return tuple(found)


def closeout_blockers(run: Run, situation: Situation) -> tuple[str, ...]:
    """What closeout still needs, in words that go into the plan's checklist too."""
    blockers = [f"{block.id} is {block.state.replace('_', ' ')}" for block in run.blocks if not block.is_settled]
    if run.verdict is None:
        blockers.append("there is no verdict yet")
    elif not run.verdict.is_passing:
        blockers.append(f"the verdict is {run.verdict.word}")
    elif not is_validated(run, situation):
        blockers.append(f"the verdict was given on {run.verdict.head[:12]}, and commits were pushed since")
    return tuple(blockers)
