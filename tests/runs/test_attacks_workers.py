"""Workers and their runs as an attacker would use them: somebody else's commits, runs and reports."""

from __future__ import annotations

import pytest

from bot.runs.messages import Problem
from bot.runs.model import BlockState
from tests.runs.refusals import refused
from tests.runs.work import block_of, report, run_moves, with_workflow
from tests.runs.world import World
from tests.runs.worlds import session, states


def side_by_side(command: str = "/execute autonomous") -> World:
    """Two tasks of a session, each with a worker of its own at work."""
    world = session({"IMPL-1": (), "TEST-1": ()}, policy=with_workflow(), command=command)
    run_moves(world, "IMPL-1", "in_progress")
    run_moves(world, "TEST-1", "in_progress")
    return world


def test_a_worker_that_reports_the_commit_of_the_worker_beside_it_has_failed() -> None:
    world = side_by_side()
    sha = world.push("src/impl1.py", message="IMPL-1: work")
    report(world, "TEST-1", "done", sha)
    world.ci("green")
    assert world.block("TEST-1") is BlockState.ACTIVE
    assert "is not on the branch" in (block_of(world, "TEST-1").reason or "")


def test_a_commit_is_reported_for_one_block_only() -> None:
    world = side_by_side()
    sha = world.push("src/impl1.py", message="Work that names no task")
    report(world, "IMPL-1", "done", sha)
    report(world, "TEST-1", "done", sha)
    world.ci("green")
    assert world.block("IMPL-1") is BlockState.DONE
    assert block_of(world, "TEST-1").reported is None
    assert world.block("TEST-1") is BlockState.ACTIVE


@pytest.mark.parametrize("said", ["/done TEST-1 {sha}", "/done TEST-1"])
def test_done_by_a_person_takes_no_commit_that_names_another_task(said: str) -> None:
    world = side_by_side("/execute")
    sha = world.push("src/impl1.py", message="IMPL-1: work")
    problem = Problem.NO_SUCH_COMMIT if "{sha}" in said else Problem.NO_OWN_COMMIT
    refused(world.comment(said.format(sha=sha)), problem)


def test_a_commit_that_names_two_tasks_closes_one_of_them() -> None:
    world = side_by_side()
    sha = world.push("src/impl1.py", message="IMPL-1: work\n\nStepwise-Block: TEST-1")
    report(world, "IMPL-1", "done", sha)
    report(world, "TEST-1", "done", sha)
    world.ci("green")
    assert sorted(states(world).values()) == ["active", "done"]
