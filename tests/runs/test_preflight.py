"""The pre-flight of a memory-bank plan: its own readiness boxes, the branch, and what the log says of them."""

from __future__ import annotations

import pytest

from bot.runs.effects import Say
from bot.runs.messages import Notice, NoticeKind, Problem
from bot.runs.model import RunState
from tests.runs.plans import MEMORY_BANK, memory_bank_text
from tests.runs.refusals import refused
from tests.runs.work import policy_of
from tests.runs.world import World
from tests.runs.worlds import execute, memory_bank, with_files

READY = {"Access to the mail server": True, "Fixtures are there": True}
UNREADY = {"Access to the mail server": False, "Fixtures are there": True}


def to_be_executed(boxes: dict[str, bool], **more: object) -> World:
    return with_files(MEMORY_BANK, {MEMORY_BANK: memory_bank_text(boxes=boxes)}, **more)


def log(world: World) -> str:
    (path,) = [path for path in world.tree if path.startswith("memory-bank/execute/")]
    return world.tree[path]


def test_a_plan_whose_boxes_are_ticked_is_executed() -> None:
    world = execute(to_be_executed(READY))
    assert world.state() is RunState.RUNNING
    for line in ("- DoR: satisfied", "- Ready: yes", "- Access/secrets: present", "- Fixtures/data: ready"):
        assert line in log(world), log(world)


def test_a_plan_without_boxes_is_executed_and_nothing_is_claimed() -> None:
    world = memory_bank()
    assert world.state() is RunState.RUNNING
    assert "- DoR: not known" in log(world)


def test_an_unticked_box_aborts_and_the_log_has_a_blockers_section() -> None:
    world = to_be_executed(UNREADY)
    answer = world.comment("/execute")
    refused(answer, Problem.PREFLIGHT_FAILED)
    assert [item.partition(" (")[0] for item in answer.refusal.items] == ["Access to the mail server"]
    assert world.state() is RunState.ABORTED
    text = log(world)
    assert "## Blockers" in text and "Access to the mail server" in text
    assert "- Ready: no" in text and "- Access/secrets: missing" in text


def test_nothing_is_opened_or_handed_out_by_a_pre_flight_that_failed() -> None:
    world = to_be_executed(UNREADY, policy=policy_of(b"workers: {default: {workflow: build.yml}}"))
    world.comment("/execute")
    assert world.run is not None
    assert {block.state.value for block in world.run.blocks} == {"pending"}
    assert all(block.dispatch is None for block in world.run.blocks)


def test_once_the_box_is_ticked_it_can_be_executed() -> None:
    world = to_be_executed(UNREADY)
    world.comment("/execute")
    world.push(plan=memory_bank_text(boxes=READY))
    assert world.comment("/execute").is_accepted
    assert world.state() is RunState.RUNNING


def test_a_team_may_let_an_unticked_box_pass_with_a_warning() -> None:
    world = execute(to_be_executed(UNREADY, policy=policy_of(b"readiness: warn")))
    assert world.state() is RunState.RUNNING
    assert "Not ready when the run began: Access to the mail server" in world.checklist()
    assert any(entry.kind == "preflight" for entry in world.ledger)


def test_ticking_a_box_during_the_run_changes_no_contract() -> None:
    world = execute(to_be_executed(UNREADY, policy=policy_of(b"readiness: warn")))
    world.push(plan=memory_bank_text(boxes=READY))
    assert world.decision.situation.plan.state == "valid"


@pytest.mark.parametrize("branch", ["other/branch", "main"])
def test_a_plan_of_another_branch_is_refused(branch: str) -> None:
    text = memory_bank_text(boxes=READY).replace("feature/checkout", branch)
    world = with_files(MEMORY_BANK, {MEMORY_BANK: text})
    refused(world.comment("/execute"), Problem.WRONG_BRANCH)
    assert world.run is None


def test_a_plan_that_names_no_branch_is_executed_where_it_is() -> None:
    text = memory_bank_text().replace('git_branch: "feature/checkout"\n', "")
    assert execute(with_files(MEMORY_BANK, {MEMORY_BANK: text})).state() is RunState.RUNNING


def test_the_start_is_announced_in_the_words_of_the_dialect() -> None:
    from bot.views.notices import worded

    world = memory_bank()
    (say,) = [
        effect
        for effect in world.effects.values()
        if isinstance(effect, Say) and isinstance(effect.message, Notice) and effect.message.kind is NoticeKind.STARTED
    ]
    said = worded(say, world.run, world.decision.situation, world.facts(), world.ledger)
    assert world.run is not None
    for words in (
        f"Executing plan: `{MEMORY_BANK}`",
        "Branch: `feature/checkout`",
        f"Rollback point: `{world.run.rollback[:7]}`",
        "Tasks: 2",
        "Milestones: 2",
    ):
        assert words in said
