"""Bring a session's own account and a run's account of the tasks together, in both directions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.plans.model import Session

ORPHAN_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What follows from both accounts; ids in the order of the plan, unknown ones in the order in which they are named.

    `completed` is what either side has as completed, `only_in_session` and `only_in_run` what just one of them has.
    `reset` goes back to pending; `orphans` are those of them that nobody is known to have worked on for a while.
    `unknown` are ids that the plan does not have; they are in none of the others.
    """

    completed: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    only_in_session: tuple[str, ...] = ()
    only_in_run: tuple[str, ...] = ()


def reconcile(
    session: Session,
    run_done: Collection[str],
    now_seen_workers: Collection[str],
    known: Sequence[str],
    *,
    now: datetime,
) -> Reconciliation:
    """Compare a session with a run: `run_done` are the run's finished tasks, `known` the plan's tasks in order.

    `now_seen_workers` are the tasks whose worker is seen at work at this moment: these are neither reset nor started
    twice. `now` is compared with the session's own times; it has to be aware of its time zone.
    """
    in_session = set(session.completed)
    in_run = set(run_done)
    completed = in_session | in_run
    interrupted = set(session.in_progress) - completed - set(now_seen_workers)
    registered = {worker.task for worker in session.active_workers}
    orphans = interrupted - registered if _is_older(session, now) else set()
    named = (*session.completed, *session.in_progress, *(worker.task for worker in session.active_workers))
    unknown = dict.fromkeys(task for task in (*named, *sorted(in_run)) if task not in set(known))

    def in_order(tasks: Collection[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(task for task in known if task in tasks))

    return Reconciliation(
        completed=in_order(completed),
        reset=in_order(interrupted),
        orphans=in_order(orphans),
        unknown=tuple(unknown),
        only_in_session=in_order(in_session - in_run),
        only_in_run=in_order(in_run - in_session),
    )


def _is_older(session: Session, now: datetime) -> bool:
    """Say whether the session was last written more than five minutes ago; files give no time for a single task.

    A time that is missing or cannot be read says nothing, so nothing is called an orphan because of it.
    """
    for written in (session.updated_at, session.created_at):
        if written is not None:
            at = moment(written)
            return at is not None and now - at > ORPHAN_AFTER
    return False


def moment(written: str) -> datetime | None:
    """The moment that ISO 8601 text names, or None; without a time zone it is taken as UTC."""
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
