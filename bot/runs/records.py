"""What is written back to the branch, as effects: checkpoints, the validation record, the closeout."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Final, assert_never

from bot.plans.model import Dialect
from bot.plans.progress_file import progress_path
from bot.runs.effects import CloseOut, Record, Trailers, WriteRecord
from bot.runs.model import Run, RunState
from bot.runs.planning import own_spec
from bot.runs.policy import CloseoutPolicy, RecordPolicy
from bot.runs.record_exec_plan import exec_plan_record
from bot.runs.record_memory_bank import execution_log
from bot.runs.record_session import session_record
from bot.runs.record_spec_plan import progress_record
from bot.runs.turn import Turn

TRAILER_RUN: Final = "Stepwise-Run"
TRAILER_BLOCK: Final = "Stepwise-Block"
TRAILER_APPROVED: Final = "Approved-by"
CLOSEOUT_BRANCH_PREFIX: Final = "stepwise/closeout/"


def record_of(turn: Turn, run: Run, *, moved_to: str | None = None) -> Record:
    """The whole record as it should stand now; bringing a file up to it twice changes nothing the second time."""
    match run.dialect:
        case Dialect.EXEC_PLAN:
            return exec_plan_record(run, turn.situation, moved_to)
        case Dialect.MEMORY_BANK:
            return execution_log(run, turn.situation, turn.facts)
        case Dialect.SPEC_PLAN:
            return progress_record(run)
        case Dialect.TEAM_SESSION:
            return session_record(run, turn.situation, turn.now)
        case _:
            assert_never(run.dialect)


def record_path(run: Run) -> str:
    """The one file that a run's record is kept in."""
    match run.dialect:
        case Dialect.EXEC_PLAN | Dialect.TEAM_SESSION:
            return run.plan_path
        case Dialect.MEMORY_BANK:
            return run.log_path or ""
        case Dialect.SPEC_PLAN:
            return progress_path(run.plan_path)
        case _:
            assert_never(run.dialect)


def write_record(turn: Turn, subject: str, trailers: Trailers = (), *, at_end: bool = False) -> Turn:
    """Ask for one record commit, if policy and place allow one.

    Forks are never pushed to, and policy `record: end` writes only with the verdict: the closeout carries the rest.
    """
    run = turn.run
    assert run is not None
    wanted = {RecordPolicy.BLOCK: True, RecordPolicy.END: at_end, RecordPolicy.OFF: False}[turn.policy.record]
    if not wanted or turn.facts.pull.is_fork or not turn.facts.pull.is_open:
        return turn
    return _with_record(turn, run, subject, trailers)


def write_blockers(turn: Turn, by: str) -> Turn:
    """Write into the plan why it cannot be closed out yet; the record takes it back once nothing does."""
    run = turn.run
    assert run is not None
    if turn.policy.record is RecordPolicy.OFF or turn.facts.pull.is_fork or not turn.facts.pull.is_open:
        return turn
    noted = replace(run, blockers_noted=True)
    return _with_record(turn.to(noted), noted, f"Note what blocks the closeout of {run.title}", (("Requested-by", by),))


def _with_record(turn: Turn, run: Run, subject: str, trailers: Trailers) -> Turn:
    key = f"{run.id}:record:{run.sequence}"
    changed = replace(run, sequence=run.sequence + 1, record_key=key)
    effect = WriteRecord(
        key=key,
        branch=run.branch,
        path=record_path(run),
        record=record_of(turn, changed),
        subject=subject,
        trailers=((TRAILER_RUN, run.id), *trailers),
    )
    return turn.to(changed).do(effect)


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
    is_moved = run.dialect is Dialect.EXEC_PLAN
    target = run.plan_path if "/completed/" in run.plan_path or not is_moved else moved_path(run.plan_path)
    key = f"{run.id}:closeout:{run.sequence}"
    closed = replace(run, state=RunState.CLOSED)
    plan = turn.situation.plan.plan
    effect = CloseOut(
        key=key,
        branch=pull.base_ref if as_pull else run.branch,
        as_pull=as_pull,
        new_branch=CLOSEOUT_BRANCH_PREFIX + _branch_name(run),
        plan_path=run.plan_path,
        moved_path=target,
        title=f"Close out {run.title}",
        body="",
        record=record_of(turn, closed, moved_to=target if is_moved else None),
        trailers=((TRAILER_RUN, run.id),),
        dialect=run.dialect,
        path=record_path(run),
        spec_path=own_spec(plan) if plan is not None else None,
        export_to=run.completion_path if run.completion == "export" else None,
    )
    return turn.to(replace(run, sequence=run.sequence + 1, closeout_key=key)).do(effect)


def _branch_name(run: Run) -> str:
    """The plan's own name; the fixed names of some dialects say nothing, there the folder's name does."""
    folder, name = posixpath.split(run.plan_path)
    if run.dialect in {Dialect.SPEC_PLAN, Dialect.TEAM_SESSION}:
        return posixpath.basename(folder) or "plan"
    return name.removesuffix(".md")
