"""`/approve`, `/skip`, `/allow`, `/pause`: how blocks are closed, and what holds them back."""

from __future__ import annotations

import pytest

from bot.runs import assess
from bot.runs.ledger import EntryKind
from bot.runs.messages import Problem
from bot.runs.model import BlockState, RunState
from bot.runs.policy import read_policy
from tests.runs.refusals import refused
from tests.runs.world import PLAN, World, awaiting, completed, started
from tests.runs.world import do_block as block_done


def approved_first() -> World:
    world = awaiting()
    assert world.comment("/approve").is_accepted
    return world


# -- approve ----------------------------------------------------------------------------------------------------


def test_an_approval_names_exactly_what_it_approves() -> None:
    world = awaiting()
    head = world.head
    answer = world.comment("/approve B01")
    run = world.run
    assert answer.is_accepted and run is not None
    approval = run.blocks[0].approval
    assert approval is not None
    assert (approval.block, approval.head, approval.by, approval.contract) == ("B01", head, "maria", run.contract)
    assert run.boundary == head and world.block("B02") is BlockState.ACTIVE


def test_an_approval_of_an_older_head_is_refused() -> None:
    world = awaiting()
    old = world.head
    world.push("src/more.py")
    world.ci("green")
    values = refused(world.comment(f"/approve B01 @{old[:7]}"), Problem.HEAD_MOVED)
    assert values == {"meant": old[:7], "head": world.head, "block": "B01"}


def test_a_bare_approval_that_was_written_before_the_push_is_refused_when_it_arrives_after_it() -> None:
    world = awaiting()
    comment_id = world.write("/approve")
    world.push("src/more.py")
    world.ci("green")
    refused(world.deliver(comment_id), Problem.NOT_SHOWN_YET)


def test_a_bare_approval_that_arrives_with_the_push_is_refused() -> None:
    world = awaiting()
    old = world.head
    comment_id = world.write("/approve")
    world.push("src/more.py", react=False)
    world.reports[world.head] = world.reports[old]
    assert refused(world.deliver(comment_id), Problem.HEAD_MOVED)["meant"] == old


def test_a_bare_approval_before_the_checklist_showed_the_block_is_refused() -> None:
    world = started()
    early = world.write("/approve")
    world.push("src/b01.py")
    world.ci("green")
    refused(world.deliver(early), Problem.NOT_SHOWN_YET)


def test_a_full_sha_and_a_short_one_and_the_records_sha_all_name_the_live_bytes() -> None:
    for of in ("short", "full", "upper"):
        world = awaiting()
        sha = {"short": world.head[:7], "full": world.head, "upper": world.head.upper()}[of]
        assert world.comment(f"/approve @{sha}").is_accepted


def test_a_block_without_a_commit_of_its_own_cannot_be_approved() -> None:
    world = approved_first()
    values = refused(world.comment("/approve B02"), Problem.NO_OWN_COMMIT)
    assert values["block"] == "B02"
    world.push(message="Merge main", is_merge=True)
    world.ci("green")
    refused(world.comment(f"/approve B02 @{world.head[:7]}"), Problem.NO_OWN_COMMIT)


def test_a_commit_that_only_looks_like_a_record_is_somebodys_work() -> None:
    world = approved_first()
    assert world.run is not None
    world.push(
        files={PLAN: world.tree[PLAN] + "\n"}, by="stepwise[bot]", message=f"Record\n\nStepwise-Run: {world.run.id}\n"
    )
    world.ci("green")
    assert world.block("B02") is BlockState.AWAITING_APPROVAL
    assert world.decision.situation.content_head == world.head


def test_files_out_of_scope_are_refused_until_they_are_taken_back_or_allowed() -> None:
    world = started()
    world.push("src/b01.py", "infra/new.tf")
    world.ci("green")
    answer = world.comment(f"/approve @{world.head[:7]}")
    refused(answer, Problem.SCOPE_VIOLATED)
    assert answer.refusal.items == ("infra/new.tf",)
    assert world.comment("/allow infra/new.tf needed once").is_accepted
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_files_that_github_does_not_list_are_never_in_scope() -> None:
    world = awaiting()
    world.files_unknown = "GitHub listed 3000 of the 4000 changed files"
    refused(world.comment(f"/approve @{world.head[:7]}"), Problem.SCOPE_UNKNOWN)


def test_a_change_of_more_files_than_github_lists_is_told_to_become_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below that number the list lags behind, and saying the command again helps; above it never does."""
    world = awaiting()
    world.files_left_out = 25
    said = refused(world.comment(f"/approve @{world.head[:7]}"), Problem.SCOPE_UNKNOWN)["reason"]
    assert "could be looked at" in said and "become smaller" not in said

    monkeypatch.setattr(assess, "MOST_LISTED", 1)
    said = refused(world.comment(f"/approve @{world.head[:7]}"), Problem.SCOPE_UNKNOWN)["reason"]
    assert "it never lists more, so the pull request has to become smaller" in said


@pytest.mark.parametrize(("state", "problem"), [("red", Problem.GATES_RED), ("pending", Problem.GATES_PENDING)])
def test_gates_that_are_not_green_are_refused(state: str, problem: Problem) -> None:
    world = awaiting()
    world.ci(state, name="build")
    answer = world.comment(f"/approve @{world.head[:7]}")
    refused(answer, problem)
    assert answer.refusal.items == ("build",)


def test_gates_that_cannot_be_read_are_never_green() -> None:
    world = awaiting()
    world.gates_unknown = "GitHub answered 502"
    refused(world.comment(f"/approve @{world.head[:7]}"), Problem.GATES_UNKNOWN)


def test_a_history_that_cannot_be_read_proves_nothing() -> None:
    world = awaiting()
    world.progress_unknown = "GitHub answered 502"
    refused(world.comment(f"/approve @{world.head[:7]}"), Problem.GATES_UNKNOWN)


def test_silence_counts_only_after_the_patience_and_is_on_record() -> None:
    world = started()
    world.push("src/b01.py")
    refused(world.comment(f"/approve @{world.head[:7]}"), Problem.GATES_PENDING)
    world.wait(10)
    answer = world.comment("/approve")
    assert answer.is_accepted
    assert "no checks" in next(e.text for e in answer.entries if e.kind is EntryKind.APPROVED)
    gates = world.decision.situation.gates
    assert (gates.state, gates.held_from is not None) == ("silent", True)


def test_a_required_gate_that_never_reports_is_waited_for() -> None:
    world = awaiting(policy=read_policy(b"gates: {required: [tests]}"))
    world.policy = read_policy(b"gates: {required: [tests, e2e]}")
    world.wait(60)
    answer = world.comment(f"/approve @{world.head[:7]}")
    refused(answer, Problem.GATES_PENDING)
    assert answer.refusal.items == ("e2e",)


def test_an_ignored_gate_does_not_count() -> None:
    world = awaiting(policy=read_policy(b"gates: {ignore: [lint]}"))
    world.ci("red", name="lint")
    assert world.comment("/approve").is_accepted


def test_a_forced_push_below_an_approved_commit_stops_everything() -> None:
    world = started()
    start = world.head
    block_done(world, "src/b01.py")
    world.comment("/approve")
    world.push("src/other.py", on=start)
    world.ci("green")
    refused(world.comment(f"/approve @{world.head[:7]}"), Problem.HISTORY_REWRITTEN)
    refused(world.comment("/skip B02 no"), Problem.HISTORY_REWRITTEN)


def test_blocks_are_named_in_any_case_and_closed_in_order() -> None:
    world = awaiting()
    assert refused(world.comment("/approve B02"), Problem.NOT_THE_OPEN_BLOCK) == {"block": "B02", "open": "B01"}
    assert refused(world.comment("/approve B77"), Problem.NO_SUCH_BLOCK) == {"block": "B77"}
    assert world.comment("/approve b01").is_accepted
    assert refused(world.comment("/approve B01"), Problem.BLOCK_SETTLED)["state"] == "done"


def test_two_bare_approvals_close_one_block() -> None:
    world = awaiting()
    world.comment("/approve")
    refused(world.comment("/approve", by="coda"), Problem.NO_OWN_COMMIT)


def test_what_was_shown_for_one_block_approves_no_other() -> None:
    world = awaiting()
    comment_id = world.write("/skip B01 not needed\n\n/approve")
    refused(world.deliver(comment_id), Problem.NOT_SHOWN_YET)
    assert world.block("B02") is not BlockState.DONE


# -- skip, allow, pause, abort -----------------------------------------------------------------------------------


def test_a_skipped_block_leaves_its_commits_to_the_next_approval() -> None:
    world = awaiting()
    assert world.comment("/skip `B01`\tdone elsewhere").is_accepted
    assert world.run is not None and world.run.blocks[0].reason == "done elsewhere"
    assert world.block("B02") is BlockState.AWAITING_APPROVAL


@pytest.mark.parametrize("pattern", ["!src/**", "../up", "<path>", "C:\\x"])
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    assert refused(awaiting().comment(f"/allow `{pattern}` because"), Problem.BAD_PATTERN)["pattern"] == pattern


def test_nothing_advances_while_paused() -> None:
    world = started()
    world.comment("/pause lunch")
    block_done(world, "src/b01.py")
    assert world.block("B01") is BlockState.ACTIVE
    assert refused(world.comment("/approve"), Problem.RUN_PAUSED) == {"reason": "lunch"}
    world.comment("/resume")
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_a_pause_over_the_merge_holds_the_closeout_back() -> None:
    world = completed()
    world.comment("/pause")
    world.merge()
    assert world.state() is RunState.PAUSED and not world.waiting_effects()
    refused(world.comment("/closeout"), Problem.RUN_PAUSED)
    world.comment("/resume")
    assert world.comment("/closeout").reaction == "+1"
    assert world.state() is RunState.CLOSED
