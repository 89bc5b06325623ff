"""A session and a run are brought together: one test for each sentence that demands something of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.model import Session, Worker
from bot.plans.session_sync import ORPHAN_AFTER, Reconciliation, moment, reconcile

KNOWN = ("A-1", "B-2", "C-3", "D-4")
NOW = datetime(2026, 4, 18, 12, 0, tzinfo=UTC)


def session(
    completed: tuple[str, ...] = (),
    in_progress: tuple[str, ...] = (),
    workers: tuple[str, ...] = (),
    age: timedelta | None = timedelta(hours=1),
) -> Session:
    at = None if age is None else (NOW - age).isoformat()
    active = tuple(Worker(task, "developer") for task in workers)
    return Session("folder", completed=completed, in_progress=in_progress, active_workers=active, created_at=at)


def reconciled(of: Session, run_done: tuple[str, ...] = (), seen: tuple[str, ...] = ()) -> Reconciliation:
    return reconcile(of, run_done, seen, KNOWN, now=NOW)


def test_step_3_a_task_that_only_the_session_has_as_completed_is_completed() -> None:
    found = reconciled(session(completed=("B-2", "A-1")), run_done=("A-1",))
    assert (found.completed, found.only_in_session, found.only_in_run) == (("A-1", "B-2"), ("B-2",), ())


def test_step_3_a_task_that_only_the_run_has_as_completed_is_added() -> None:
    found = reconciled(session(completed=("A-1",)), run_done=("C-3", "A-1"))
    assert (found.completed, found.only_in_session, found.only_in_run) == (("A-1", "C-3"), (), ("C-3",))


def test_step_4_any_task_in_progress_is_reset_whether_it_has_a_worker_or_not() -> None:
    assert reconciled(session(in_progress=("C-3", "B-2"), workers=("B-2",))).reset == ("B-2", "C-3")


@pytest.mark.parametrize("side", ["session", "run"])
def test_step_4_a_task_that_either_side_has_as_completed_is_not_reset(side: str) -> None:
    of = session(completed=("B-2",) if side == "session" else (), in_progress=("B-2",))
    assert reconciled(of, run_done=("B-2",) if side == "run" else ()).reset == ()


def test_step_5_a_task_in_progress_without_a_worker_for_five_minutes_is_an_orphan_and_reset() -> None:
    found = reconciled(session(in_progress=("A-1", "B-2"), workers=("B-2",)))
    assert (found.orphans, found.reset) == (("A-1",), ("A-1", "B-2"))


@pytest.mark.parametrize(
    ("age", "is_orphan"),
    [(ORPHAN_AFTER, False), (ORPHAN_AFTER + timedelta(seconds=1), True), (timedelta(), False), (None, False)],
)
def test_step_5_five_minutes_have_to_be_over(age: timedelta | None, is_orphan: bool) -> None:
    assert reconciled(session(in_progress=("A-1",), age=age)).orphans == (("A-1",) if is_orphan else ())


def test_a_worker_that_is_seen_at_work_is_left_at_it_so_that_no_second_one_starts() -> None:
    found = reconciled(session(in_progress=("A-1", "B-2")), seen=("A-1",))
    assert (found.reset, found.orphans) == (("B-2",), ("B-2",))


def test_tasks_that_the_plan_does_not_have_are_named_and_nothing_is_done_for_them() -> None:
    found = reconciled(session(completed=("X-9",), in_progress=("Y-9",), workers=("Z-9",)), run_done=("W-9",))
    assert found == Reconciliation(unknown=("X-9", "Y-9", "Z-9", "W-9"))


def test_the_time_of_the_last_change_counts_before_that_of_the_beginning() -> None:
    young = Session(
        "folder", in_progress=("A-1",), created_at="2026-04-18T01:00:00Z", updated_at="2026-04-18T11:59:00Z"
    )
    assert reconciled(young).orphans == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-04-18T12:00:00Z", NOW),
        ("2026-04-18T20:00:00+08:00", NOW),
        ("2026-04-18T20:00:00.0000009+08:00", NOW),
        (" 2026-04-18T12:00:00 ", NOW),
        ("2026-04-18", NOW.replace(hour=0)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_read_in_every_form_that_sessions_have(written: str, expected: datetime | None) -> None:
    assert moment(written) == expected


TASKS = st.lists(st.sampled_from([*KNOWN, "X-9"]), max_size=4).map(tuple)


@given(TASKS, TASKS, TASKS, TASKS, TASKS)
def test_no_task_is_lost_and_none_is_both_completed_and_reset(
    completed: tuple[str, ...],
    in_progress: tuple[str, ...],
    workers: tuple[str, ...],
    run_done: tuple[str, ...],
    seen: tuple[str, ...],
) -> None:
    found = reconciled(session(completed, in_progress, workers), run_done, seen)
    assert set(found.completed) | set(found.unknown) >= {*completed, *run_done}
    assert not set(found.completed) & set(found.reset)
    assert set(found.orphans) <= set(found.reset)
    assert not set(found.reset) & set(seen)
    again = reconciled(session(found.completed), found.completed, seen)
    assert (again.completed, again.reset, again.only_in_run, again.only_in_session) == (found.completed, (), (), ())
