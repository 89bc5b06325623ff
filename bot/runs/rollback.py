"""`/rollback`, then `/rollback confirm`: one commit that brings the branch's content back to where the run began."""

from __future__ import annotations

from dataclasses import replace

from bot.runs.effects import RollBack, Say
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import RollbackAsked, RunState
from bot.runs.planning import close_planning_issue
from bot.runs.records import TRAILER_RUN
from bot.runs.steer import live
from bot.runs.turn import Call, Turn
from bot.runs.workers import stop_workers


def rollback(turn: Turn, call: Call) -> Turn | Refusal:
    """Ask first; only a confirmation given for the same head does anything. The run ends with it."""
    word = call.rest.strip().lower()
    if word not in {"", "confirm"}:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": word[:60]})
    run = live(turn)
    if isinstance(run, Refusal):
        return run
    pull = turn.facts.pull
    if not pull.is_open:
        return Refusal(Problem.PULL_CLOSED)
    if pull.is_fork:
        return Refusal(Problem.NOT_FOR_THIS_DIALECT, {"dialect": "fork"})
    if pull.head_sha == run.rollback:
        return Refusal(Problem.NOTHING_TO_ROLL_BACK, {"head": run.rollback})
    if not word:
        asked = replace(run, rollback_asked=RollbackAsked(call.by, pull.head_sha))
        turn = turn.to(asked).note(EntryKind.ROLLBACK, call.by, "asked", comment_id=call.comment.comment_id)
        values = {"to": run.rollback, "head": pull.head_sha}
        key = f"say:{turn.key}:{call.comment.name}:{call.index}"
        return turn.do(Say(key, Notice(NoticeKind.ROLLBACK, values), call.word, call.by))
    asked_for = run.rollback_asked
    if asked_for is None or asked_for.head != pull.head_sha:
        return Refusal(Problem.ROLLBACK_NOT_ASKED, {"head": pull.head_sha})
    turn = stop_workers(turn)
    run = turn.run or run
    reason = f"rolled back to {run.rollback[:12]} by {call.by}"
    ended = replace(run, state=RunState.ABORTED, reason=reason, rollback_asked=None, sequence=run.sequence + 1)
    turn = turn.to(ended).note(
        EntryKind.ROLLBACK, call.by, f"to {run.rollback[:12]}", comment_id=call.comment.comment_id
    )
    turn = close_planning_issue(turn.note(EntryKind.ABORTED, call.by, reason), f"The run has ended: {reason}.")
    run = turn.run or run
    effect = RollBack(
        key=f"{run.id}:rollback:{run.sequence}",
        branch=run.branch,
        to=run.rollback,
        head=pull.head_sha,
        subject=f"Roll back {run.title}",
        trailers=((TRAILER_RUN, run.id), ("Rolled-back-by", call.by)),
    )
    return turn.do(effect)
