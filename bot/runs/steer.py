"""`/pause`, `/resume`, `/allow`, `/abort`, `/status`, `/help`: what steers a run without closing a block."""

from __future__ import annotations

from dataclasses import replace

from bot.plans.patterns import pattern_problem
from bot.runs.approve import name_and_reason
from bot.runs.assess import is_over
from bot.runs.effects import Say
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import BlockState, DispatchState, Run, RunState, ScopeException
from bot.runs.planning import close_planning_issue, planning_files
from bot.runs.records import write_record
from bot.runs.turn import Call, Turn
from bot.runs.workers import hand_out, stop_workers, try_again


def live(turn: Turn) -> Run | Refusal:
    """The run, unless there is none or it has ended."""
    if turn.run is None:
        return Refusal(Problem.NO_RUN)
    if is_over(turn.run):
        return Refusal(Problem.RUN_OVER, {"state": turn.run.state})
    return turn.run


def pause(turn: Turn, call: Call) -> Turn | Refusal:
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    if run.state is RunState.PAUSED:
        return Refusal(Problem.RUN_PAUSED, {"reason": run.reason or ""})
    if run.state is RunState.ESCALATED:
        return Refusal(Problem.RUN_ESCALATED, {"reason": run.reason or ""})
    paused = replace(run, state=RunState.PAUSED, before_pause=run.state, reason=call.rest or None)
    return turn.to(paused).note(EntryKind.PAUSED, call.by, call.rest, comment_id=call.comment.comment_id)


def resume(turn: Turn, call: Call) -> Turn | Refusal:
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    match run.state:
        case RunState.PAUSED:
            resumed = replace(run, state=run.before_pause, reason=None)
        case RunState.ESCALATED:
            settled = all(block.is_settled for block in run.blocks)
            state = RunState.VALIDATING if settled else RunState.RUNNING
            resumed = replace(run, state=state, reason=None, signal=None, fix_rounds=0)
        case _:
            return Refusal(Problem.NOT_PAUSED, {"state": run.state}, _at_work(run))
    plan = turn.situation.plan.plan
    if run.state is RunState.ESCALATED and plan is not None:
        # What was added to the spec meanwhile is planning, and no work of the blocks behind it.
        resumed = replace(resumed, planned=planning_files(turn, plan))
    turn = turn.to(resumed).note(EntryKind.RESUMED, call.by, comment_id=call.comment.comment_id)
    turn = close_planning_issue(turn, f"The run goes on: {call.by} said /resume.")
    return _with_workers(turn)


def _at_work(run: Run) -> tuple[str, ...]:
    """The blocks whose worker is still at it."""
    asked = (block for block in run.open_blocks if block.state is BlockState.ACTIVE and block.dispatch is not None)
    return tuple(block.id for block in asked if block.dispatch is not None and not block.dispatch.is_over)


def _with_workers(turn: Turn) -> Turn:
    """Going on means that blocks whose worker was stopped get a new one; finished and held ones are left alone."""
    run = turn.run
    assert run is not None
    for block in run.open_blocks:
        over = block.dispatch is not None and block.dispatch.state is DispatchState.FAILED
        if block.state is BlockState.ACTIVE and over:
            turn = try_again(turn, block)
    # One that failed while nothing advanced was to be tried once more, and has no worker yet.
    return hand_out(turn)


def allow(turn: Turn, call: Call) -> Turn | Refusal:
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    pattern, reason = name_and_reason(call.rest)
    if not pattern or not reason:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    problem = pattern_problem(pattern)
    if problem is not None:
        return Refusal(Problem.BAD_PATTERN, {"pattern": pattern, "reason": problem})
    exception = ScopeException(pattern, reason, call.by, call.comment.comment_id)
    changed = replace(run, exceptions=(*run.exceptions, exception))
    text = f"{pattern} {reason}"
    return turn.to(changed).note(EntryKind.ALLOWED, call.by, text, comment_id=call.comment.comment_id)


def abort(turn: Turn, call: Call) -> Turn | Refusal:
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    if not call.rest:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    turn = close_planning_issue(stop_workers(turn), f"The run was aborted by {call.by}: {call.rest}")
    run = turn.run or run
    turn = turn.to(replace(run, state=RunState.ABORTED, reason=call.rest)).note(
        EntryKind.ABORTED, call.by, call.rest, comment_id=call.comment.comment_id
    )
    return write_record(turn, f"Abort {run.title}", (("Aborted-by", call.by),), at_end=True)


def status(turn: Turn, call: Call) -> Turn | Refusal:
    return _say(turn, call, NoticeKind.STATUS)


def help_(turn: Turn, call: Call) -> Turn | Refusal:
    return _say(turn, call, NoticeKind.HELP)


def _say(turn: Turn, call: Call, kind: NoticeKind) -> Turn:
    key = f"say:{turn.key}:{call.comment.name}:{call.index}"
    return turn.do(Say(key, Notice(kind), command=call.word, to=call.by))
