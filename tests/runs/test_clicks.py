"""Clicks: a ticked box of the checklist and a button of a check are commands of whoever clicked."""

from __future__ import annotations

import pytest

from bot.runs.clicks import BUTTON_APPROVE, BUTTON_ESCALATE, BUTTON_RERUN
from bot.runs.effects import React
from bot.runs.events import ChecklistEdited
from bot.runs.messages import Problem
from bot.runs.model import BlockState, Person, RunState
from bot.views.checks import checks
from tests.runs.refusals import refused
from tests.runs.work import policy_of
from tests.runs.world import World, awaiting, started, validating
from tests.runs.worlds import exec_plan, session, states, work_on


def test_ticking_the_box_of_the_block_that_waits_approves_it() -> None:
    world = awaiting()
    assert "approved" in world.tick_box("**B01**", by="coda").kinds
    assert world.block("B01") is BlockState.DONE
    assert world.run is not None and world.run.blocks[0].approval is not None
    assert world.run.blocks[0].approval.by == "coda"


def test_a_click_gets_no_reaction_since_github_has_none_there() -> None:
    answer = awaiting().tick_box("**B01**")
    assert not [effect for effect in answer.effects if isinstance(effect, React)]


@pytest.mark.parametrize("by", ["otto", "toni", "eve"])
def test_who_may_not_approve_ticks_nothing(by: str) -> None:
    world = awaiting()
    assert world.tick_box("**B01**", by=by).kinds == ["refused"]
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_the_bots_own_edit_is_no_click() -> None:
    world = awaiting()
    was = world.checklist()
    now = was.replace("- [ ] **B01**", "- [x] **B01**")
    world.answer(ChecklistEdited(Person("stepwise[bot]", 5, is_bot=True), was, now, world.now))
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_ticking_a_block_that_does_not_wait_does_nothing() -> None:
    world = awaiting()
    assert world.tick_box("**B02**").effects == ()
    assert states(world)["B02"] == "pending"


def test_unticking_does_nothing() -> None:
    world = awaiting()
    world.comment("/approve")
    was = world.checklist()
    before = world.run
    world.checklist_edited(was, was.replace("- [x] **B01**", "- [ ] **B01**"))
    assert world.run == before


def test_a_box_shown_for_an_older_commit_approves_nothing() -> None:
    world = awaiting()
    was = world.checklist()
    world.push("src/more.py")
    world.ci("green")
    answer = world.checklist_edited(was, was.replace("- [ ] **B01**", "- [x] **B01**"))
    assert answer.problem is Problem.HEAD_MOVED
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_a_line_that_somebody_wrote_into_the_checklist_is_no_box() -> None:
    world = awaiting()
    was = world.checklist()
    forged = f"- [x] **B02** x — **awaits approval** at `{world.content_head[:7]}`"
    assert world.checklist_edited(was, f"{was}\n{forged}").effects == ()


def test_changing_the_text_of_a_line_while_ticking_it_does_nothing() -> None:
    world = awaiting()
    was = world.checklist()
    now = was.replace("- [ ] **B01**", "- [x] **B02**")
    assert world.checklist_edited(was, now).effects == ()


def test_the_same_edit_delivered_twice_in_one_batch_counts_once() -> None:
    world = awaiting()
    was = world.checklist()
    edit = ChecklistEdited(Person("maria", 1), was, was.replace("- [ ] **B01**", "- [x] **B01**"), world.now)
    answer = world.answer(edit, edit)
    assert answer.kinds.count("approved") == 1 and answer.said == ()


def test_several_boxes_ticked_in_one_edit_are_all_taken() -> None:
    world = session({"A-1": (), "B-1": ()})
    work_on(world, "A-1", ci=None)
    work_on(world, "B-1")
    was = world.checklist()
    now = was.replace("- [ ] **A-1**", "- [x] **A-1**").replace("- [ ] **B-1**", "- [x] **B-1**")
    world.checklist_edited(was, now)
    assert states(world) == {"A-1": "done", "B-1": "done"}


def test_ticking_one_of_a_group_approves_the_group() -> None:
    world = exec_plan(groups="B01 + B02")
    world.push("src/b01.py")
    world.ci("green")
    world.tick_box("**B01**")
    assert states(world) == {"B01": "done", "B02": "done", "B03": "active"}


@pytest.mark.parametrize("name", ["a_b", "B_0_1", "B1.2"])
def test_ids_that_markdown_would_read_are_ticked_all_the_same(name: str) -> None:
    world = exec_plan([name, "B02"])
    world.push("src/b01.py")
    world.ci("green")
    box = next(line for line in world.checklist().splitlines() if "awaits approval" in line and "- [ ]" in line)
    assert "approved" in world.tick_box(box[6:]).kinds


# -- buttons ---------------------------------------------------------------------------------------------------------


def buttons(world: World) -> list[str]:
    views = checks(world.run, world.decision.situation, world.facts())
    return [button.identifier for view in views if view.name == "stepwise/progress" for button in view.buttons]


def test_the_progress_check_offers_what_can_be_done() -> None:
    assert buttons(awaiting()) == [BUTTON_APPROVE, BUTTON_RERUN, BUTTON_ESCALATE]


def test_the_approve_button_closes_the_block_at_the_head_that_it_was_pressed_on() -> None:
    world = awaiting()
    assert "approved" in world.press(BUTTON_APPROVE).kinds
    assert world.block("B01") is BlockState.DONE


def test_the_approve_button_of_an_older_check_approves_nothing() -> None:
    world = awaiting()
    old = world.head
    world.push("src/more.py")
    world.ci("green")
    refused(world.press(BUTTON_APPROVE, head=old), Problem.HEAD_MOVED)
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


@pytest.mark.parametrize("identifier", [BUTTON_APPROVE, BUTTON_ESCALATE])
def test_who_may_not_command_presses_nothing(identifier: str) -> None:
    world = awaiting()
    before = world.run
    assert world.press(identifier, by="otto").kinds == ["refused"]
    assert world.run == before


def test_the_escalate_button_stops_the_run() -> None:
    world = awaiting()
    world.press(BUTTON_ESCALATE, by="coda")
    assert world.state() is RunState.ESCALATED
    assert world.run is not None and "coda" in (world.run.reason or "")


def test_rerun_evaluates_again_and_changes_nothing_else() -> None:
    world = awaiting()
    before = world.run
    assert world.press(BUTTON_RERUN, by="otto").effects == ()
    assert world.run == before


@pytest.mark.parametrize("identifier", ["", "approve ", "APPROVE", "explode"])
def test_a_button_that_is_not_ours_does_nothing(identifier: str) -> None:
    world = awaiting()
    before = world.run
    world.press(identifier)
    assert world.run == before


def test_a_block_that_is_not_ready_has_no_approve_button() -> None:
    world = started()
    assert BUTTON_APPROVE not in buttons(world)
    refused(world.press(BUTTON_APPROVE), Problem.NO_OWN_COMMIT)


# -- invariants ------------------------------------------------------------------------------------------------------


def test_ticking_an_invariant_confirms_it_for_the_head() -> None:
    world = validating(policy=policy_of(b"validation: {level: high}"))
    assert world.tick_box("Docs updated", by="coda").kinds == ["confirmed"]
    assert world.run is not None
    assert [(one.name, one.by, one.head) for one in world.run.invariants] == [
        ("Docs updated", "coda", world.content_head)
    ]


def test_who_may_not_approve_confirms_nothing() -> None:
    world = validating(policy=policy_of(b"validation: {level: high}"))
    assert world.tick_box("Docs updated", by="otto").kinds == ["refused"]
    assert world.run is not None and world.run.invariants == ()


def test_an_invariant_box_shown_for_an_older_commit_confirms_nothing() -> None:
    world = validating(policy=policy_of(b"validation: {level: high}"))
    was = world.checklist()
    world.push("src/fix.py")
    world.ci("green")
    world.checklist_edited(was, was.replace("- [ ] **Docs updated**", "- [x] **Docs updated**"))
    assert world.run is not None and world.run.invariants == ()
