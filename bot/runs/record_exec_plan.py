"""An exec-plan's record: status, checkpoints, the validation record and the closeout checklist of its own file."""

from __future__ import annotations

from typing import Final

from bot.plans.exec_plan_record import Checkpoint, CloseoutRecord, ExecPlanRecord, Result, ValidationRecord
from bot.runs.assess import Situation
from bot.runs.model import BlockRun, BlockState, Run, RunState
from bot.runs.obstacles import closeout_blockers

STATUS_WORDS: Final = {
    RunState.RUNNING: "In Progress",
    RunState.PAUSED: "In Progress",
    RunState.VALIDATING: "In Validation",
    RunState.ESCALATED: "Blocked",
    RunState.ABORTED: "Aborted",
    RunState.COMPLETED: "Completed",
    RunState.CLOSED: "Completed",
}


def exec_plan_record(run: Run, situation: Situation, moved_to: str | None = None) -> ExecPlanRecord:
    """The whole record as it should stand now; `moved_to` says that the closeout moves the plan there."""
    listed = [block for block in run.blocks if block.is_settled]
    if run.state in {RunState.RUNNING, RunState.PAUSED, RunState.ESCALATED}:
        listed += run.open_blocks
    known = {block.id for block in listed}
    # What an aborted run wrote about a block is not what this run has reached.
    listed += [block for block in run.blocks if block.id in run.earlier_blocks and block.id not in known]
    return ExecPlanRecord(
        status=STATUS_WORDS[run.state],
        checkpoints=tuple(_checkpoint(block) for block in listed),
        validation=_validation(run),
        closeout=_closeout(run, situation, moved_to),
    )


def _closeout(run: Run, situation: Situation, moved_to: str | None) -> CloseoutRecord | None:
    if moved_to is not None:
        return CloseoutRecord(True, (), moved_to, True, True)
    if run.state is RunState.COMPLETED:
        return CloseoutRecord(True, (), None, False, False)
    if run.blockers_noted or run.earlier_blocks:
        return CloseoutRecord(False, closeout_blockers(run, situation), None, False, False)
    return None


def _checkpoint(block: BlockRun) -> Checkpoint:
    notes = [text for text in (block.reason, block.notes) if text]
    if block.approval is not None and block.approval.gate_note:
        notes.append(block.approval.gate_note)
    result: Result = "pending"
    if block.state is BlockState.DONE:
        result = "done"
    elif block.state is BlockState.SKIPPED:
        result = "skipped"
    elif block.state in {BlockState.BLOCKED, BlockState.FAILED}:
        result = "blocked"
    return Checkpoint(
        block=block.id,
        sprint=None,
        title=block.title,
        files_changed=block.files,
        validation_run=block.gates,
        result=result,
        notes="; ".join(notes),
        commit=block.head if block.state is BlockState.DONE and block.head else "",
        approved_by=block.approval.by if block.approval else None,
        date=block.closed_at.date().isoformat() if block.closed_at else "",
    )


def _validation(run: Run) -> ValidationRecord | None:
    verdict = run.verdict
    if verdict is None and not run.earlier_blocks:
        return None
    if verdict is None:
        # The plan may hold the verdict of a run that was aborted: it says nothing about this one.
        return ValidationRecord(run.level, "none yet", "none yet", "none yet", (), (), (), "none yet", ())
    return ValidationRecord(
        level=verdict.level,
        validated_by=verdict.by,
        date=verdict.at.date().isoformat(),
        scope=f"blocks {', '.join(block.id for block in run.blocks)} at commit {verdict.head[:12]}",
        # Level medium reads the gates; the plan's commands are run at level high only, and so none is claimed.
        commands=verdict.commands,
        results=verdict.results,
        invariants=verdict.invariants,
        verdict=verdict.word,
        residual_risks=(*verdict.residual_risks, *_left(run)),
    )


def _left(run: Run) -> tuple[str, ...]:
    """What the record says besides the verdict's own notes: exceptions, gaps, documentation that did not follow."""
    said = [f"scope exception {item.pattern} by {item.by}: {item.reason}" for item in run.exceptions]
    said += [f"capability gap {gap}" for gap in run.gaps]
    if run.verdict is not None and run.verdict.lacks_documentation:
        said.append("no documentation was changed with the code")
    return tuple(said)
