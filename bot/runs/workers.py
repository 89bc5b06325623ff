"""Workers: who is asked to write a block's code, what became of it, and when nobody waits for them any longer."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.runs.attribution import own_commits
from bot.runs.effects import CancelWorker, Say, StartWorker
from bot.runs.facts import OutcomeState
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind
from bot.runs.model import BlockRun, BlockState, Dispatch, DispatchState, Run, RunState, WorkerKind
from bot.runs.policy import MentionWorker, WorkersPolicy, WorkflowWorker
from bot.runs.turn import Turn

BOT: Final = "stepwise"
GAPS_KEPT: Final = 49
TRIES: Final = 2
"""A worker and one retry; after that the choice goes to people."""


def dispatch_id(run: Run, block_id: str, attempt: int) -> str:
    """The id of one attempt at one block: the same whenever it is computed, so that no second worker is started."""
    return "sw-" + hashlib.sha256(f"{run.id}:{block_id}:{attempt}".encode()).hexdigest()[:20]


def effect_key(dispatch: str) -> str:
    return f"dispatch:{dispatch}"


def hand_out(turn: Turn) -> Turn:
    """Start a worker for active blocks that have none, as many as the policy wants at once; a person needs none."""
    run = turn.run
    assert run is not None
    if run.state is not RunState.RUNNING or not turn.facts.pull.is_open:
        return turn
    for block in run.blocks:
        at_work = sum(one.dispatch is not None and not one.dispatch.is_over for one in _of(turn).open_blocks)
        if at_work >= turn.policy.workers.at_once:
            return turn
        if block.state is BlockState.ACTIVE and block.dispatch is None:
            turn = _start(turn, block)
    return turn


def _start(turn: Turn, block: BlockRun) -> Turn:
    run = turn.run
    assert run is not None
    worker = turn.policy.workers.of(run.promise(block.id).get("role"))
    attempt = len(block.earlier) + 1
    made = dispatch_id(run, block.id, attempt)
    match worker:
        case WorkflowWorker(workflow=file) if not turn.facts.pull.is_fork:
            # A worker pushes to a branch of this repository: a fork is left to its own people.
            dispatch = Dispatch(made, WorkerKind.WORKFLOW, file, attempt, turn.now)
        case MentionWorker(mention=name):
            dispatch = Dispatch(made, WorkerKind.MENTION, name, attempt, turn.now)
        case _:
            return turn
    started = replace(block, dispatch=dispatch, tries=block.tries + 1)
    turn = turn.to(run.with_block(started)).note(EntryKind.DISPATCHED, BOT, f"{dispatch.worker} {made}", block=block.id)
    if dispatch.kind is WorkerKind.MENTION:
        values = {"block": block.id, "mention": dispatch.worker, "failure": _last_failure(block)}
        return turn.do(Say(effect_key(made), Notice(NoticeKind.HANDOVER, values)))
    inputs = (
        ("dispatch_id", made),
        ("block", block.id),
        ("branch", run.branch),
        ("sha", turn.facts.pull.head_sha),
        ("attempt", str(attempt)),
        ("failure", _last_failure(block)),
    )
    return turn.do(StartWorker(effect_key(made), made, dispatch.worker, block.id, inputs))


def _last_failure(block: BlockRun) -> str:
    return block.reason or ""


def followed(turn: Turn) -> Turn:
    """What the outcomes of dispatches and the clock say: workers that could not be started, or never came."""
    run = turn.run
    if run is None or run.state is not RunState.RUNNING:
        return turn
    for block in run.open_blocks:
        dispatch = block.dispatch
        if dispatch is None or dispatch.is_over or block.state is not BlockState.ACTIVE:
            continue
        outcome = turn.facts.outcomes.get(effect_key(dispatch.id))
        if outcome is not None and outcome.state is OutcomeState.FAILED:
            # What GitHub refuses once it refuses again: another attempt would not help, people have to look.
            turn = _give_up(turn, block, dispatch, f"it could not be started: {outcome.error or 'no reason given'}")
            continue
        if outcome is not None and outcome.state is OutcomeState.DONE and dispatch.workflow_run_id is None:
            turn = _with_run(turn, block, dispatch, outcome.result.get("workflow_run_id"), outcome.result.get("url"))
        turn = _timed_out(turn, block.id)
    return hand_out(turn)


def _with_run(turn: Turn, block: BlockRun, dispatch: Dispatch, run_id: str | None, url: str | None) -> Turn:
    run = turn.run
    assert run is not None
    if not run_id or not run_id.isdigit():
        return turn
    seen = replace(dispatch, workflow_run_id=int(run_id), url=url)
    return turn.to(run.with_block(replace(block, dispatch=seen)))


def deadline(dispatch: Dispatch, policy: WorkersPolicy) -> datetime:
    """When nobody waits for a worker any longer; an agent that is mentioned has no start that could be seen."""
    if dispatch.kind is WorkerKind.MENTION:
        return dispatch.sent_at + timedelta(minutes=policy.timeout_minutes)
    if dispatch.running_since is None:
        return dispatch.sent_at + timedelta(minutes=policy.start_minutes)
    return dispatch.running_since + timedelta(minutes=policy.timeout_minutes)


def deadlines(run: Run | None, policy: WorkersPolicy) -> tuple[datetime, ...]:
    """The moments at which something follows from a worker's silence: each is worth another look."""
    return tuple(moment for one in _waited_for(run) for moment in (deadline(one, policy), _last_moment(one, policy)))


def overdue(run: Run | None, policy: WorkersPolicy, now: datetime) -> tuple[Dispatch, ...]:
    """The workflow runs that should have been heard of by now: webhooks get lost, so that silence proves nothing."""
    return tuple(one for one in _waited_for(run) if one.kind is WorkerKind.WORKFLOW and deadline(one, policy) <= now)


def _waited_for(run: Run | None) -> tuple[Dispatch, ...]:
    if run is not None and run.state is RunState.VALIDATING and run.validation is not None:
        return () if run.validation.is_over else (run.validation,)
    if run is None or run.state is not RunState.RUNNING:
        return ()
    return tuple(block.dispatch for block in run.open_blocks if block.dispatch is not None and is_waited_for(block))


def _last_moment(dispatch: Dispatch, policy: WorkersPolicy) -> datetime:
    """Until when a worker that has pushed something is left alone."""
    return (dispatch.running_since or dispatch.sent_at) + timedelta(minutes=policy.timeout_minutes)


def _timed_out(turn: Turn, block_id: str) -> Turn:
    run = turn.run
    assert run is not None
    block = run.block(block_id)
    if block is None or block.dispatch is None or block.dispatch.is_over:
        return turn
    dispatch = block.dispatch
    if turn.now < deadline(dispatch, turn.policy.workers):
        return turn
    if block.reported is not None:
        return turn
    if own_commits(run, block, turn.situation.own_commits):
        return _left_alone(turn, block, dispatch)
    why = (
        "no workflow run was seen in time" if dispatch.running_since is None else "it took longer than the policy lets"
    )
    return failed(turn, block, why)


def _left_alone(turn: Turn, block: BlockRun, dispatch: Dispatch) -> Turn:
    """It has pushed something: whether that will do is for gates and people to say, once its own time is over."""
    if turn.now < _last_moment(dispatch, turn.policy.workers):
        return turn
    turn = turn.note(EntryKind.WORKER, BOT, f"{dispatch.worker} took longer than the policy lets", block=block.id)
    return stop_worker(turn, block)


def failed(turn: Turn, block: BlockRun, why: str) -> Turn:
    """A worker did not do its block: it is asked once more, with the failure; then people choose."""
    run = turn.run
    assert run is not None
    dispatch = block.dispatch
    if dispatch is None or block.tries >= TRIES:
        return _give_up(turn, block, dispatch, why)
    turn = _cancel(turn, dispatch)
    over = replace(dispatch, state=DispatchState.FAILED, failure=why)
    reset = replace(
        block,
        state=BlockState.ACTIVE,
        dispatch=None,
        earlier=(*block.earlier, over.id),
        reason=why,
        reported=None,
        head=None,
    )
    turn = turn.to(run.with_block(reset)).note(EntryKind.FAILED, BOT, f"{dispatch.worker}: {why}", block=block.id)
    return hand_out(turn)


def _give_up(turn: Turn, block: BlockRun, dispatch: Dispatch | None, why: str) -> Turn:
    run = turn.run
    assert run is not None
    if dispatch is not None:
        turn = _cancel(turn, dispatch)
        dispatch = replace(dispatch, state=DispatchState.FAILED, failure=why)
    held = replace(block, state=BlockState.FAILED, dispatch=dispatch, reason=why, reported=None, head=None)
    turn = turn.to(run.with_block(held)).note(EntryKind.FAILED, BOT, why, block=block.id)
    # No words of the plan: they have any length, and names of effects have not.
    key = f"say:{run.id}:failed:{run.sequence}"
    values = {"block": block.id, "reason": why, "url": (dispatch.url if dispatch else None) or ""}
    turn = turn.do(Say(key, Notice(NoticeKind.WORKER_FAILED, values)))
    return turn.to(replace(_of(turn), sequence=_of(turn).sequence + 1))


def _of(turn: Turn) -> Run:
    assert turn.run is not None
    return turn.run


def _cancel(turn: Turn, dispatch: Dispatch) -> Turn:
    """A run that nobody waits for must not push any more."""
    if dispatch.workflow_run_id is None or dispatch.is_over:
        return turn
    return turn.do(cancelling(dispatch.id, dispatch.workflow_run_id))


def cancelling(dispatch: str, workflow_run_id: int) -> CancelWorker:
    """One effect for each workflow run: a dispatch that GitHub took twice has two of them."""
    return CancelWorker(f"cancel:{dispatch}:{workflow_run_id}", workflow_run_id)


def is_awaited(run: Run, dispatch: str) -> bool:
    """Whether anybody still waits for what a dispatch was made for: a block's newest worker, or the plan's commands."""
    known = (*(block.dispatch for block in run.blocks), run.validation)
    return run.is_live and any(one is not None and one.id == dispatch and not one.is_over for one in known)


def is_waited_for(block: BlockRun) -> bool:
    """Whether a report of the block's worker still counts: it is open, and nothing has ended that dispatch."""
    at_work = block.state in {BlockState.ACTIVE, BlockState.AWAITING_APPROVAL}
    return at_work and block.dispatch is not None and not block.dispatch.is_over


def mark_done(turn: Turn, block: BlockRun, commit: str, notes: str) -> Turn:
    """The block is done with this commit, which is on the branch, as its worker or somebody who may do so says."""
    dispatch = block.dispatch
    over = replace(dispatch, state=DispatchState.DONE, commit=commit) if dispatch is not None else None
    return turn.to(_of(turn).with_block(replace(block, dispatch=over, reported=commit, notes=notes)))


def hold(turn: Turn, block: BlockRun, why: str, *, by: str, comment_id: int | None = None) -> Turn:
    """The block is blocked: nothing is tried again until a person chooses."""
    run = _of(turn)
    dispatch = block.dispatch
    if dispatch is not None:
        turn = _cancel(turn, dispatch)
        dispatch = replace(dispatch, state=DispatchState.FAILED, failure=why)
    held = replace(block, state=BlockState.BLOCKED, reason=why, dispatch=dispatch, head=None)
    turn = turn.to(replace(run.with_block(held), sequence=run.sequence + 1))
    turn = turn.note(EntryKind.BLOCKED, by, why, block=block.id, comment_id=comment_id)
    key = f"say:{run.id}:blocked:{run.sequence}"
    return turn.do(Say(key, Notice(NoticeKind.BLOCKED, {"block": block.id, "reason": why, "by": by})))


def try_again(turn: Turn, block: BlockRun) -> Turn:
    """Another attempt, asked for by a person: the worker's tries are counted anew."""
    run = _of(turn)
    if block.dispatch is not None:
        turn = _cancel(turn, block.dispatch)
    earlier = (*block.earlier, block.dispatch.id) if block.dispatch is not None else block.earlier
    fresh = replace(block, state=BlockState.ACTIVE, dispatch=None, earlier=earlier, tries=0, reported=None, head=None)
    return hand_out(turn.to(run.with_block(fresh)))


def stop_worker(turn: Turn, block: BlockRun) -> Turn:
    """Nobody waits for this block's worker any more."""
    if block.dispatch is None or block.dispatch.is_over:
        return turn
    turn = _cancel(turn, block.dispatch)
    over = replace(block.dispatch, state=DispatchState.FAILED, failure="nobody waits for it any more")
    return turn.to(_of(turn).with_block(replace(block, dispatch=over)))


def stop_workers(turn: Turn) -> Turn:
    """The run has ended or goes back to planning."""
    for block in _of(turn).open_blocks:
        turn = stop_worker(turn, block)
    return turn
