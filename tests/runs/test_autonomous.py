"""Autonomous mode: blocks close by themselves where their commits or a report name them, and anything unclear stops."""

from __future__ import annotations

from typing import Any

import pytest

from bot.runs.events import Woken
from bot.runs.messages import Notice, NoticeKind, Problem
from bot.runs.model import BlockState, RunState
from tests.runs.refusals import refused
from tests.runs.work import report, run_moves, with_workflow, workers_started
from tests.runs.world import World, plan_text, planned, started
from tests.runs.worlds import exec_plan, execute, memory_bank, session, spec_plan, states, work_on


def autonomous(groups: str = "", **more: Any) -> World:
    return exec_plan(mode="autonomous", groups=groups, **more)


def said(world: World) -> list[NoticeKind]:
    return [m.kind for e in world.effects.values() if isinstance(m := getattr(e, "message", None), Notice)]


# -- who says so -----------------------------------------------------------------------------------------------------


def test_without_a_word_a_run_is_stepwise() -> None:
    world = started()
    work_on(world, "B01")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_a_plan_that_says_autonomous_and_is_executed_by_a_person_is_autonomous() -> None:
    world = started(plan_text(mode="autonomous"))
    work_on(world, "B01")
    assert world.block("B01") is BlockState.DONE


def test_who_executes_may_ask_for_stepwise_all_the_same() -> None:
    world = execute(planned(plan_text(mode="autonomous")), "/execute stepwise")
    work_on(world, "B01")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


# -- closing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "B01: whole cents",
        "b01: whole cents",
        "B01 (cents): whole",
        "Whole cents\n\nStepwise-Block: B01",
        "Whole cents\n\nWhy it is so.\n\nRefs: plan/x.md\nStepwise-Block: b01\n",
    ],
)
def test_a_block_closes_when_its_commit_names_it_and_gates_are_green(message: str) -> None:
    world = autonomous()
    world.push("src/b01.py", message=message)
    assert world.block("B01") is BlockState.ACTIVE
    world.ci("green")
    assert states(world) == {"B01": "done", "B02": "active", "B03": "pending"}


@pytest.mark.parametrize(
    "message",
    [
        "Work",
        "Work on B01: cents",
        "B010: something else",
        "XB01: something else",
        "B02: the next one",
        "Work\n\nwe spoke of Stepwise-Block: B01",
        "Stepwise-Block: B011",
    ],
)
def test_a_commit_that_does_not_name_its_block_waits_for_a_person(message: str) -> None:
    world = autonomous()
    world.push("src/b01.py", message=message)
    world.ci("green")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL
    assert world.comment("/approve B01").is_accepted


def test_who_started_it_answers_for_what_closes_by_itself() -> None:
    world = autonomous()
    work_on(world, "B01")
    assert world.run is not None
    approval = world.run.blocks[0].approval
    assert approval is not None and "maria" in approval.by and approval.by != "maria"


def test_a_report_of_done_closes_a_block_whose_commits_name_nothing() -> None:
    world = autonomous()
    sha = world.push("src/b01.py", message="Work")
    world.ci("green")
    assert world.comment(f"/done B01 {sha[:7]}").is_accepted
    assert world.block("B01") is BlockState.DONE


def test_a_workers_report_closes_a_block_whose_commits_name_nothing() -> None:
    world = autonomous(policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    sha = world.push("src/b01.py", message="Work")
    world.ci("green")
    report(world, "B01", "done", sha)
    assert world.block("B01") is BlockState.DONE
    assert [effect.block for effect in workers_started(world)] == ["B01", "B02"]


def test_a_report_waits_for_its_gates() -> None:
    world = autonomous(policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    sha = world.push("src/b01.py", message="Work")
    report(world, "B01", "done", sha)
    assert world.block("B01") is BlockState.ACTIVE
    world.ci("green")
    assert world.block("B01") is BlockState.DONE


def test_a_worker_that_is_still_at_it_is_waited_for_although_its_commits_name_the_block() -> None:
    world = autonomous(policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    work_on(world, "B01")
    assert world.block("B01") is not BlockState.DONE
    run_moves(world, "B01", "completed", "success")
    assert world.block("B01") is BlockState.DONE


def test_commits_of_an_attempt_that_failed_do_not_close_the_block() -> None:
    world = autonomous(policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    work_on(world, "B01")
    report(world, "B01", "failed", notes="the tests are wrong")
    world.react(Woken("later"))
    assert world.block("B01") is not BlockState.DONE


def test_silent_gates_close_nothing_by_themselves() -> None:
    world = autonomous()
    world.push("src/b01.py", message="B01: work")
    world.wait(30)
    assert world.block("B01") is BlockState.AWAITING_APPROVAL
    assert world.comment("/approve").is_accepted


def test_several_tasks_in_one_push_close_one_after_the_other() -> None:
    world = autonomous()
    for block in ("B01", "B02", "B03"):
        world.push(f"src/{block.lower()}.py", message=f"{block}: work", react=False)
    world.ci("green")
    assert set(states(world).values()) == {"done"}
    assert world.state() is RunState.VALIDATING
    assert world.run is not None
    for done in world.run.blocks:
        assert len(done.commits) == 1, "each block was closed with its own commit"
        commit = next(one for one in world.line if one.sha == done.commits[0])
        assert commit.message == f"{done.id}: work"


def test_a_push_of_the_first_and_the_third_task_closes_only_the_first() -> None:
    world = autonomous()
    world.push("src/b01.py", message="B01: work", react=False)
    world.push("src/b03.py", message="B03: work", react=False)
    world.ci("green")
    assert world.block("B01") is BlockState.DONE
    assert world.block("B02") is not BlockState.DONE and world.block("B03") is BlockState.PENDING


def test_the_files_of_the_next_task_are_not_recorded_for_the_one_before() -> None:
    world = autonomous()
    world.push("src/b01.py", message="B01: work", react=False)
    world.push("src/b02.py", message="B02: work", react=False)
    world.ci("green")
    assert world.run is not None
    assert [block.files for block in world.run.blocks[:2]] == [("src/b01.py",), ("src/b02.py",)]


def test_an_autonomous_group_closes_when_every_member_is_named() -> None:
    world = autonomous(groups="B01 + B02")
    world.push("src/b01.py", message="B01: work")
    world.ci("green")
    assert states(world)["B01"] == "awaiting_approval"
    world.push("src/b02.py", message="B02: work")
    world.ci("green")
    assert states(world) == {"B01": "done", "B02": "done", "B03": "active"}


def test_independent_tasks_close_each_for_itself() -> None:
    from tests.runs.plans import Task

    world = spec_plan({"1": Task(independent=True), "2": Task(independent=True)}, command="/execute autonomous")
    work_on(world, "2")
    assert states(world) == {"1": "active", "2": "done"}
    work_on(world, "1")
    assert world.state() is RunState.VALIDATING


def test_a_whole_session_runs_by_itself_up_to_its_verdict() -> None:
    graph = {"A-1": (), "B-1": ("A-1",), "C-1": ("A-1",)}
    world = session(graph, command="/execute autonomous")
    for task in graph:
        work_on(world, task)
    assert world.state() is RunState.VALIDATING
    assert world.run is not None and world.run.verdict is None


def test_nothing_is_judged_by_itself() -> None:
    world = memory_bank(command="/execute autonomous")
    for task in ("T001", "T002"):
        work_on(world, task)
    world.wait(60)
    assert world.state() is RunState.VALIDATING


# -- stopping --------------------------------------------------------------------------------------------------------


def stopped(world: World) -> str:
    assert world.state() is RunState.PAUSED
    assert said(world).count(NoticeKind.STOPPED) == 1
    before = world.run
    world.react(Woken("again"))
    assert world.run == before and said(world).count(NoticeKind.STOPPED) == 1, "people are told once"
    assert world.run is not None and world.run.reason
    return world.run.reason


def test_a_file_out_of_scope_stops_it() -> None:
    world = autonomous()
    work_on(world, "B01", "infra/main.tf")
    assert "scope" in stopped(world)
    assert world.block("B01") is BlockState.ACTIVE


def test_a_red_gate_stops_it() -> None:
    world = autonomous()
    world.push("src/b01.py", message="B01: work")
    world.ci("red")
    assert "gates" in stopped(world)


def test_a_changed_contract_stops_it() -> None:
    world = autonomous()
    world.push(plan=plan_text(objective="Another objective."))
    assert "contract" in stopped(world)


def test_a_plan_that_cannot_be_read_stops_it() -> None:
    world = autonomous()
    world.push(files={world.plan_path: "# nothing\n"})
    stopped(world)


def test_a_rewritten_history_stops_it() -> None:
    world = autonomous()
    work_on(world, "B01")
    world.push("src/other.py", on=world.line[0].sha, message="B02: work")
    assert "history" in stopped(world)


@pytest.mark.parametrize("command", ["/failed it does not compile", "/blocked no access"])
def test_a_block_that_is_held_stops_it(command: str) -> None:
    world = autonomous()
    world.comment(command)
    stopped(world)


def test_a_worker_that_failed_twice_stops_it() -> None:
    world = autonomous(policy=with_workflow())
    report(world, "B01", "failed", notes="once")
    assert world.state() is RunState.RUNNING
    report(world, "B01", "failed", notes="twice")
    assert "twice" in stopped(world)


def test_files_that_cannot_be_known_stop_it() -> None:
    world = autonomous()
    world.files_unknown = "GitHub answered 403"
    work_on(world, "B01")
    assert world.block("B01") is not BlockState.DONE
    stopped(world)


def test_a_kickback_stops_it() -> None:
    world = autonomous(policy=with_workflow())
    report(world, "B01", "kickback", notes="twice the work", signal="scope_creep")
    assert world.state() is RunState.ESCALATED


def test_a_pending_gate_does_not_stop_it() -> None:
    world = autonomous()
    world.push("src/b01.py", message="B01: work")
    world.ci("pending")
    assert world.state() is RunState.RUNNING


def test_once_it_is_put_right_resume_goes_on_by_itself() -> None:
    world = autonomous()
    work_on(world, "B01", "infra/main.tf")
    world.push(files={"infra/main.tf": world.base["infra/main.tf"], "src/b01.py": "x\n"}, message="B01: take it back")
    world.ci("green")
    assert world.state() is RunState.PAUSED, "a stop waits for a person"
    assert world.comment("/resume").is_accepted
    assert world.block("B01") is BlockState.DONE


def test_resuming_before_it_is_put_right_stops_again_and_says_so_again() -> None:
    world = autonomous()
    work_on(world, "B01", "infra/main.tf")
    answer = world.comment("/resume")
    assert world.state() is RunState.PAUSED
    assert NoticeKind.STOPPED in [message.kind for message in answer.said if isinstance(message, Notice)]


@pytest.mark.parametrize("command", ["/retry", "/skip B01 not needed"])
def test_a_block_that_stopped_it_can_be_taken_up(command: str) -> None:
    """The stop says what is to be done; it must be possible to do it."""
    world = autonomous()
    world.comment("/failed it does not compile")
    world.comment("/resume")
    world.comment(command)
    if world.state() is RunState.PAUSED:
        world.comment("/resume")
    assert world.state() is RunState.RUNNING


def test_a_paused_run_closes_nothing_by_itself() -> None:
    world = autonomous()
    world.comment("/pause")
    work_on(world, "B01")
    assert world.block("B01") is BlockState.ACTIVE
    refused(world.comment("/approve"), Problem.RUN_PAUSED)
    world.comment("/resume")
    assert world.block("B01") is BlockState.DONE
