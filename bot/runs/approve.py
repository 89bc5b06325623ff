"""`/approve` and `/skip`: how a block is closed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.runs.assess import NO_GATE_NOTE, GatesState
from bot.runs.execute import open_next_block
from bot.runs.facts import Progress
from bot.runs.messages import Problem, Refusal
from bot.runs.model import Approval, BlockRun, BlockState, EntryKind, Run, RunState
from bot.runs.obstacles import approval_obstacles, plan_obstacles
from bot.runs.records import TRAILER_APPROVED, TRAILER_BLOCK, write_record
from bot.runs.turn import Call, Turn

_COMMIT: Final = re.compile(r"@?([0-9a-f]{7,40})$")


def read_block_and_commit(rest: str) -> tuple[str | None, str | None] | Refusal:
    """Read `[block] [@sha]`; a commit has at least seven hexadecimal digits."""
    block = commit = None
    for word in rest.replace("`", "").split():
        match = _COMMIT.match(word.lower()) if word.startswith("@") else None
        if word.startswith("@") and match is None:
            return Refusal(Problem.BAD_ARGUMENTS, {"argument": word})
        if match is not None and commit is None:
            commit = match[1]
        elif match is None and block is None:
            block = word
        else:
            return Refusal(Problem.BAD_ARGUMENTS, {"argument": word})
    return block, commit


def name_and_reason(rest: str) -> tuple[str, str]:
    """Read `<name> <reason>`; what is missing is empty. The name may stand in a code span."""
    name, _, reason = " ".join(rest.split()).partition(" ")
    return name.strip("`"), reason


def running(turn: Turn) -> Run | Refusal:
    """The run if its blocks may advance, or why not."""
    run = turn.run
    if run is None:
        return Refusal(Problem.NO_RUN)
    if not turn.facts.pull.is_open:
        return Refusal(Problem.PULL_CLOSED)
    match run.state:
        case RunState.PAUSED:
            return Refusal(Problem.RUN_PAUSED, {"reason": run.reason or ""})
        case RunState.ESCALATED:
            return Refusal(Problem.RUN_ESCALATED, {"reason": run.reason or ""})
        case RunState.CLOSED | RunState.ABORTED | RunState.COMPLETED:
            return Refusal(Problem.RUN_OVER, {"state": run.state})
        case RunState.VALIDATING:
            return Refusal(Problem.NO_OPEN_BLOCK)
        case RunState.RUNNING:
            return run


def named_block(run: Run, name: str | None) -> BlockRun | Refusal:
    """The open block, if `name` means it (or nothing was named)."""
    current = run.open_block
    if current is None:
        return Refusal(Problem.NO_OPEN_BLOCK)
    if name is None:
        return current
    block = run.block(name)
    if block is None:
        return Refusal(Problem.NO_SUCH_BLOCK, {"block": name}, tuple(item.id for item in run.blocks))
    if block.is_settled:
        return Refusal(Problem.BLOCK_SETTLED, {"block": block.id, "state": block.state, "head": block.head or ""})
    if block.id != current.id:
        return Refusal(Problem.NOT_THE_OPEN_BLOCK, {"block": block.id, "open": current.id})
    return block


def head_meant(turn: Turn, block: str | None, commit: str | None, call: Call) -> Refusal | None:
    """Whether the bytes that the person meant are the ones on the branch now.

    A commit that was named must be the live head. Without one, what counts is what the checklist showed as waiting
    when the comment was written, by GitHub's own clock: a push, then an approval written against the older page,
    must not approve what its author never saw.
    """
    head, live = turn.situation.content_head, turn.facts.pull.head_sha
    if commit is not None:
        if head.startswith(commit) or live.startswith(commit):
            return None
        return Refusal(Problem.HEAD_MOVED, {"meant": commit, "head": head, "block": block or ""})
    shown = turn.facts.shown
    if shown is not None and shown.block == block and shown.head == head and shown.at <= call.comment.at:
        return None
    if shown is not None and shown.block == block and shown.head != head:
        return Refusal(Problem.HEAD_MOVED, {"meant": shown.head, "head": head, "block": block or ""})
    return Refusal(Problem.NOT_SHOWN_YET, {"head": head, "block": block or ""})


def approve(turn: Turn, call: Call) -> Turn | Refusal:
    arguments = read_block_and_commit(call.rest)
    if isinstance(arguments, Refusal):
        return arguments
    name, commit = arguments
    run = running(turn)
    if isinstance(run, Refusal):
        return run
    block = named_block(run, name)
    if isinstance(block, Refusal):
        return block
    obstacles = approval_obstacles(run, turn.situation)
    moved = head_meant(turn, block.id, commit, call)
    if moved is not None and (not obstacles or moved.problem is Problem.HEAD_MOVED):
        return moved
    if obstacles:
        return obstacles[0]
    return _close(turn, run, block, call)


def _close(turn: Turn, run: Run, block: BlockRun, call: Call) -> Turn:
    situation, head = turn.situation, turn.situation.content_head
    gate_note = NO_GATE_NOTE if situation.gates.state is GatesState.SILENT else None
    approval = Approval(block.id, head, run.contract, call.comment.comment_id, call.by, turn.now, gate_note)
    progress = turn.facts.progress
    own_files = {path for path, _ in run.own_blobs} | {run.plan_path}
    files = progress.files if isinstance(progress, Progress) else ()
    closed = replace(
        block,
        state=BlockState.DONE,
        head=head,
        commits=tuple(commit.sha for commit in situation.own_commits),
        files=tuple(path for path in files if path not in own_files),
        gates=tuple(f"{report.name}: {report.conclusion}" for report in situation.gates.reports),
        approval=approval,
        reason=None,
        closed_at=turn.now,
    )
    turn = turn.note(
        EntryKind.APPROVED, call.by, gate_note or "", block=block.id, comment_id=call.comment.comment_id
    ).to(replace(run.with_block(closed), boundary=head))
    turn = open_next_block(turn, call.by)
    return write_record(
        turn, f"Record {block.id} of {run.title}", ((TRAILER_BLOCK, block.id), (TRAILER_APPROVED, call.by))
    )


def skip(turn: Turn, call: Call) -> Turn | Refusal:
    """Leave a block out, with the reason on record.

    The boundary stays where it is: whatever was pushed for the skipped block still waits for somebody's approval,
    as part of the next block or of the verdict.
    """
    name, reason = name_and_reason(call.rest)
    if not name or not reason:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    run = running(turn)
    if isinstance(run, Refusal):
        return run
    block = named_block(run, name)
    if isinstance(block, Refusal):
        return block
    problems = plan_obstacles(turn.situation)
    if problems:
        return problems[0]
    skipped = replace(block, state=BlockState.SKIPPED, head=None, reason=reason, closed_at=turn.now)
    turn = turn.note(EntryKind.SKIPPED, call.by, reason, block=block.id, comment_id=call.comment.comment_id).to(
        run.with_block(skipped)
    )
    turn = open_next_block(turn, call.by)
    return write_record(
        turn, f"Record {block.id} of {run.title} as skipped", ((TRAILER_BLOCK, block.id), ("Skipped-by", call.by))
    )
