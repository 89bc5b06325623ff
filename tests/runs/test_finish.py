"""`/verdict` and `/closeout`: how a run ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.runs.effects import CloseOut, WriteRecord
from bot.runs.facts import Unknown
from bot.runs.messages import NoticeKind, Problem
from bot.runs.model import RunState
from bot.runs.policy import read_policy
from tests.runs.refusals import refused
from tests.runs.world import COMPLETED, PLAN, World, awaiting, blob, completed, planned
from tests.runs.world import do_block as block_done
from tests.runs.world import validating as all_approved


def approved_first() -> World:
    world = awaiting()
    assert world.comment("/approve").is_accepted
    return world


# -- verdict ----------------------------------------------------------------------------------------------------


def test_a_verdict_is_for_the_head_that_was_shown() -> None:
    world = all_approved()
    old = world.content_head
    world.push("src/late.py")
    world.ci("green")
    assert refused(world.comment(f"/verdict PASS @{old[:7]}"), Problem.HEAD_MOVED)["meant"] == old[:7]
    assert world.comment("/verdict PASS_WITH_NOTES look at the rounding").is_accepted
    assert world.run is not None and world.run.verdict is not None
    assert (world.run.verdict.head, world.run.verdict.notes) == (world.content_head, "look at the rounding")


def test_a_verdict_needs_green_gates_and_clean_scope() -> None:
    world = all_approved()
    block_done(world, "infra/x.tf")
    refused(world.comment(f"/verdict PASS @{world.head[:7]}"), Problem.SCOPE_VIOLATED)
    world.comment("/allow infra/x.tf needed")
    world.ci("red")
    refused(world.comment("/verdict PASS"), Problem.GATES_RED)


def test_the_same_bytes_cannot_fail_and_then_pass() -> None:
    world = all_approved()
    world.comment("/verdict FAIL wrong totals")
    refused(world.comment("/verdict PASS", by="coda"), Problem.SAME_HEAD_FAILED)
    block_done(world, "src/fix.py")
    assert world.comment("/verdict PASS").is_accepted


def test_two_people_who_fail_the_same_commit_open_one_fix_round() -> None:
    world = all_approved()
    world.comment("/verdict FAIL wrong")
    world.comment("/verdict FAIL wrong too", by="coda")
    assert world.run is not None and world.run.fix_rounds == 1


@pytest.mark.parametrize("record", ["block", "off"])
def test_the_fourth_failure_escalates_and_so_does_the_next_fourth(record: str) -> None:
    world = all_approved(policy=read_policy(f"record: {record}".encode()))
    for _ in range(2):
        for _ in range(4):
            block_done(world, "src/fix.py")
            answer = world.comment("/verdict FAIL")
        assert world.state() is RunState.ESCALATED and answer.notice.kind is NoticeKind.ESCALATED
        world.comment("/resume")
        assert world.state() is RunState.VALIDATING


def test_a_push_after_the_verdict_opens_the_validation_again_and_taking_it_back_closes_it() -> None:
    world = completed()
    judged = world.head
    world.push("src/late.py")
    assert world.state() is RunState.VALIDATING
    world.rewind(judged)
    assert world.state() is RunState.COMPLETED


def test_a_verdict_can_be_taken_back() -> None:
    world = completed()
    assert world.comment("/verdict FAIL on second thought").is_accepted
    assert world.state() is RunState.VALIDATING


def test_a_verdict_that_arrives_with_its_push_is_measured_against_the_push() -> None:
    world = completed()
    world.push("src/late.py", react=False)
    world.reports[world.head] = world.reports[next(iter(world.reports))]
    comment_id = world.write(f"/verdict PASS @{world.head[:7]}")
    assert world.deliver(comment_id).is_accepted


# -- closeout ---------------------------------------------------------------------------------------------------


def test_the_closeout_follows_the_merge_by_itself() -> None:
    world = completed()
    refused(world.comment("/closeout"), Problem.NOT_READY_TO_CLOSE)
    world.merge()
    (effect,) = [effect for effect in world.effects.values() if isinstance(effect, CloseOut)]
    assert (effect.as_pull, effect.branch, effect.moved_path) == (True, "main", COMPLETED)
    assert world.state() is RunState.CLOSED and world.run is not None and world.run.closeout_url


def test_the_commit_policy_closes_out_on_the_branch_and_the_plan_is_followed() -> None:
    world = completed(policy=read_policy(b"closeout: commit"))
    assert world.state() is RunState.CLOSED and world.run is not None
    assert world.run.plan_path == COMPLETED
    assert world.decision.situation.plan.state == "valid"


def test_the_commit_policy_never_pushes_to_a_fork() -> None:
    world = completed(policy=read_policy(b"closeout: commit"), is_fork=True)
    assert not [effect for effect in world.effects.values() if isinstance(effect, CloseOut | WriteRecord)]
    refused(world.comment("/closeout"), Problem.NOT_READY_TO_CLOSE)


def test_one_closeout_at_a_time() -> None:
    world = completed()
    world.lands_by_itself = False
    world.is_open, world.is_merged = False, True
    comment_id = world.write("/closeout\n\n/closeout")
    world.deliver(comment_id)
    assert len([effect for effect in world.effects.values() if isinstance(effect, CloseOut)]) == 1


def test_a_closeout_that_failed_can_be_tried_again() -> None:
    world = completed()
    world.lands_by_itself = False
    world.merge()
    world.fail(world.waiting_effects()[-1])
    world.react()
    assert world.state() is RunState.COMPLETED
    world.lands_by_itself = True
    assert world.comment("/closeout").reaction == "+1"
    assert world.state() is RunState.CLOSED


@pytest.mark.parametrize("then", ["push", "fail"])
def test_a_closeout_commit_that_lands_after_the_validation_was_opened_again(then: str) -> None:
    world = all_approved(policy=read_policy(b"closeout: commit"))
    world.lands_by_itself = False
    world.comment("/verdict PASS")
    if then == "push":
        world.push("src/late.py")
    else:
        world.comment("/verdict FAIL no")
    for key in world.waiting_effects():
        world.land(key)
    world.lands_by_itself = True
    world.react()
    assert world.run is not None and (world.state(), world.run.plan_path) == (RunState.VALIDATING, COMPLETED)
    block_done(world, "src/fix.py")
    assert world.comment("/verdict PASS").reaction == "+1"
    assert world.state() is RunState.CLOSED


def test_a_merge_before_the_end_ends_the_run_and_says_what_was_missing() -> None:
    world = awaiting()
    before = set(world.effects)
    world.merge()
    assert world.state() is RunState.ABORTED
    assert [key for key in world.effects if key not in before and "merged" in key]


def test_blockers_are_written_into_the_plan() -> None:
    world = approved_first()
    answer = world.comment("/closeout")
    refused(answer, Problem.NOT_READY_TO_CLOSE)
    assert answer.refusal.items == ("B02 is active", "B03 is pending", "there is no verdict yet")
    assert "B02 is active" in world.tree[PLAN]


def test_a_policy_that_cannot_be_read_lets_nothing_advance() -> None:
    world = planned()
    world.policy = Unknown("GitHub answered 502")
    refused(world.comment("/execute"), Problem.POLICY_BROKEN)


def test_a_record_file_is_exempt_only_as_long_as_it_holds_the_bots_own_bytes() -> None:
    world = all_approved()
    assert world.run is not None
    index = "docs/exec-plans/active/index.md"
    world.run = replace(world.run, own_blobs=(*world.run.own_blobs, (index, blob("by the bot\n"))))
    world.push(files={index: "by the bot\n"})
    assert world.decision.situation.scope.is_clean
    world.push(files={index: "by the bot\nand somebody else\n"})
    assert [item.path for item in world.decision.situation.scope.violations] == [index]
