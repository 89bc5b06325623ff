"""Workers and their runs as an attacker would use them: somebody else's commits, runs and reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.runs.messages import Problem
from bot.runs.model import BlockState, Dispatch, DispatchState
from tests.runs.plans import FOLDER, session_files
from tests.runs.refusals import refused
from tests.runs.work import block_of, dispatch_of, moved, policy_of, report, run_moves, with_workflow, workers_started
from tests.runs.world import World, do_block, plan_text, started
from tests.runs.worlds import exec_plan, execute, session, states, with_files


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


# -- workflow runs that somebody else started --------------------------------------------------------------------------

HIGH = b"validation: {workflow: gates.yml, level: high, invariants: []}\n"
GATES = ".github/workflows/gates.yml"


def validating() -> World:
    """Every block is done, and the workflow that runs the plan's commands was started."""
    world = started(plan_text(["B01"]), policy=policy_of(HIGH))
    do_block(world, "src/b01.py")
    assert world.comment("/approve").is_accepted
    return world


def commands_of(world: World) -> Dispatch:
    assert world.run is not None and world.run.validation is not None
    return world.run.validation


def started_as(world: World, dispatch: Dispatch) -> int:
    """The run that GitHub's answer to the dispatch named."""
    return int(world.outcomes[f"dispatch:{dispatch.id}"].result["workflow_run_id"])


def test_a_run_that_somebody_started_under_the_same_id_does_not_pass_the_validation_commands() -> None:
    world = validating()
    known = commands_of(world)
    world.answer(replace(moved(known.id, "completed", "success", run_id=666), path=GATES))
    assert commands_of(world).state is DispatchState.SENT
    refused(world.comment("/verdict PASS"), Problem.VALIDATION_RUNNING)
    world.answer(replace(moved(known.id, "completed", "success", run_id=started_as(world, known)), path=GATES))
    assert commands_of(world).state is DispatchState.DONE
    assert world.comment("/verdict PASS").is_accepted


def test_a_run_of_another_workflow_says_nothing_about_the_validation_commands() -> None:
    world = validating()
    known = commands_of(world)
    forged = moved(known.id, "completed", "success", run_id=started_as(world, known))
    world.answer(replace(forged, path=".github/workflows/deploy.yml"))
    assert commands_of(world).state is DispatchState.SENT


@pytest.mark.parametrize("conclusion", ["success", "failure"])
def test_a_run_of_another_workflow_says_nothing_about_a_block(conclusion: str) -> None:
    world = started(policy=with_workflow(), dispatches_land=False)
    before = dispatch_of(world, "B01")
    world.push("src/b01.py")
    world.answer(replace(moved(before.id, "completed", conclusion, run_id=666), path=".github/workflows/x.yml"))
    assert dispatch_of(world, "B01") == before
    assert block_of(world, "B01").reported is None


# -- what is left undone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["run", "report"])
def test_a_worker_that_failed_while_the_run_was_paused_is_asked_again_when_it_goes_on(how: str) -> None:
    world = started(policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    assert world.comment("/pause").is_accepted
    if how == "run":
        run_moves(world, "B01", "completed", "failure")
    else:
        report(world, "B01", "failed", notes="no")
    assert len(workers_started(world, "B01")) == 1
    assert world.comment("/resume").is_accepted
    assert len(workers_started(world, "B01")) == 2
    assert dispatch_of(world, "B01").attempt == 2


# -- what a session's place lets through -------------------------------------------------------------------------------


def placed(folder: str) -> World:
    """A session whose roles may change one file, kept in this folder."""
    files = {path.replace(FOLDER, folder): text for path, text in session_files({"IMPL-1": ()}).items()}
    files = {
        path: text.replace("inner_loop: false\n", "inner_loop: false\nfiles: [docs/x.md]\n")
        for path, text in files.items()
    }
    return execute(with_files(f"{folder}/team-session.json", files))


def violations(world: World) -> list[str]:
    return [item.path for item in world.decision.situation.scope.violations]


@pytest.mark.parametrize("folder", ["src", "src/shop", ".github/workflows", ".GitHub"])
def test_a_session_beside_product_code_does_not_put_it_in_scope(folder: str) -> None:
    world = placed(folder)
    assert violations(world) == []
    world.push(f"{folder}/payments.py", f"{folder}/artifacts/report.md", f"{folder}/deep/down.yml")
    assert violations(world) == [f"{folder}/deep/down.yml", f"{folder}/payments.py"]


def test_what_workers_leave_in_a_sessions_hidden_folder_is_in_scope() -> None:
    world = placed(FOLDER)
    world.push(f"{FOLDER}/artifacts/report.md", f"{FOLDER}/notes/odd.txt", f"{FOLDER}-2/x.py")
    assert violations(world) == [f"{FOLDER}-2/x.py"]


# -- groups ------------------------------------------------------------------------------------------------------------


def half_a_group() -> World:
    """A group of two, of which one block was handed over by its worker and the other is still being worked on."""
    world = exec_plan(["B01", "B02"], groups="B01-B02", policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    run_moves(world, "B02", "in_progress")
    sha = world.push("src/b01.py", message="B01: work")
    world.ci("green")
    report(world, "B01", "done", sha)
    assert states(world) == {"B01": "awaiting_approval", "B02": "active"}
    return world


@pytest.mark.parametrize("said", ["/approve", "/approve B01", "/approve B01-B02", "/approve B02"])
def test_a_group_is_not_approved_while_a_part_of_it_was_not_shown(said: str) -> None:
    world = half_a_group()
    assert refused(world.comment(said), Problem.NOT_SHOWN_YET)["block"] == "B02"
    assert states(world) == {"B01": "awaiting_approval", "B02": "active"}


# -- very many at once -------------------------------------------------------------------------------------------------


def test_a_session_of_very_many_free_tasks_starts_only_some_workers_at_once() -> None:
    tasks = [f"IMPL-{number}" for number in range(1, 31)]
    world = session(dict.fromkeys(tasks, ()), policy=with_workflow())
    started = [effect.block for effect in workers_started(world)]
    assert len(started) == 10
    run_moves(world, started[0], "in_progress")
    world.push("src/one.py", message=f"{started[0]}: work")
    run_moves(world, started[0], "completed", "success")
    assert len(workers_started(world)) == 11
