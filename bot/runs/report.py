"""`/done`, `/failed`, `/blocked`, `/gap`, `/retry`: what is said about the work on a block."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.runs.approve import name_and_reason, named_block, running, running_or_held
from bot.runs.attribution import may_be_reported, own_commits
from bot.runs.effects import Say
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind, Problem, Refusal
from bot.runs.model import BlockRun, BlockState, Run
from bot.runs.turn import Call, Turn
from bot.runs.worker_events import is_blocked_consensus
from bot.runs.workers import GAPS_KEPT, failed, hold, mark_done, try_again

_SHA: Final = re.compile(r"@?([0-9a-fA-F]{7,40})$")


def done(turn: Turn, call: Call) -> Turn | Refusal:
    """`/done [block] [sha] [notes]`: the block's work is on the branch; in stepwise mode it still awaits approval."""
    run = running(turn)
    if isinstance(run, Refusal):
        return run
    words = call.rest.replace("`", "").split()
    name = words.pop(0) if words and run.block(words[0]) is not None else None
    match = _SHA.match(words[0]) if words else None
    commit = match[1].lower() if match else None
    notes = " ".join(words[1:] if match else words)
    block = _reportable(run, name)
    if isinstance(block, Refusal):
        return block
    there = [item for item in turn.situation.own_commits if may_be_reported(run, block, item)]
    if commit is None:
        mine = own_commits(run, block, there)
        if not mine:
            return Refusal(Problem.NO_OWN_COMMIT, {"block": block.id, "boundary": run.boundary})
        found = mine[-1].sha
    else:
        found = next((item.sha for item in there if item.sha.startswith(commit)), "")
        if not found:
            return Refusal(Problem.NO_SUCH_COMMIT, {"commit": commit, "block": block.id, "branch": run.branch})
    turn = turn.note(
        EntryKind.REPORTED, call.by, f"done {notes}".strip(), block=block.id, comment_id=call.comment.comment_id
    )
    if is_blocked_consensus(notes):
        return hold(turn, block, notes, by=call.by, comment_id=call.comment.comment_id)
    return mark_done(turn, block, found, notes)


def _reportable(run: Run, name: str | None) -> BlockRun | Refusal:
    block = named_block(run, name)
    if isinstance(block, Refusal):
        return block
    if name is None and len(run.open_blocks) > 1 and len(run.group_of(block.id)) < len(run.open_blocks):
        return Refusal(Problem.WHICH_BLOCK, items=tuple(item.id for item in run.open_blocks))
    if block.state in {BlockState.BLOCKED, BlockState.FAILED}:
        return Refusal(Problem.BLOCK_HELD, {"block": block.id, "state": block.state, "reason": block.reason or ""})
    return block


def _with_reason(turn: Turn, call: Call) -> tuple[BlockRun, str] | Refusal:
    """`[block] <reason>`: the block may be left out where one is open."""
    run = running(turn)
    if isinstance(run, Refusal):
        return run
    name, reason = name_and_reason(call.rest)
    if run.block(name) is None:
        name, reason = "", " ".join(call.rest.split())
    if not reason:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    block = _reportable(run, name or None)
    return block if isinstance(block, Refusal) else (block, reason)


def fail(turn: Turn, call: Call) -> Turn | Refusal:
    found = _with_reason(turn, call)
    if isinstance(found, Refusal):
        return found
    block, reason = found
    turn = turn.note(
        EntryKind.REPORTED, call.by, f"failed: {reason}", block=block.id, comment_id=call.comment.comment_id
    )
    return failed(turn, block, reason)


def block_(turn: Turn, call: Call) -> Turn | Refusal:
    found = _with_reason(turn, call)
    if isinstance(found, Refusal):
        return found
    return hold(turn, found[0], found[1], by=call.by, comment_id=call.comment.comment_id)


def gap(turn: Turn, call: Call) -> Turn | Refusal:
    """A capability that no role has: people are warned, the run goes on, and no role is invented."""
    run = running(turn)
    if isinstance(run, Refusal):
        return run
    role, reason = name_and_reason(call.rest)
    if not role or not reason:
        return Refusal(Problem.BAD_ARGUMENTS, {"argument": ""})
    text = f"{role}: {reason}"
    turn = turn.to(replace(run, gaps=(*run.gaps[-GAPS_KEPT:], text))).note(
        EntryKind.GAP, call.by, text, comment_id=call.comment.comment_id
    )
    key = f"say:{turn.key}:{call.comment.name}:{call.index}"
    return turn.do(Say(key, Notice(NoticeKind.GAP, {"role": role, "reason": reason}), call.word, call.by))


def retry(turn: Turn, call: Call) -> Turn | Refusal:
    """Another attempt at a block that failed, is blocked, or whose worker is to be started anew."""
    name = call.rest.replace("`", "").strip() or None
    run = running_or_held(turn, name)
    if isinstance(run, Refusal):
        return run
    held = [block for block in run.open_blocks if block.state in {BlockState.FAILED, BlockState.BLOCKED}]
    if name is None:
        if len(held) != 1:
            return Refusal(
                Problem.WHICH_BLOCK if held else Problem.BLOCK_NOT_HELD, items=tuple(block.id for block in held)
            )
        block: BlockRun | Refusal = held[0]
    else:
        block = named_block(run, name)
    if isinstance(block, Refusal):
        return block
    if block.state is BlockState.ACTIVE and block.dispatch is not None and not block.dispatch.is_over:
        return Refusal(Problem.WORKER_AT_WORK, {"block": block.id, "url": block.dispatch.url or ""})
    if block.state not in {BlockState.FAILED, BlockState.BLOCKED} and block.dispatch is None:
        return Refusal(Problem.BLOCK_NOT_HELD)
    turn = turn.note(EntryKind.RETRIED, call.by, block=block.id, comment_id=call.comment.comment_id)
    return try_again(turn, block)
