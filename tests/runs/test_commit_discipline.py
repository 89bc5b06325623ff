"""One commit per task, with the task's id in its message: warned of, enforced or left alone, as the policy says."""

from __future__ import annotations

import pytest

from bot.runs.messages import Problem
from bot.runs.model import BlockState
from tests.runs.refusals import refused
from tests.runs.work import policy_of
from tests.runs.world import World, awaiting, do_block
from tests.runs.worlds import memory_bank

GOOD = "T001: greet\n\nSays hello.\n\nRefs: plan/2026-01-05_greeting.md\n"


def enforced(message: str = GOOD) -> World:
    world = memory_bank(policy=policy_of(b"commits: enforce"))
    world.push("src/t001.py", message=message)
    world.ci("green")
    return world


def test_a_commit_with_its_tasks_id_and_a_refs_line_may_be_approved() -> None:
    world = enforced()
    assert world.block("T001") is BlockState.AWAITING_APPROVAL
    assert world.comment("/approve").is_accepted


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Greet\n\nRefs: plan/x.md", "does not begin with T001:"),
        ("T002: greet\n\nRefs: plan/x.md", "does not begin with T001:"),
        ("T0011: greet\n\nRefs: plan/x.md", "does not begin with T001:"),
        ("T001: greet", "has no Refs: line"),
        ("T001: greet\n\nRefs:\n", "has no Refs: line"),
    ],
)
def test_what_is_wrong_with_a_commit_is_named(message: str, said: str) -> None:
    world = enforced(message)
    assert world.block("T001") is BlockState.ACTIVE
    answer = world.comment(f"/approve @{world.head[:7]}")
    refused(answer, Problem.COMMITS_UNDISCIPLINED)
    (fault,) = answer.refusal.items
    assert said in fault and world.head[:7] in fault


def test_a_trailer_names_the_task_too() -> None:
    world = enforced("Greet\n\nRefs: plan/x.md\nStepwise-Block: T001\n")
    assert world.block("T001") is BlockState.AWAITING_APPROVAL


def test_one_undisciplined_commit_among_several_is_enough() -> None:
    world = enforced()
    world.push("src/t001.py", message="Fix it")
    world.ci("green")
    assert world.block("T001") is BlockState.ACTIVE


def test_the_next_step_says_what_is_wrong() -> None:
    assert "does not begin with T001:" in enforced("Greet").checklist()


def test_a_warning_holds_nothing_up() -> None:
    world = memory_bank()
    do_block(world, "src/t001.py")
    assert world.block("T001") is BlockState.AWAITING_APPROVAL
    assert world.comment("/approve").is_accepted


def test_a_warning_is_shown_before_it_is_approved() -> None:
    world = memory_bank()
    do_block(world, "src/t001.py")
    assert "does not begin with T001" in world.checklist()


def test_off_says_nothing() -> None:
    world = memory_bank(policy=policy_of(b"commits: off"))
    do_block(world, "src/t001.py")
    assert "does not begin with" not in world.checklist()
    assert world.comment("/approve").is_accepted


def test_merges_and_the_bots_own_records_need_no_id() -> None:
    world = enforced()
    world.base["base.txt"] = "x"
    world.push(files={"base.txt": "x"}, is_merge=True, message="Merge main")
    world.ci("green")
    assert world.comment("/approve").is_accepted


def test_other_dialects_ask_for_no_ids() -> None:
    world = awaiting(policy=policy_of(b"commits: enforce"))
    assert world.comment("/approve").is_accepted
