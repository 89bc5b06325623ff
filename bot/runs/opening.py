"""What comes after a block is closed: the next ones are opened and handed out, or validation begins."""

from __future__ import annotations

from dataclasses import replace

from bot.runs.effects import Say
from bot.runs.ledger import EntryKind
from bot.runs.messages import Notice, NoticeKind
from bot.runs.model import BlockState, RunState
from bot.runs.schedule import is_stalled, ready_blocks
from bot.runs.turn import Turn
from bot.runs.workers import hand_out


def go_on(turn: Turn, actor: str) -> Turn:
    """Open every block that may be opened now, start its worker, or go into validation when none is left."""
    run = turn.run
    assert run is not None
    if all(block.is_settled for block in run.blocks):
        return turn.to(replace(run, state=RunState.VALIDATING)).note(EntryKind.VALIDATING, actor)
    for block_id in ready_blocks(run):
        assert turn.run is not None
        block = turn.run.block(block_id)
        assert block is not None
        opened = replace(block, state=BlockState.ACTIVE, reason=None)
        turn = turn.to(turn.run.with_block(opened)).note(EntryKind.BLOCK_OPENED, actor, block=block_id)
    return _report_stall(hand_out(turn), actor)


def _report_stall(turn: Turn, actor: str) -> Turn:
    """Nobody works and nothing is ready: people are told once, with what everything waits for."""
    run = turn.run
    assert run is not None
    if not is_stalled(run):
        return turn
    held = tuple(f"{block.id} is {block.state}: {block.reason or 'no reason given'}" for block in run.open_blocks)
    key = f"say:{run.id}:stalled:{run.settled_count}:{len(run.open_blocks)}:{run.sequence}"
    turn = turn.note(EntryKind.STALLED, actor, "; ".join(held))
    return turn.do(Say(key, Notice(NoticeKind.STALLED, items=held)))
