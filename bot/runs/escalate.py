"""`/escalate` and `/kickback`: the run stops and goes back to planning, where an issue holds the discussion."""

from __future__ import annotations

from dataclasses import replace

from bot.runs.effects import PlanningIssue, Say
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import KickbackSignal, Run, RunState
from bot.runs.steer import live
from bot.runs.turn import Call, Turn
from bot.runs.workers import stop_workers


def escalate(turn: Turn, call: Call) -> Turn | Refusal:
    if not call.rest:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    run = _escalatable(turn)
    if isinstance(run, Refusal):
        return run
    return escalated(turn, call.by, call.rest, comment_id=call.comment.comment_id)


def kickback(turn: Turn, call: Call) -> Turn | Refusal:
    """`/kickback <signal> <reason>`: everything after it stops, because the plan may need a revision."""
    word, _, reason = call.rest.partition(" ")
    if word.lower() not in list(KickbackSignal):
        return Refusal(Problem.UNKNOWN_SIGNAL, {"signal": word[:60]}, tuple(KickbackSignal))
    if not reason.strip():
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    run = _escalatable(turn)
    if isinstance(run, Refusal):
        return run
    signal = KickbackSignal(word.lower())
    return kicked_back(turn, call.by, signal, reason.strip(), comment_id=call.comment.comment_id)


def _escalatable(turn: Turn) -> Run | Refusal:
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    if run.state is RunState.ESCALATED:
        return Refusal(Problem.RUN_ESCALATED, {"reason": run.reason or ""})
    if run.state is RunState.COMPLETED:
        return Refusal(Problem.RUN_OVER, {"state": run.state})
    return run


def kicked_back(
    turn: Turn, by: str, signal: KickbackSignal, reason: str, *, block: str | None = None, comment_id: int | None = None
) -> Turn:
    """Stop everything and route by the signal, see `bot.views.notices` for what each asks for."""
    run = turn.run
    assert run is not None
    block = block or (run.open_block.id if run.open_block else None)
    turn = turn.note(EntryKind.KICKBACK, by, f"{signal}: {reason}", block=block, comment_id=comment_id)
    return escalated(turn, by, reason, signal=signal, block=block, comment_id=comment_id)


def escalated(
    turn: Turn,
    by: str,
    reason: str,
    *,
    signal: KickbackSignal | None = None,
    block: str | None = None,
    comment_id: int | None = None,
) -> Turn:
    run = turn.run
    assert run is not None
    before = run.before_pause if run.state is RunState.PAUSED else run.state
    key = f"{run.id}:planning:{run.sequence}"
    stopped = replace(
        run,
        state=RunState.ESCALATED,
        before_pause=before,
        reason=reason,
        signal=signal,
        planning_key=key,
        sequence=run.sequence + 1,
    )
    turn = stop_workers(turn.to(stopped)).note(EntryKind.ESCALATED, by, reason, comment_id=comment_id)
    kind = NoticeKind.KICKBACK if signal is not None else NoticeKind.ESCALATED
    values = {"reason": reason, "signal": signal or "", "block": block or "", "by": by}
    turn = turn.do(Say(f"say:{run.id}:escalated:{run.sequence}", Notice(kind, values)))
    return turn.do(PlanningIssue(key, run.planning_issue, f"Planning needed: {run.title}", ""))
