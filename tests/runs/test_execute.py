"""`/execute`: what starts a run, what is refused, and what a changed contract does to it."""

from __future__ import annotations

import pytest

from bot.plans.model import Level, Mode
from bot.runs.effects import WriteRecord
from bot.runs.messages import Problem
from bot.runs.model import BlockState, RunState
from tests.runs.refusals import refused
from tests.runs.world import PLAN, World, awaiting, plan_text, planned

# -- execute ----------------------------------------------------------------------------------------------------


def test_execute_locks_the_contract_and_opens_the_first_block() -> None:
    world = planned()
    head = world.head
    answer = world.comment("/execute")
    run = world.run
    assert answer.kinds == ["started", "block_opened"] and run is not None
    assert (run.rollback, run.boundary, run.branch, run.started_by) == (head, head, "feature/checkout", "maria")
    assert world.block("B01") is BlockState.ACTIVE and world.block("B02") is BlockState.PENDING
    assert isinstance(answer.effects[-1], WriteRecord)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (plan_text(branch="feature/elsewhere"), Problem.WRONG_BRANCH),
        (plan_text([]), Problem.PLAN_REFUSED),
        ("", Problem.PLAN_REFUSED),
        ("# Only a title\n", Problem.PLAN_REFUSED),
    ],
)
def test_a_plan_that_cannot_run_here_is_refused(text: str, problem: Problem) -> None:
    world = planned(text)
    refused(world.comment("/execute"), problem)
    assert world.run is None


def test_every_reason_of_a_plan_that_cannot_run_is_said_at_once_with_its_line() -> None:
    answer = planned("# Only a title\n").comment("/execute")
    assert len(answer.refusal.items) >= 7
    assert any("Objective Lock" in item for item in answer.refusal.items)


@pytest.mark.parametrize(
    ("mode", "command", "expected"),
    [
        (None, "/execute", (Mode.STEPWISE, Level.MEDIUM)),
        (None, "/execute autonomous high", (Mode.AUTONOMOUS, Level.HIGH)),
        ("autonomous", "/execute", (Mode.AUTONOMOUS, Level.MEDIUM)),
        ("autonomous", "/execute stepwise medium", (Mode.STEPWISE, Level.MEDIUM)),
    ],
)
def test_mode_and_level_are_the_commands_else_the_plans_else_the_careful_ones(
    mode: str | None, command: str, expected: tuple[Mode, Level]
) -> None:
    world = planned(plan_text(mode=mode) if mode else plan_text())
    assert world.comment(command).is_accepted and world.run is not None
    assert (world.run.mode, world.run.level) == expected


def test_two_plans_are_asked_about_and_one_of_them_can_be_named() -> None:
    world = planned()
    second = "docs/exec-plans/active/other.md"
    world.push(files={second: plan_text(title="Other")})
    answer = world.comment("/execute")
    refused(answer, Problem.SEVERAL_PLANS)
    assert answer.refusal.items == (PLAN, second)
    assert world.comment(f"/execute `{second}`").is_accepted
    assert world.run is not None and world.run.plan_path == second
    assert refused(world.comment(f"/execute {PLAN}"), Problem.OTHER_PLAN_LIVE) == {"path": second, "wanted": PLAN}


@pytest.mark.parametrize("path", ["docs/exec-plans/active/none.md", "src/plan.md", "../plan.md", "/etc/plan.md"])
def test_a_path_that_is_no_plan_is_refused(path: str) -> None:
    assert refused(planned().comment(f"/execute {path}"), Problem.PLAN_UNREADABLE) == {"path": path}


def test_a_named_plan_with_errors_gets_its_reasons() -> None:
    answer = planned("# Nothing\n").comment(f"/execute {PLAN}")
    refused(answer, Problem.PLAN_REFUSED)
    assert answer.refusal.items


def test_a_plan_that_github_does_not_give_is_no_plan_to_execute() -> None:
    world = planned()
    world.plan_unknown = "GitHub answered 502"
    refused(world.comment("/execute"), Problem.PLAN_UNREADABLE)


def test_a_run_that_was_aborted_can_be_followed_by_another_in_the_same_comment() -> None:
    world = planned()
    assert world.comment("/execute\n\n/abort no\n\n/execute").is_accepted
    assert world.state() is RunState.RUNNING


def approved_first() -> World:
    world = awaiting()
    assert world.comment("/approve").is_accepted
    return world


# -- a contract that changes -------------------------------------------------------------------------------------


def test_a_changed_contract_stops_advancement_until_it_is_locked_anew() -> None:
    world = approved_first()
    world.push("src/b02.py", plan=plan_text(include=["src/...", "tests/...", "docs/..."]))
    world.ci("green")
    assert world.block("B02") is BlockState.ACTIVE
    answer = world.comment(f"/approve @{world.head[:7]}")
    refused(answer, Problem.CONTRACT_CHANGED)
    assert "docs/..." in answer.refusal.items[0]
    assert world.comment("/execute").is_accepted
    assert world.block("B01") is BlockState.DONE and world.block("B02") is BlockState.AWAITING_APPROVAL


def test_a_done_block_whose_definition_changed_is_to_be_done_again() -> None:
    world = approved_first()
    world.push(plan=plan_text({"B01": "Something else", "B02": "Discounts", "B03": "Totals at the checkout"}))
    assert world.comment("/execute").is_accepted
    assert world.block("B01") is BlockState.ACTIVE and world.block("B02") is BlockState.PENDING


def test_a_done_block_may_not_vanish() -> None:
    world = approved_first()
    world.push(plan=plan_text(["B02", "B03"]))
    answer = world.comment("/execute")
    refused(answer, Problem.DONE_BLOCK_VANISHED)
    assert answer.refusal.items == ("B01",)


def test_a_block_that_is_not_done_may_vanish_and_a_new_one_may_come() -> None:
    world = approved_first()
    world.push(plan=plan_text(["B01", "B03", "B04"]))
    assert world.comment("/execute").is_accepted
    assert world.run is not None and [block.id for block in world.run.blocks] == ["B01", "B03", "B04"]
    assert world.block("B03") is BlockState.ACTIVE


def test_ticking_boxes_and_notes_do_not_change_the_contract() -> None:
    world = awaiting()
    world.push(plan=world.tree[PLAN].replace("**Status:** ", "**Status:** Really ") + "\n## Notes\n\n- [x] seen\n")
    world.ci("green")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_a_plan_that_cannot_be_read_any_more_stops_advancement() -> None:
    world = awaiting()
    world.push(files={PLAN: None})
    world.ci("green")
    refused(world.comment(f"/approve @{world.head[:7]}"), Problem.PLAN_UNREADABLE)
    refused(world.comment("/execute"), Problem.PLAN_REFUSED)
