"""A team session's record: its own file's completed tasks, active workers and status, and nothing else."""

from __future__ import annotations

from datetime import datetime

from bot.plans.model import Session, Worker
from bot.plans.session_state import SessionRecord
from bot.runs.assess import Situation
from bot.runs.model import BlockRun, BlockState, Run, RunState

_ARCHIVING = frozenset({"archive", "export"})


def session_record(run: Run, situation: Situation, now: datetime) -> SessionRecord:
    """The state of the session as the run knows it; tasks that nobody works on any more go back to pending."""
    plan = situation.plan.plan
    session = plan.session if plan is not None else None
    working = {
        block.id for block in run.open_blocks if block.state in {BlockState.ACTIVE, BlockState.AWAITING_APPROVAL}
    }
    interrupted = session.in_progress if session is not None else ()
    return SessionRecord(
        status=_status(run),
        completed=(*(block.id for block in run.blocks if block.state is BlockState.DONE), *_foreign(run, session)),
        active_workers=tuple(_worker(run, block) for block in run.blocks if block.id in working and _is_live(run)),
        reset=tuple(task for task in interrupted if task not in working),
        updated_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _foreign(run: Run, session: Session | None) -> tuple[str, ...]:
    """Completed tasks that the graph does not know: they are the session's own, and stay."""
    return tuple(task for task in (session.completed if session else ()) if run.block(task) is None)


def _is_live(run: Run) -> bool:
    return run.state in {RunState.RUNNING, RunState.PAUSED}


def _worker(run: Run, block: BlockRun) -> Worker:
    role = str(run.promise(block.id).get("role") or "")
    since = block.dispatch.sent_at.strftime("%Y-%m-%dT%H:%M:%SZ") if block.dispatch is not None else None
    return Worker(block.id, role, since)


def _status(run: Run) -> str:
    """The published words: an archived session is completed, one that is kept is paused until it is taken up again."""
    match run.state:
        case RunState.CLOSED:
            return "completed" if run.completion in _ARCHIVING else "paused"
        case RunState.COMPLETED | RunState.RUNNING | RunState.VALIDATING:
            return "active"
        case _:
            return "paused"
