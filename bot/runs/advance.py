"""What follows from the facts alone: blocks that await approval or no longer do, merges, effects that came back."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.runs.assess import GatesState, is_validated
from bot.runs.effects import Say
from bot.runs.facts import Facts, Outcome, OutcomeState, PlanFile
from bot.runs.finish import closeout_blockers, is_closing
from bot.runs.messages import Notice, NoticeKind
from bot.runs.model import BlockRun, BlockState, EntryKind, Run, RunState
from bot.runs.obstacles import approval_obstacles
from bot.runs.records import close_out, other_place
from bot.runs.turn import Turn

BOT = "stepwise"


def absorb(run: Run, outcomes: dict[str, Outcome]) -> Run:
    """Take in what the run's effects brought back: the bytes that the bot wrote, and where the closeout went."""
    blobs = dict(run.own_blobs)
    for key, outcome in outcomes.items():
        wrote_here = outcome.state is OutcomeState.DONE and "pull" not in outcome.result
        if wrote_here and key.startswith(f"{run.id}:"):
            blobs.update(json.loads(outcome.result.get("blobs", "{}")))
    return replace(run, own_blobs=tuple(sorted(blobs.items())))


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
    turn = _closed_out(_completed_again(_with_gates_seen(turn, run)))
    run = turn.run
    assert run is not None
    if turn.facts.pull.is_merged and run.merged_at is None:
        return _merged(turn, run)
    if not turn.facts.pull.is_open:
        return turn
    match run.state:
        case RunState.RUNNING:
            return _look_at_open_block(turn, run)
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
    return turn.do(Say(f"say:{run.id}:closed:{run.sequence}", Notice(NoticeKind.CLOSED, values)))


def _look_at_open_block(turn: Turn, run: Run) -> Turn:
    block = run.open_block
    if block is None:
        return turn
    if block.state not in {BlockState.ACTIVE, BlockState.AWAITING_APPROVAL}:
        return turn.to(run.with_block(replace(block, state=BlockState.ACTIVE)))
    obstacles = approval_obstacles(run, turn.situation)
    head = turn.situation.content_head
    if not obstacles and (block.state is BlockState.ACTIVE or block.head != head):
        return _with(
            turn, run, replace(block, state=BlockState.AWAITING_APPROVAL, head=head), EntryKind.AWAITING_APPROVAL
        )
    if obstacles and block.state is BlockState.AWAITING_APPROVAL:
        reopened = replace(block, state=BlockState.ACTIVE, head=None)
        return _with(turn, run, reopened, EntryKind.REOPENED, obstacles[0].problem.replace("_", " "))
    return turn


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
    blockers = closeout_blockers(turn, merged)
    if blockers:
        reason = "merged before the plan was done: " + "; ".join(blockers)
        turn = turn.to(replace(merged, state=RunState.ABORTED, reason=reason)).note(EntryKind.ABORTED, BOT, reason)
        notice = Notice(NoticeKind.MERGED_EARLY, {"path": run.plan_path}, blockers)
        return turn.do(Say(f"say:{run.id}:merged", notice))
    if run.state is not RunState.COMPLETED or is_closing(merged, turn.facts):
        return turn
    return close_out(turn.note(EntryKind.CLOSEOUT, BOT))
