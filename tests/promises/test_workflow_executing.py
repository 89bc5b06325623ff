"""What happens to a spec-plan: progress on file, executors and their answers, side by side, the final verification."""

from __future__ import annotations

import pytest

from bot.plans.progress_file import read_progress
from bot.runs.effects import CloseOut, PlanningIssue, Say
from bot.runs.messages import NoticeKind, Problem
from bot.runs.model import BlockState, RunState
from bot.views.brief import brief
from tests.promises.worlds import do, executed, finished, recorded_paths, spec_plan, to_the_verdict, words
from tests.runs.plans import PROGRESS, SPEC, SPEC_PLAN, Task, spec_plan_text
from tests.runs.work import block_of, report, with_workflow, workers_started
from tests.runs.world import World


def handed_out(text: str | None = None) -> World:
    """A spec-plan whose tasks are done by a workflow."""
    return executed(spec_plan(text, policy=with_workflow()))


def test_progress_is_on_file_before_the_first_task_with_tasks_weight_and_step() -> None:
    world = executed(spec_plan(spec_plan_text(weight="full")))
    progress = read_progress(world.tree[PROGRESS])
    assert progress is not None
    assert [(task.id, task.state) for task in progress.tasks] == [
        ("1", "in_progress"), ("2", "pending"), ("3", "pending"),
    ]  # fmt: skip
    assert progress.weight == "full"
    assert "1" in (progress.step or "")


def test_progress_is_brought_up_to_date_after_each_task_with_its_commit() -> None:
    world = executed(spec_plan())
    for number in ("1", "2"):
        sha = do(world, number, f"src/t{number}.py")
        progress = read_progress(world.tree[PROGRESS])
        assert progress is not None
        (task,) = [task for task in progress.tasks if task.id == number]
        assert (task.state, sha.startswith(task.commit)) == ("done", True)
    assert recorded_paths(world) == {PROGRESS}


def test_an_interrupted_run_goes_on_where_its_progress_stands() -> None:
    world = executed(spec_plan())
    do(world, "1", "src/t1.py")
    world.comment("/pause over the weekend")
    assert world.comment("/approve 2").problem is Problem.RUN_PAUSED
    world.comment("/resume")
    assert (world.block("1"), world.block("2")) == (BlockState.DONE, BlockState.ACTIVE)


def test_the_task_list_is_read_with_action_files_verification_and_spec() -> None:
    plan = spec_plan().reading(SPEC_PLAN).plan
    assert plan is not None
    first = plan.blocks[0]
    assert (first.title, first.files, first.verify) == ("Work on 1", ("src/t1.py",), "pytest tests/t1.py")
    assert plan.spec_path == SPEC


def test_an_executor_is_started_for_each_task_one_after_another() -> None:
    world = handed_out()
    assert [one.block for one in workers_started(world)] == ["1"]
    do(world, "1", "src/t1.py")
    assert [one.block for one in workers_started(world)] == ["1", "2"]


def test_in_full_weight_an_executor_gets_task_spec_plan_files_and_verification() -> None:
    world = executed(spec_plan(spec_plan_text(weight="full")))
    assert world.run is not None
    said = brief(world.run, "1")
    for line in ("TASK: 1 Work on 1", f"SPEC: `{SPEC}`", f"PLAN: `{SPEC_PLAN}`", "FILES:\n- `src/t1.py`",
                 "VERIFY: pytest tests/t1.py", "WEIGHT: full"):  # fmt: skip
        assert line in said, line
    assert "Implement this task, verify it works, and commit" in said


def test_in_light_weight_an_executor_gets_no_more_than_task_and_files() -> None:
    world = executed(spec_plan(spec_plan_text(weight="light")))
    assert world.run is not None
    said = brief(world.run, "1")
    assert "FILES:\n- `src/t1.py`" in said
    assert "WEIGHT: light" in said
    assert "SPEC:" not in said
    assert "PLAN:" not in said


def test_done_counts_only_with_a_commit_that_is_on_the_branch() -> None:
    world = handed_out()
    sha = world.push("src/t1.py", message="1: work")
    world.ci("green")
    report(world, "1", "done", sha)
    assert block_of(world, "1").state is BlockState.AWAITING_APPROVAL


@pytest.mark.parametrize("commit", [None, "a" * 40])
def test_done_without_a_commit_is_failed_and_tried_once_more_with_the_instruction(commit: str | None) -> None:
    world = handed_out()
    report(world, "1", "done", commit)
    first, second = workers_started(world, "1")
    assert (dict(first.inputs)["attempt"], dict(second.inputs)["attempt"]) == ("1", "2")
    assert world.run is not None
    said = brief(world.run, "1", dict(second.inputs)["failure"])
    assert "You must commit your changes and report the commit hash." in said
    report(world, "1", "done", commit)
    assert len(workers_started(world, "1")) == 2
    assert block_of(world, "1").state is BlockState.FAILED


def test_a_failed_executor_is_retried_once_with_the_failure_and_then_people_choose() -> None:
    world = handed_out()
    report(world, "1", "failed", notes="the cart does not add up")
    (_, second) = workers_started(world, "1")
    assert dict(second.inputs)["failure"] == "the cart does not add up"
    answer = report(world, "1", "failed", notes="it still does not")
    assert answer.notice.kind is NoticeKind.WORKER_FAILED
    said = words(world, answer)
    assert "/retry 1" in said
    assert "/skip 1" in said
    assert "/escalate" in said
    assert world.block("2") is BlockState.PENDING


def test_a_task_that_is_left_out_is_flagged() -> None:
    world = handed_out()
    world.comment("/skip 1 it needs another library")
    progress = read_progress(world.tree[PROGRESS])
    assert progress is not None
    assert progress.tasks[0].state == "skipped"
    assert "it needs another library" in world.tree[PROGRESS]


@pytest.mark.parametrize(
    ("signal", "way"),
    [
        ("scope_creep", "weight `full` for what is left"),
        ("missing_context", "fill the gap in spec and plan"),
        ("needs_research", "plan the remaining blocks again"),
    ],
)
def test_a_kickback_stops_everything_is_said_and_goes_where_its_signal_leads(signal: str, way: str) -> None:
    world = handed_out()
    answer = report(world, "1", "kickback", notes="the discount table is missing", signal=signal)
    assert world.state() is RunState.ESCALATED
    said = words(world, answer)
    assert "Executor flagged complexity issue on task `1`: the discount table is missing" in said
    assert way in said
    assert any(isinstance(effect, PlanningIssue) for effect in answer.effects)
    assert [one.block for one in workers_started(world)] == ["1"]
    assert world.comment("/approve 1").problem is Problem.RUN_ESCALATED


def test_a_plan_that_was_made_anew_after_a_kickback_goes_on_once_it_is_locked() -> None:
    world = handed_out()
    report(world, "1", "kickback", notes="larger than it looked", signal="scope_creep")
    world.push(plan=spec_plan_text({str(n): Task() for n in (1, 2, 3, 4)}, weight="full"), message="Plan again")
    assert world.comment("/execute").is_accepted
    assert world.run is not None
    assert (world.state(), len(world.run.blocks), world.run.terms["weight"]) == (RunState.RUNNING, 4, "full")


def test_a_blocker_is_reported_and_people_are_asked_how_to_go_on() -> None:
    world = handed_out()
    answer = report(world, "1", "blocked", notes="no access to the price list")
    said = words(world, answer)
    assert "no access to the price list" in said
    assert "How is it to go on?" in said
    assert len(workers_started(world)) == 1


@pytest.mark.parametrize(
    ("tasks", "together"),
    [
        ({"1": Task(), "2": Task()}, 1),
        ({"1": Task(("src/a.py",), independent=True), "2": Task(("src/b.py",), independent=True)}, 2),
        ({"1": Task(("src/a.py",), independent=True), "2": Task(("src/a.py",), independent=True)}, 1),
        ({"1": Task(("src/a.py",)), "2": Task(("src/b.py",))}, 1),
        ({"1": Task(("src/",), independent=True), "2": Task(("src/b.py",), independent=True)}, 1),
    ],
    ids=["sequential", "marked and disjoint", "same file", "not marked", "folder of the other"],
)
def test_tasks_run_side_by_side_only_if_they_are_marked_and_touch_different_files(
    tasks: dict[str, Task], together: int
) -> None:
    world = handed_out(spec_plan_text(tasks))
    assert len(workers_started(world)) == together


def test_failures_of_the_final_verification_are_fixed_three_times_at_the_most() -> None:
    world = to_the_verdict(executed(spec_plan()))
    for fix_round in range(3):
        world.comment("/verdict FAIL the totals are off")
        assert world.state() is RunState.VALIDATING, fix_round
        world.push(f"src/t{fix_round + 1}.py", message="Fix")
        world.ci("green")
    world.comment("/verdict FAIL still off")
    assert world.state() is RunState.ESCALATED


def test_the_final_verification_looks_at_all_gates_on_the_last_head() -> None:
    world = to_the_verdict(executed(spec_plan()))
    world.push("src/t1.py", message="One more thing")
    world.ci("red")
    assert world.comment("/verdict PASS").problem is Problem.GATES_RED
    world.ci("green")
    assert world.comment("/verdict PASS").is_accepted


def test_the_output_block_ends_the_run() -> None:
    world = executed(spec_plan())
    shas = [do(world, number, f"src/t{number}.py") for number in ("1", "2")]
    world.comment("/skip 3 the campaign was called off")
    said = words(world, finished(world))
    assert "**Execution**: partial\n**Tasks completed**: 2/3\n" in said
    assert "**Commits**: " + ", ".join(f"`{sha[:7]}`" for sha in shas) in said
    assert "**Test results**: all-pass" in said


def test_the_closeout_of_a_spec_follows_the_report() -> None:
    world = executed(spec_plan())
    finished(world)
    (effect,) = [one for one in world.effects.values() if isinstance(one, CloseOut)]
    assert (effect.path, effect.spec_path) == (PROGRESS, SPEC)


def test_a_task_is_handed_to_one_executor_only() -> None:
    world = handed_out()
    for _ in range(3):
        world.answer()
        world.wait(1)
    assert len(workers_started(world)) == 1
    assert len([one for one in world.effects.values() if isinstance(one, Say)]) <= 1
