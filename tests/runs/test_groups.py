"""Approved groups: opened together, approved together, recorded together."""

from __future__ import annotations

import pytest

from bot.runs.effects import WriteRecord
from bot.runs.messages import Problem
from tests.runs.refusals import refused
from tests.runs.world import World
from tests.runs.worlds import exec_plan, opened, states


def grouped() -> World:
    return exec_plan(["B01", "B02", "B03", "B04"], groups="B02 + B03")


def at_the_group() -> World:
    world = grouped()
    world.push("src/b01.py")
    world.ci("green")
    assert world.comment("/approve").is_accepted
    return world


def group_waits() -> World:
    world = at_the_group()
    world.push("src/b02.py", "src/b03.py")
    world.ci("green")
    return world


def test_a_group_is_opened_together_once_the_blocks_above_are_done() -> None:
    assert opened(grouped()) == ["B01"]
    assert opened(at_the_group()) == ["B02", "B03"]


def test_a_group_waits_for_approval_together() -> None:
    assert states(group_waits()) == {
        "B01": "done",
        "B02": "awaiting_approval",
        "B03": "awaiting_approval",
        "B04": "pending",
    }


@pytest.mark.parametrize("named", ["", "B02", "b03", "B02-B03", "B02+B03", "B02,B03"])
def test_one_approval_closes_the_whole_group_however_it_is_named(named: str) -> None:
    world = group_waits()
    assert world.comment(f"/approve {named}").is_accepted
    assert states(world) == {"B01": "done", "B02": "done", "B03": "done", "B04": "active"}


def test_each_block_of_a_group_has_an_approval_of_its_own() -> None:
    world = group_waits()
    answer = world.comment("/approve B02+B03")
    assert [entry.block for entry in answer.entries if entry.kind == "approved"] == ["B02", "B03"]
    assert world.run is not None
    approvals = [block.approval for block in world.run.blocks[1:3]]
    assert [approval.block for approval in approvals if approval] == ["B02", "B03"]


def test_a_group_is_recorded_in_one_commit_that_names_its_blocks() -> None:
    answer = group_waits().comment("/approve")
    (record,) = [effect for effect in answer.effects if isinstance(effect, WriteRecord)]
    assert [value for name, value in record.trailers if name == "Stepwise-Block"] == ["B02", "B03"]


def test_half_a_group_can_be_skipped() -> None:
    world = at_the_group()
    assert world.comment("/skip B02 not needed after all").is_accepted
    assert states(world) == {"B01": "done", "B02": "skipped", "B03": "active", "B04": "pending"}


def test_a_blocked_member_holds_the_group_up() -> None:
    world = group_waits()
    assert world.comment("/blocked B03 no access").is_accepted
    assert refused(world.comment("/approve B02"), Problem.BLOCK_HELD)["block"] == "B03"
    assert states(world)["B02"] == "awaiting_approval"


def test_blocks_that_form_no_group_are_not_approved_by_a_list() -> None:
    assert refused(group_waits().comment("/approve B01+B02"), Problem.NO_SUCH_BLOCK) == {"block": "B01+B02"}


def test_without_a_group_nothing_is_approved_together() -> None:
    world = exec_plan(["B01", "B02"])
    world.push("src/b01.py")
    world.ci("green")
    world.comment("/approve")
    assert states(world) == {"B01": "done", "B02": "active"}
