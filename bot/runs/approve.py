"""`/approve` and `/skip`: how a block is closed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.plans.patterns import ScopeRules
from bot.runs.attribution import own_commits
from bot.runs.facts import Commit, GateState, Progress
from bot.runs.gates import NO_GATE_NOTE, GatesState
from bot.runs.ledger import EntryKind
from bot.runs.messages import Problem, Refusal
from bot.runs.model import Approval, BlockRun, BlockState, GateSeen, Run, RunState
from bot.runs.obstacles import approval_obstacles, plan_obstacles
from bot.runs.opening import go_on
from bot.runs.records import TRAILER_APPROVED, TRAILER_BLOCK, write_record
from bot.runs.turn import Call, Turn
from bot.runs.workers import stop_worker

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


def running_or_held(turn: Turn, name: str | None) -> Run | Refusal:
    """As `running`, and also a paused run for a block that is held: what stopped the run is to be put right first."""
    run, refusal = turn.run, running(turn)
    if run is None or not isinstance(refusal, Refusal) or refusal.problem is not Problem.RUN_PAUSED:
        return refusal
    held = [block for block in run.open_blocks if block.state in {BlockState.BLOCKED, BlockState.FAILED}]
    meant = run.block(name) if name is not None else None
    return run if held and (name is None or meant in held) else refusal


def named_blocks(run: Run, name: str | None) -> tuple[BlockRun, ...] | Refusal:
    """The open blocks that `name` means: one, or all of an approved group; without a name the one that waits."""
    opened = run.open_blocks
    if not opened:
        return Refusal(Problem.NO_OPEN_BLOCK)
    if name is None:
        waiting = [block for block in opened if block.state is BlockState.AWAITING_APPROVAL] or list(opened)
        first = waiting[0]
        if any(block.id not in run.group_of(first.id) for block in waiting):
            return Refusal(Problem.WHICH_BLOCK, items=tuple(block.id for block in waiting))
        return _group(run, first)
    members = _members(run, name)
    if members is not None:
        return _group(run, members)
    block = run.block(name)
    if block is None:
        return Refusal(Problem.NO_SUCH_BLOCK, {"block": name}, tuple(item.id for item in run.blocks))
    if block.is_settled:
        return Refusal(Problem.BLOCK_SETTLED, {"block": block.id, "state": block.state, "head": block.head or ""})
    if not block.is_open:
        return Refusal(Problem.NOT_THE_OPEN_BLOCK, {"block": block.id, "open": opened[0].id})
    return _group(run, block)


def _group(run: Run, block: BlockRun) -> tuple[BlockRun, ...]:
    """A group is approved as one: whoever names one of its blocks names all that are open."""
    ids = run.group_of(block.id)
    return tuple(item for item in run.open_blocks if item.id in ids)


def _members(run: Run, name: str) -> BlockRun | None:
    """An open block of the group that a name such as `B02-B03` or `B02+B03` spells out; None if it is no group."""
    wanted = [part.casefold() for part in re.split(r"[+,]", name) if part]
    for group in run.terms.get("groups") or ():
        ids = [str(block_id).casefold() for block_id in group]
        if wanted == ids or name.casefold() == f"{ids[0]}-{ids[-1]}":
            return next((block for block in run.open_blocks if block.id in group), None)
    return None


def named_block(run: Run, name: str | None) -> BlockRun | Refusal:
    """The one open block that `name` means (or the only one, if nothing was named)."""
    found = named_blocks(run, name)
    if isinstance(found, Refusal):
        return found
    if name is not None:
        return next((block for block in found if block.id.casefold() == name.casefold()), found[0])
    return found[0]


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
    if shown is not None and shown.covers(block) and shown.head == head and shown.at <= call.comment.at:
        return None
    if shown is not None and shown.covers(block) and shown.head != head:
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
    blocks = named_blocks(run, name)
    if isinstance(blocks, Refusal):
        return blocks
    obstacles = [refusal for block in blocks for refusal in approval_obstacles(run, turn.situation, block)]
    moved = next((found for block in blocks if (found := head_meant(turn, block.id, commit, call))), None)
    if moved is not None and (not obstacles or moved.problem is Problem.HEAD_MOVED):
        return moved
    if obstacles:
        return obstacles[0]
    approvals = tuple(_approval(turn, run, block, call) for block in blocks)
    return close(turn, blocks, approvals, call.by)


def _approval(turn: Turn, run: Run, block: BlockRun, call: Call) -> Approval:
    note = NO_GATE_NOTE if turn.situation.gates.state is GatesState.SILENT else None
    head = turn.situation.content_head
    return Approval(block.id, head, run.contract, call.comment.comment_id, call.by, turn.now, note)


def close(
    turn: Turn,
    blocks: tuple[BlockRun, ...],
    approvals: tuple[Approval, ...],
    by: str,
    *,
    boundary: str | None = None,
) -> Turn:
    """Close blocks at the head that their approvals name, open what comes next, and record it in one commit.

    `boundary` is the last commit that belongs to them, if it is not the head itself.
    """
    run = turn.run
    assert run is not None
    head = approvals[0].head
    for named, approval in zip(blocks, approvals, strict=True):
        # Whoever approves takes the block as it is: a worker that is still at it must not push any more.
        turn = stop_worker(turn, named)
        assert turn.run is not None
        block = turn.run.block(named.id) or named
        changed = turn.run.with_block(_closed(turn, turn.run, block, approval, boundary))
        turn = turn.note(
            EntryKind.APPROVED, by, approval.gate_note or "", block=block.id, comment_id=approval.comment_id or None
        ).to(changed)
    assert turn.run is not None
    if not turn.run.open_blocks:
        # While others are open beside it, what they pushed lies behind this head too and is still to be approved.
        turn = turn.to(replace(turn.run, boundary=boundary or head))
    turn = go_on(with_gates_noted(turn), by)
    name = " and ".join(block.id for block in blocks)
    trailers = tuple((TRAILER_BLOCK, block.id) for block in blocks)
    return write_record(turn, f"Record {name} of {run.title}", (*trailers, (TRAILER_APPROVED, by)))


def with_gates_noted(turn: Turn) -> Turn:
    """Keep how the gates stand, as the evidence that records cite; a head that has none keeps what was seen below."""
    run = turn.run
    assert run is not None
    seen = tuple(
        GateSeen(item.name, item.conclusion, item.title or "", item.url or "", item.state is GateState.GREEN)
        for item in turn.situation.gates.reports
    )
    return turn.to(replace(run, gates_seen=seen)) if seen else turn


def _up_to(commits: Sequence[Commit], boundary: str | None) -> tuple[Commit, ...]:
    """The commits up to the last one that belongs to a block; what was pushed behind it is the next block's work."""
    shas = [commit.sha for commit in commits]
    return tuple(commits[: shas.index(boundary) + 1] if boundary in shas else commits)


def _closed(turn: Turn, run: Run, block: BlockRun, approval: Approval, boundary: str | None) -> BlockRun:
    situation = turn.situation
    mine = own_commits(run, block, _up_to(situation.own_commits, boundary))
    return replace(
        block,
        state=BlockState.DONE,
        head=approval.head,
        commits=tuple(commit.sha for commit in mine),
        files=_files_of(turn, run, block, mine),
        gates=tuple(f"{report.name}: {report.conclusion}" for report in situation.gates.reports),
        approval=approval,
        reason=None,
        closed_at=turn.now,
    )


def _files_of(turn: Turn, run: Run, block: BlockRun, commits: Sequence[Commit]) -> tuple[str, ...]:
    """What a block changed: what its commits did where that was asked for, else the push, as far as it is stated."""
    own_files = {path for path, _ in run.own_blobs} | {run.plan_path}
    known = turn.facts.files_of
    if commits and all(commit.sha in known for commit in commits):
        changed = sorted({path for commit in commits for path in known[commit.sha]})
        return tuple(path for path in changed if path not in own_files)
    progress = turn.facts.progress
    files = progress.files if isinstance(progress, Progress) else ()
    beside = {other.id for other in run.open_blocks} - set(run.group_of(block.id))
    stated = run.promise(block.id).get("files") or ()
    rules = ScopeRules.compile(stated, ()) if beside and stated else None
    return tuple(path for path in files if path not in own_files and (rules is None or rules.judge(path).is_allowed))


def skip(turn: Turn, call: Call) -> Turn | Refusal:
    """Leave a block out, with the reason on record.

    The boundary stays where it is: whatever was pushed for the skipped block still waits for somebody's approval,
    as part of the next block or of the verdict.
    """
    name, reason = name_and_reason(call.rest)
    if not name or not reason:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    run = running_or_held(turn, name)
    if isinstance(run, Refusal):
        return run
    block = named_block(run, name)
    if isinstance(block, Refusal):
        return block
    problems = plan_obstacles(turn.situation)
    if problems:
        return problems[0]
    turn = stop_worker(turn, block)
    run = turn.run or run
    block = run.block(block.id) or block
    skipped = replace(block, state=BlockState.SKIPPED, head=None, reason=reason, closed_at=turn.now)
    turn = turn.note(EntryKind.SKIPPED, call.by, reason, block=block.id, comment_id=call.comment.comment_id).to(
        run.with_block(skipped)
    )
    # What is opened after a pause is opened when it ends.
    turn = go_on(turn, call.by) if run.state is RunState.RUNNING else turn
    return write_record(
        turn, f"Record {block.id} of {run.title} as skipped", ((TRAILER_BLOCK, block.id), ("Skipped-by", call.by))
    )
