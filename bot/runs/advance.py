"""What follows from the facts alone: blocks that await approval or no longer do, merges, effects that came back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.plans.model import Mode
from bot.runs.approve import close
from bot.runs.assess import is_validated
from bot.runs.attribution import carries, own_commits
from bot.runs.effects import CloseIssue, Say
from bot.runs.facts import Facts, Outcome, OutcomeState, PlanFile
from bot.runs.failures import with_failures_kept
from bot.runs.finish import finish_up, is_closing, kept_instead
from bot.runs.gates import GatesState
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import Approval, BlockRun, BlockState, DispatchState, Run, RunState, WorkerKind
from bot.runs.obstacles import approval_obstacles, check_obstacles, closeout_blockers, plan_obstacles
from bot.runs.opening import go_on
from bot.runs.planning import close_planning_issue, with_planning_issue
from bot.runs.records import other_place
from bot.runs.schedule import ready_blocks
from bot.runs.turn import Turn
from bot.runs.validate import look_at_validation
from bot.runs.workers import BOT, followed


def absorb(run: Run, outcomes: dict[str, Outcome]) -> Run:
    """Take in what the run's effects brought back: the bytes that the bot wrote, and where the closeout went."""
    blobs = dict(run.own_blobs)
    for key, outcome in outcomes.items():
        wrote_here = outcome.state is OutcomeState.DONE and "pull" not in outcome.result
        if wrote_here and key.startswith(f"{run.id}:"):
            blobs.update(json.loads(outcome.result.get("blobs", "{}")))
    return with_planning_issue(replace(run, own_blobs=tuple(sorted(blobs.items()))), outcomes)


def follow_plan(run: Run, facts: Facts) -> Run:
    """The run with its plan where it stands now: a closeout on the branch moved it, or somebody took that back."""
    found = {item.path for item in facts.plans if isinstance(item, PlanFile)}
    other = other_place(run.plan_path)
    if run.plan_path in found or other not in found or other not in dict(run.own_blobs):
        return run
    return replace(run, plan_path=other)


def advance(turn: Turn) -> Turn:
    """Everything that happens without anybody saying so; doing it twice changes nothing the second time."""
    run = turn.run
    if run is None:
        return turn
    turn = with_failures_kept(kept_instead(_closed_out(_completed_again(_with_gates_seen(turn, run)))))
    run = turn.run
    assert run is not None
    if run.planning_issue is not None and run.state is not RunState.ESCALATED:
        # GitHub named the issue when the run had gone on already.
        turn = close_planning_issue(turn, "The run goes on.")
        run = turn.run or run
    if turn.facts.pull.is_merged and run.merged_at is None:
        return _merged(turn, run)
    if not turn.facts.pull.is_open:
        return turn
    match run.state:
        case RunState.RUNNING:
            return _run_on(turn)
        case RunState.VALIDATING:
            return look_at_validation(turn)
        case RunState.COMPLETED | RunState.CLOSED if _verdict_is_stale(turn, run):
            return _reopen_validation(turn, run)
        case _:
            return turn


def _with_gates_seen(turn: Turn, run: Run) -> Turn:
    """Remember on which content the gates were seen green: that holds below the records that the bot puts on top."""
    gates, head = turn.situation.gates, turn.situation.content_head
    if gates.state is GatesState.GREEN and gates.held_from is None:
        return turn if run.green_head == head else turn.to(replace(run, green_head=head))
    if run.green_head == head == turn.facts.pull.head_sha and gates.state is not GatesState.UNKNOWN:
        return turn.to(replace(run, green_head=None))
    return turn


def _completed_again(turn: Turn) -> Turn:
    """What was pushed after the verdict was taken back: the verdict stands for exactly these bytes again."""
    run = turn.run
    assert run is not None
    if run.state is not RunState.VALIDATING or not is_validated(run, turn.situation):
        return turn
    return turn.to(replace(run, state=RunState.COMPLETED)).note(
        EntryKind.COMPLETED, BOT, "the commits after the verdict were taken back"
    )


def _closed_out(turn: Turn) -> Turn:
    """The closeout effect is done: the run is closed."""
    run = turn.run
    assert run is not None
    outcome = turn.facts.outcomes.get(run.closeout_key or "")
    if outcome is None or outcome.state is not OutcomeState.DONE or run.state is not RunState.COMPLETED:
        return turn
    result = outcome.result
    closed = replace(run, state=RunState.CLOSED, closeout_url=result.get("url"))
    turn = turn.to(closed).note(EntryKind.CLOSED, BOT, result.get("url", ""))
    values = {"url": result.get("url", ""), "pull": result.get("pull", "")}
    turn = turn.do(Say(f"say:{run.id}:closed:{run.sequence}", Notice(NoticeKind.CLOSED, values)))
    if run.issue is not None:
        said = f"The plan was executed in #{run.pull.number} and is closed out."
        turn = turn.do(CloseIssue(f"{run.id}:issue:{run.sequence}", run.issue, said))
    return turn


def _run_on(turn: Turn) -> Turn:
    """Workers that came to nothing, stop conditions, then every open block by itself."""
    turn = _stopped_by_condition(followed(turn))
    run = turn.run
    if run is None or run.state is not RunState.RUNNING:
        return turn
    if not run.open_blocks or ready_blocks(run):
        turn = go_on(turn, BOT)
        run = turn.run or run
    for block_id in [block.id for block in run.open_blocks]:
        turn = _look_at_block(turn, block_id)
    return _closed_by_itself(turn)


def _look_at_block(turn: Turn, block_id: str) -> Turn:
    run = turn.run
    assert run is not None
    block = run.block(block_id)
    if block is None or block.state not in {BlockState.ACTIVE, BlockState.AWAITING_APPROVAL}:
        return turn
    obstacles = approval_obstacles(run, turn.situation, block)
    head = turn.situation.content_head
    if block.state is BlockState.ACTIVE and _is_in_hand(block):
        return turn
    if not obstacles and (block.state is BlockState.ACTIVE or block.head != head):
        return _with(
            turn, run, replace(block, state=BlockState.AWAITING_APPROVAL, head=head), EntryKind.AWAITING_APPROVAL
        )
    if obstacles and block.state is BlockState.AWAITING_APPROVAL:
        reopened = replace(block, state=BlockState.ACTIVE, head=None)
        return _with(turn, run, reopened, EntryKind.REOPENED, obstacles[0].problem.replace("_", " "))
    return turn


def _is_in_hand(block: BlockRun) -> bool:
    """A worker's workflow run is still at it: its commits so far are not what it means to hand over."""
    dispatch = block.dispatch
    return (
        dispatch is not None
        and dispatch.kind is WorkerKind.WORKFLOW
        and dispatch.state is DispatchState.RUNNING
        and block.reported is None
    )


def _closed_by_itself(turn: Turn) -> Turn:
    """Autonomous: a block closes when its commits carry its id or its worker reported it, and its gates are green."""
    run = turn.run
    assert run is not None
    if run.mode is not Mode.AUTONOMOUS:
        return turn
    for block in run.open_blocks:
        waiting = [other for other in run.open_blocks if other.id in run.group_of(block.id)]
        if all(_may_close_itself(turn, run, other) for other in waiting):
            by = f"{BOT} (autonomous, started by {run.started_by})"
            head = turn.situation.content_head
            approvals = tuple(Approval(other.id, head, run.contract, 0, by, turn.now) for other in waiting)
            closed = close(turn, tuple(waiting), approvals, by, boundary=_last_of(turn, run, waiting))
            # What was pushed behind it may carry the id of the next block already.
            return _run_on(closed) if closed.run and closed.run.state is RunState.RUNNING else closed
    return turn


def _last_of(turn: Turn, run: Run, blocks: Sequence[BlockRun]) -> str:
    """Where the blocks' own commits end: before the first commit behind them that carries another block's id."""
    head = turn.situation.content_head
    ids = {block.id for block in blocks}
    others = [block.id for block in run.blocks if block.id not in ids and not block.is_settled]
    last = None
    for commit in turn.situation.own_commits:
        if last is not None and any(carries(commit.message, other) for other in others):
            return last
        last = commit.sha
    return head


def _may_close_itself(turn: Turn, run: Run, block: BlockRun) -> bool:
    if block.state is not BlockState.AWAITING_APPROVAL or turn.situation.gates.state is not GatesState.GREEN:
        return False
    if block.reported is not None:
        return True
    if block.dispatch is not None and not block.dispatch.is_over:
        # Its worker has not had its last word: what it pushed so far may be half of it, or an attempt that failed.
        return False
    mine = own_commits(run, block, turn.situation.own_commits)
    return any(carries(commit.message, block.id) for commit in mine)


def _stopped_by_condition(turn: Turn) -> Turn:
    """Autonomous: whatever the plan would have somebody look at stops the run, and people are told."""
    run = turn.run
    if run is None or run.mode is not Mode.AUTONOMOUS or run.state is not RunState.RUNNING:
        return turn
    conditions = [
        *(_condition(refusal) for refusal in (*plan_obstacles(turn.situation), *_red(turn))),
        *(f"{block.id} is {block.state}: {block.reason}" for block in run.blocks if block.state in _HELD),
    ]
    if not conditions:
        return turn
    reason = f"stop condition: {conditions[0]}"
    paused = replace(run, state=RunState.PAUSED, before_pause=run.state, reason=reason, sequence=run.sequence + 1)
    turn = turn.to(paused).note(EntryKind.PAUSED, BOT, reason)
    notice = Notice(NoticeKind.STOPPED, {"reason": reason}, tuple(conditions))
    return turn.do(Say(f"say:{run.id}:stopped:{run.sequence}", notice))


def _condition(refusal: Refusal) -> str:
    """What was met, with the names of the gates, files or changes that it is about."""
    about = f": {', '.join(refusal.items[:5])}" if refusal.items else ""
    return refusal.problem.replace("_", " ") + about


_HELD: Final = frozenset({BlockState.FAILED, BlockState.BLOCKED})


def _red(turn: Turn) -> tuple[Refusal, ...]:
    hard = {Problem.SCOPE_VIOLATED, Problem.SCOPE_UNKNOWN, Problem.GATES_RED}
    return tuple(refusal for refusal in check_obstacles(turn.situation) if refusal.problem in hard)


def _with(turn: Turn, run: Run, block: BlockRun, kind: EntryKind, text: str = "") -> Turn:
    return turn.to(run.with_block(block)).note(kind, BOT, text, block=block.id)


def _verdict_is_stale(turn: Turn, run: Run) -> bool:
    """Bytes that no verdict saw are on the branch; a history that cannot be read proves nothing either way."""
    return turn.situation.progress_unknown is None and not is_validated(run, turn.situation)


def _reopen_validation(turn: Turn, run: Run) -> Turn:
    reopened = replace(run, state=RunState.VALIDATING, closeout_key=None, closeout_url=None)
    return turn.to(reopened).note(EntryKind.VALIDATING, BOT, "commits were pushed after the verdict")


def _merged(turn: Turn, run: Run) -> Turn:
    merged = replace(run, merged_at=turn.now)
    turn = turn.to(merged).note(EntryKind.MERGED, BOT)
    if run.state is RunState.CLOSED or run.state is RunState.ABORTED:
        return turn
    blockers = closeout_blockers(merged, turn.situation)
    if blockers:
        reason = "merged before the plan was done: " + "; ".join(blockers)
        turn = turn.to(replace(merged, state=RunState.ABORTED, reason=reason)).note(EntryKind.ABORTED, BOT, reason)
        notice = Notice(NoticeKind.MERGED_EARLY, {"path": run.plan_path}, blockers)
        return turn.do(Say(f"say:{run.id}:merged", notice))
    if run.state is not RunState.COMPLETED or is_closing(merged, turn.facts):
        return turn
    return finish_up(turn, BOT)
