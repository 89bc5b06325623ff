"""A spec-plan's record: PROGRESS.md, from which an interrupted run can be taken up again."""

from __future__ import annotations

import posixpath
from typing import Final

from bot.plans.progress_file import ProgressRecord, ProgressTask, TaskState
from bot.runs.model import BlockRun, BlockState, Run, RunState

_STATES: Final[dict[BlockState, TaskState]] = {
    BlockState.PENDING: "pending",
    BlockState.ACTIVE: "in_progress",
    BlockState.AWAITING_APPROVAL: "in_progress",
    BlockState.DONE: "done",
    BlockState.SKIPPED: "skipped",
    BlockState.BLOCKED: "failed",
    BlockState.FAILED: "failed",
}


def progress_record(run: Run) -> ProgressRecord:
    """The task list with what each has reached, the weight, and the current step."""
    return ProgressRecord(
        feature=posixpath.basename(posixpath.dirname(run.plan_path)) or run.title,
        plan_path=run.plan_path,
        weight=run.terms.get("weight"),
        step=_step(run),
        tasks=tuple(ProgressTask(block.id, block.title, _STATES[block.state], _commit(block)) for block in run.blocks),
        notes=tuple(f"{block.id}: {block.reason}" for block in run.blocks if block.reason),
    )


def _step(run: Run) -> str:
    match run.state:
        case RunState.RUNNING:
            opened = ", ".join(block.id for block in run.open_blocks)
            return f"task {opened}" if opened else "between tasks"
        case RunState.VALIDATING:
            return "final verification" if not run.fix_rounds else f"final verification, fix round {run.fix_rounds}"
        case RunState.ESCALATED if run.signal is not None:
            return f"kickback ({run.signal}): {run.reason or ''}"
        case _:
            return f"{run.state}: {run.reason}" if run.reason else str(run.state)


def _commit(block: BlockRun) -> str:
    if block.state is not BlockState.DONE:
        return ""
    return (block.commits[-1] if block.commits else block.head or "")[:12]
