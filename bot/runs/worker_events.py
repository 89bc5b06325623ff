"""What is heard of workers: workflow runs that moved and reports. Each may be late, there twice or unwanted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.runs.attribution import may_be_reported, own_commits
from bot.runs.events import ReportRefused, WorkerReported, WorkerRunChanged
from bot.runs.ledger import EntryKind
from bot.runs.model import BlockRun, BlockState, Dispatch, DispatchState, Run
from bot.runs.turn import Turn
from bot.runs.workers import BOT, GAPS_KEPT, cancelling, effect_key, failed, hold, is_waited_for, mark_done

_CONSENSUS: Final = re.compile(r"consensus_blocked\b.{0,200}?\bHIGH\b", re.IGNORECASE | re.DOTALL)


def run_changed(turn: Turn, event: WorkerRunChanged) -> Turn:
    """A workflow run moved. It may be seen before the answer to the dispatch, twice, or when nobody waits for it."""
    run = turn.run
    if run is None:
        return turn
    known = run.validation
    if known is not None and known.id in event.title:
        if not _is_the_one_started(turn, known, event):
            return turn
        return turn.to(replace(run, validation=_moved(known, event, turn.now)))
    stale = [name for block in run.blocks for name in block.earlier if name in event.title]
    if stale and event.status != "completed":
        turn = turn.note(EntryKind.WORKER, BOT, f"{stale[0]} came too late and is cancelled")
        return turn.do(cancelling(stale[0], event.workflow_run_id))
    block = next((item for item in run.blocks if item.dispatch is not None and item.dispatch.id in event.title), None)
    if block is None or block.dispatch is None or not _is_of_its_workflow(block.dispatch, event):
        return turn
    if _is_unwanted(block.dispatch, event):
        turn = turn.note(EntryKind.WORKER, BOT, "a workflow run that nobody waits for is cancelled", block=block.id)
        return turn.do(cancelling(block.dispatch.id, event.workflow_run_id))
    dispatch = _moved(block.dispatch, event, turn.now)
    if dispatch == block.dispatch or block.dispatch.workflow_run_id not in {None, event.workflow_run_id}:
        return turn
    turn = turn.to(run.with_block(replace(block, dispatch=dispatch)))
    if event.status == "queued":
        # That it was dispatched is in the ledger already, whether this or GitHub's answer is heard first.
        return turn
    said = event.conclusion or event.status
    turn = turn.note(EntryKind.WORKER, BOT, f"{dispatch.worker} is {said.replace('_', ' ')}", block=block.id)
    if event.status != "completed" or block.state is not BlockState.ACTIVE or block.reported is not None:
        return turn
    current = replace(block, dispatch=dispatch)
    if dispatch.state is DispatchState.FAILED:
        return failed(turn, current, dispatch.failure or "")
    return _done(turn, current, None, "")


def _dispatched(run: Run, dispatch: str) -> BlockRun | None:
    return next((block for block in run.blocks if block.dispatch is not None and block.dispatch.id == dispatch), None)


def _is_unwanted(dispatch: Dispatch, event: WorkerRunChanged) -> bool:
    """Whether a run must not go on: its dispatch was given up before it was seen, or another run of it is known."""
    if event.status == "completed":
        return False
    known = dispatch.workflow_run_id
    return (dispatch.state is DispatchState.FAILED and known is None) or known not in {None, event.workflow_run_id}


def _is_of_its_workflow(dispatch: Dispatch, event: WorkerRunChanged) -> bool:
    """Anybody who may start workflows can give a run of another one the dispatch's title."""
    return event.path in {None, f".github/workflows/{dispatch.worker}"}


def _is_the_one_started(turn: Turn, dispatch: Dispatch, event: WorkerRunChanged) -> bool:
    """The run that GitHub named in its answer to the dispatch, where it did: a second one was started by hand."""
    outcome = turn.facts.outcomes.get(effect_key(dispatch.id))
    told = outcome.result.get("workflow_run_id", "") if outcome is not None else ""
    known = dispatch.workflow_run_id or (int(told) if told.isdigit() else None)
    return _is_of_its_workflow(dispatch, event) and known in {None, event.workflow_run_id}


def _moved(dispatch: Dispatch, event: WorkerRunChanged, now: datetime) -> Dispatch:
    """The dispatch as the workflow run's state says; what is over stays over, whatever arrives late."""
    if dispatch.is_over:
        return dispatch
    seen = replace(dispatch, workflow_run_id=event.workflow_run_id, url=event.url)
    if event.status == "completed":
        if event.conclusion == "success":
            return replace(seen, state=DispatchState.DONE, running_since=seen.running_since or now)
        why = f"its workflow run ended with {event.conclusion or 'no conclusion'}"
        return replace(seen, state=DispatchState.FAILED, failure=why)
    if event.status == "in_progress":
        return replace(seen, state=DispatchState.RUNNING, running_since=seen.running_since or now)
    return seen


def reported(turn: Turn, event: WorkerReported) -> Turn:
    """A worker's own report on its block; one for a block that is not being worked on changes nothing."""
    run = turn.run
    if run is None:
        return turn
    block = _dispatched(run, event.dispatch)
    said = f"{event.status} {event.notes}".strip()
    if block is None or not is_waited_for(block):
        return turn.note(EntryKind.REPORTED, event.dispatch, f"{said}: nobody waits for it", block=event.block)
    turn = turn.note(EntryKind.REPORTED, event.dispatch, said, block=block.id)
    match event.status:
        case "done" if is_blocked_consensus(event.notes):
            return hold(turn, block, event.notes, by=event.dispatch)
        case "done":
            return _done(turn, block, event.commit, event.notes)
        case "failed":
            return failed(turn, block, event.notes or "the worker reported that it failed")
        case "blocked":
            return hold(turn, block, event.notes or "the worker reported that it is blocked", by=event.dispatch)
        case "gap":
            # A worker that got no answer reports once more; the gap is the same one.
            gaps = run.gaps if event.notes in run.gaps else (*run.gaps[-GAPS_KEPT:], event.notes)
            return turn.to(replace(run, gaps=gaps))
        case "kickback":
            # Stopping a run is decided where `/kickback` is, see `bot.runs.escalate`.
            return turn


def is_blocked_consensus(notes: str) -> bool:
    """Whether a report says that reviewers blocked the work with severity HIGH: only a person may go past that."""
    return _CONSENSUS.search(notes) is not None


def report_refused(turn: Turn, event: ReportRefused) -> Turn:
    if turn.run is None:
        return turn
    return turn.note(
        EntryKind.REFUSED, event.dispatch or "a worker", f"report: {event.reason}", block=event.block or None
    )


def _done(turn: Turn, block: BlockRun, commit: str | None, notes: str) -> Turn:
    """Done needs a commit on the branch; without one it has failed."""
    run = turn.run
    assert run is not None
    there = [item for item in turn.situation.own_commits if may_be_reported(run, block, item)]
    if commit is not None:
        found = next((item.sha for item in there if item.sha.startswith(commit.lower())), None)
    else:
        found = next((item.sha for item in reversed(own_commits(run, block, there))), None)
    if found is None:
        named = f"the commit {commit[:40]} is not on the branch" if commit else "there is no commit on the branch"
        return failed(turn, block, f"it was reported as done, but {named}")
    return mark_done(turn, block, found, notes)
