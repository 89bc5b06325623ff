"""What is written back to the branch, as effects: checkpoints, the validation record, the closeout."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Final

from bot.plans.exec_plan_record import Checkpoint, CloseoutRecord, ExecPlanRecord, Result, ValidationRecord
from bot.runs.effects import CloseOut, Trailers, WriteRecord
from bot.runs.model import BlockRun, BlockState, Run, RunState
from bot.runs.policy import CloseoutPolicy, RecordPolicy
from bot.runs.turn import Turn

TRAILER_RUN: Final = "Stepwise-Run"
TRAILER_BLOCK: Final = "Stepwise-Block"
TRAILER_APPROVED: Final = "Approved-by"
CLOSEOUT_BRANCH_PREFIX: Final = "stepwise/closeout/"

STATUS_WORDS: Final = {
    RunState.RUNNING: "In Progress",
    RunState.PAUSED: "In Progress",
    RunState.VALIDATING: "In Validation",
    RunState.ESCALATED: "Blocked",
    RunState.ABORTED: "Aborted",
    RunState.COMPLETED: "Completed",
    RunState.CLOSED: "Completed",
}


def record_of(run: Run, closeout: CloseoutRecord | None = None) -> ExecPlanRecord:
    """The whole record as it should stand now; bringing a plan up to it twice changes nothing the second time."""
    listed = [block for block in run.blocks if block.is_settled]
    if run.open_block is not None and run.state is RunState.RUNNING:
        listed.append(run.open_block)
    return ExecPlanRecord(
        status=STATUS_WORDS[run.state],
        checkpoints=tuple(_checkpoint(block) for block in listed),
        validation=_validation(run),
        closeout=closeout,
    )


def _checkpoint(block: BlockRun) -> Checkpoint:
    notes = [block.reason] if block.reason else []
    if block.approval is not None and block.approval.gate_note:
        notes.append(block.approval.gate_note)
    result: Result = "pending"
    if block.state is BlockState.DONE:
        result = "done"
    elif block.state is BlockState.SKIPPED:
        result = "skipped"
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
    if verdict is None:
        return None
    return ValidationRecord(
        level=verdict.level,
        validated_by=verdict.by,
        date=verdict.at.date().isoformat(),
        scope=f"blocks {', '.join(block.id for block in run.blocks)} at commit {verdict.head[:12]}",
        # Level medium reads the gates; the plan's commands are run by nobody here, and so none is claimed.
        commands=(),
        results=verdict.results,
        invariants=(),
        verdict=verdict.word,
        residual_risks=verdict.residual_risks,
    )


def write_record(turn: Turn, subject: str, trailers: Trailers = (), *, at_end: bool = False) -> Turn:
    """Ask for one record commit, if policy and place allow one.

    Forks are never pushed to, and policy `record: end` writes only with the verdict: the closeout carries the rest.
    """
    run = turn.run
    assert run is not None
    wanted = {RecordPolicy.BLOCK: True, RecordPolicy.END: at_end, RecordPolicy.OFF: False}[turn.policy.record]
    if not wanted or turn.facts.pull.is_fork or not turn.facts.pull.is_open:
        return turn
    return _with_record(turn, run, record_of(run), subject, trailers)


def write_blockers(turn: Turn, blockers: tuple[str, ...], by: str) -> Turn:
    """Write into the plan why it cannot be closed out yet."""
    run = turn.run
    assert run is not None
    if turn.policy.record is RecordPolicy.OFF or turn.facts.pull.is_fork or not turn.facts.pull.is_open:
        return turn
    record = record_of(run, CloseoutRecord(False, blockers, None, False, False))
    return _with_record(turn, run, record, f"Note what blocks the closeout of {run.title}", (("Requested-by", by),))


def _with_record(turn: Turn, run: Run, record: ExecPlanRecord, subject: str, trailers: Trailers) -> Turn:
    key = f"{run.id}:record:{run.sequence}"
    effect = WriteRecord(
        key=key,
        branch=run.branch,
        plan_path=run.plan_path,
        record=record,
        subject=subject,
        trailers=((TRAILER_RUN, run.id), *trailers),
    )
    return turn.to(replace(run, sequence=run.sequence + 1, record_key=key)).do(effect)


def moved_path(plan_path: str) -> str:
    """`…/active/x.md` -> `…/completed/x.md`."""
    folder, name = posixpath.split(plan_path)
    return posixpath.join(posixpath.dirname(folder), "completed", name)


def other_place(plan_path: str) -> str | None:
    """Where a plan stands after its closeout if it stands here before it, and the other way round."""
    folder, name = posixpath.split(plan_path)
    parent, leaf = posixpath.split(folder)
    other = {"active": "completed", "completed": "active"}.get(leaf)
    return posixpath.join(parent, other, name) if other else None


def close_out(turn: Turn) -> Turn:
    """Ask for the closeout as the policy wants it: on the branch before the merge, or as a pull request after it."""
    run = turn.run
    assert run is not None
    pull = turn.facts.pull
    as_pull = pull.is_merged or pull.is_fork or turn.policy.closeout is CloseoutPolicy.PULL
    target = run.plan_path if "/completed/" in run.plan_path else moved_path(run.plan_path)
    closeout = CloseoutRecord(True, (), target, True, True)
    key = f"{run.id}:closeout:{run.sequence}"
    effect = CloseOut(
        key=key,
        branch=pull.base_ref if as_pull else run.branch,
        as_pull=as_pull,
        new_branch=CLOSEOUT_BRANCH_PREFIX + posixpath.basename(run.plan_path).removesuffix(".md"),
        plan_path=run.plan_path,
        moved_path=target,
        title=f"Close out {run.title}",
        body="",
        record=record_of(replace(run, state=RunState.CLOSED), closeout),
        trailers=((TRAILER_RUN, run.id),),
    )
    return turn.to(replace(run, sequence=run.sequence + 1, closeout_key=key)).do(effect)
