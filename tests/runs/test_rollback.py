"""Rolling back: asked first, confirmed at the same head, one commit on top, never a rewrite."""

from __future__ import annotations

import pytest

from bot.runs.effects import RollBack
from bot.runs.messages import NoticeKind, Problem
from bot.runs.model import RunState
from tests.runs.refusals import refused
from tests.runs.work import run_moves, with_workflow, workers_cancelled
from tests.runs.world import PLAN, World, awaiting, completed, started
from tests.runs.worlds import finish, memory_bank


def rollbacks(world: World) -> list[RollBack]:
    return [effect for effect in world.effects.values() if isinstance(effect, RollBack)]


def test_asking_does_nothing_but_say_what_would_happen() -> None:
    world = awaiting()
    head, before = world.head, world.state()
    answer = world.comment("/rollback")
    assert answer.notice.kind is NoticeKind.ROLLBACK
    assert world.run is not None
    assert answer.notice.values == {"to": world.run.rollback, "head": head}
    assert (world.head, world.state(), rollbacks(world)) == (head, before, [])


def test_confirming_brings_the_content_back_in_one_commit_on_top() -> None:
    world = awaiting()
    assert world.run is not None
    start = next(commit for commit in world.line if commit.sha == world.run.rollback)
    before = [commit.sha for commit in world.line]
    world.comment("/rollback")
    assert world.comment("/rollback confirm").is_accepted
    assert [commit.sha for commit in world.line[:-1]] == before, "no history was rewritten"
    assert world.tree == start.tree
    assert world.state() is RunState.ABORTED


@pytest.mark.parametrize("by", ["otto", "toni"])
def test_who_may_not_command_rolls_nothing_back(by: str) -> None:
    world = awaiting()
    world.comment("/rollback")
    assert world.comment("/rollback confirm", by=by).reaction == "-1"
    assert rollbacks(world) == []


def test_confirming_without_having_asked_is_refused() -> None:
    refused(awaiting().comment("/rollback confirm"), Problem.ROLLBACK_NOT_ASKED)


def test_a_push_after_the_question_asks_for_both_again() -> None:
    world = awaiting()
    world.comment("/rollback")
    world.push("src/more.py")
    refused(world.comment("/rollback confirm"), Problem.ROLLBACK_NOT_ASKED)
    world.comment("/rollback")
    assert world.comment("/rollback confirm").is_accepted


def test_a_record_commit_after_the_question_asks_for_both_again() -> None:
    world = awaiting()
    world.comment("/rollback")
    world.comment("/approve")
    refused(world.comment("/rollback confirm"), Problem.ROLLBACK_NOT_ASKED)


def test_a_push_between_confirmation_and_commit_makes_it_fail_and_is_kept() -> None:
    world = awaiting(lands_by_itself=False)
    world.comment("/rollback")
    world.comment("/rollback confirm")
    (effect,) = rollbacks(world)
    sha = world.push("src/more.py")
    world.land(effect.key)
    assert world.outcomes[effect.key].state == "failed" and world.head == sha


def test_asking_is_forgotten_when_the_run_ends() -> None:
    world = awaiting()
    world.comment("/rollback")
    world.comment("/abort enough")
    refused(world.comment("/rollback confirm"), Problem.RUN_OVER)


def test_the_same_head_needs_no_rolling_back() -> None:
    from tests.runs.work import policy_of

    refused(started(policy=policy_of(b"record: off")).comment("/rollback"), Problem.NOTHING_TO_ROLL_BACK)


def test_a_fork_is_never_pushed_to() -> None:
    world = awaiting(is_fork=True)
    refused(world.comment("/rollback"), Problem.NOT_FOR_THIS_DIALECT)


def test_the_workers_are_stopped() -> None:
    world = started(policy=with_workflow())
    run_moves(world, "B01", "in_progress")
    world.comment("/rollback")
    world.comment("/rollback confirm")
    assert workers_cancelled(world) == [9001]


def test_a_failing_gate_rolls_nothing_back() -> None:
    world = awaiting()
    world.ci("red")
    assert rollbacks(world) == []


def test_a_completed_run_can_be_rolled_back() -> None:
    world = completed()
    world.comment("/rollback")
    assert world.comment("/rollback confirm").is_accepted
    assert world.state() is RunState.ABORTED


def test_the_plan_can_be_executed_again_after_it() -> None:
    world = awaiting()
    world.comment("/rollback")
    world.comment("/rollback confirm")
    assert PLAN in world.tree
    assert world.comment("/execute").is_accepted
    assert world.state() is RunState.RUNNING


def test_the_log_of_a_memory_bank_run_goes_with_it_and_people_are_told() -> None:
    world = finish(memory_bank(), "T001")
    world.comment("/rollback")
    world.comment("/rollback confirm")
    assert world.run is not None and "rolled back" in (world.run.reason or "")
    assert [entry.kind for entry in world.ledger][-2:] == ["rollback", "aborted"]
