"""Every command of the registry: who may use it, what it refuses and why, and what it does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.runs.effects import CloseOut, WriteRecord
from bot.runs.facts import Unknown
from bot.runs.messages import NoticeKind, Problem
from bot.runs.model import BlockState, EntryKind, RunState
from bot.runs.policy import read_policy
from bot.runs.registry import COMMANDS, find, suggestion
from tests.runs.world import COMPLETED, PLAN, Answer, World, awaiting, closed, completed, plan_text, planned, started
from tests.runs.world import do_block as block_done
from tests.runs.world import validating as all_approved


def refused(answer: Answer, problem: Problem) -> dict[str, str]:
    """The values of the one refusal that was said."""
    assert answer.problem is problem, answer.said
    assert answer.reaction in {"confused", None}
    return answer.refusal.values


def paused() -> World:
    world = awaiting()
    world.comment("/pause")
    return world


def escalated() -> World:
    world = all_approved()
    for _ in range(4):
        block_done(world, "src/fix.py")
        world.comment("/verdict FAIL")
    assert world.state() is RunState.ESCALATED
    return world


def aborted() -> World:
    world = awaiting()
    world.comment("/abort enough")
    return world


def changed() -> World:
    world = awaiting()
    world.push(plan=plan_text(objective="Another objective."))
    return world


def broken_policy() -> World:
    world = awaiting()
    world.policy = read_policy(b"nonsense: 1")
    world.react()
    return world


def pull_closed() -> World:
    world = awaiting()
    world.close()
    return world


# -- states and commands: what each gives in each state ----------------------------------------------------------

STATES: dict[str, Callable[[], World]] = {
    "no plan": World,
    "ready": planned,
    "running": started,
    "awaiting": awaiting,
    "changed": changed,
    "paused": paused,
    "validating": all_approved,
    "escalated": escalated,
    "completed": completed,
    "closed": closed,
    "aborted": aborted,
    "broken policy": broken_policy,
    "pull closed": pull_closed,
}
OK = "ok"
QUIET = "quiet"
P = Problem
NO_RUN, PAUSED, ESCALATED, OVER, CHANGED = P.NO_RUN, P.RUN_PAUSED, P.RUN_ESCALATED, P.RUN_OVER, P.CONTRACT_CHANGED
NOT_YET, SHUT, LIVE = P.NOT_VALIDATING, P.PULL_CLOSED, P.ALREADY_LIVE
# no plan, ready, running, awaiting, changed, paused, validating, escalated, completed, closed, aborted, policy, pull
MATRIX = {
    "/execute": (P.NO_PLAN, OK, LIVE, LIVE, OK, LIVE, LIVE, LIVE, LIVE, SHUT, OK, P.POLICY_BROKEN, SHUT),
    "/approve": (
        QUIET, NO_RUN, P.NO_OWN_COMMIT, OK, CHANGED, PAUSED, P.NO_OPEN_BLOCK, ESCALATED, OVER, SHUT, OVER,
        P.POLICY_BROKEN, SHUT,
    ),
    "/skip B01 not needed": (
        QUIET, NO_RUN, OK, OK, CHANGED, PAUSED, P.NO_OPEN_BLOCK, ESCALATED, OVER, SHUT, OVER, P.POLICY_BROKEN, SHUT,
    ),
    "/allow docs/... for notes": (QUIET, NO_RUN, OK, OK, OK, OK, OK, OK, OK, OVER, OVER, P.POLICY_BROKEN, OK),
    "/pause lunch": (QUIET, NO_RUN, OK, OK, OK, PAUSED, OK, ESCALATED, OK, OVER, OVER, OK, OK),
    "/resume": (
        QUIET, NO_RUN, P.NOT_PAUSED, P.NOT_PAUSED, P.NOT_PAUSED, OK, P.NOT_PAUSED, OK, P.NOT_PAUSED, OVER, OVER,
        P.POLICY_BROKEN, P.NOT_PAUSED,
    ),
    "/verdict PASS": (
        QUIET, NO_RUN, NOT_YET, NOT_YET, NOT_YET, PAUSED, OK, ESCALATED, NOT_YET, OVER, OVER, P.POLICY_BROKEN, SHUT,
    ),
    "/verdict FAIL": (
        QUIET, NO_RUN, NOT_YET, NOT_YET, NOT_YET, PAUSED, OK, ESCALATED, OK, OVER, OVER, P.POLICY_BROKEN, SHUT,
    ),
    "/closeout": (
        QUIET, NO_RUN, P.NOT_READY_TO_CLOSE, P.NOT_READY_TO_CLOSE, P.NOT_READY_TO_CLOSE, P.NOT_READY_TO_CLOSE,
        P.NOT_READY_TO_CLOSE, P.NOT_READY_TO_CLOSE, P.NOT_READY_TO_CLOSE, P.ALREADY_CLOSED, OVER, P.POLICY_BROKEN, SHUT,
    ),
    "/abort enough": (QUIET, NO_RUN, OK, OK, OK, OK, OK, OK, OK, OVER, OVER, OK, OK),
    "/status": (QUIET, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK),
    "/help": (QUIET, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK),
}  # fmt: skip
CASES = [(c, s, e) for c, row in MATRIX.items() for s, e in zip(STATES, row, strict=True)]


@pytest.mark.parametrize(("command", "state", "expected"), CASES)
def test_every_command_in_every_state(command: str, state: str, expected: str | Problem) -> None:
    world = STATES[state]()
    before = world.run
    answer = world.comment(command)
    if expected == OK:
        assert answer.is_accepted, answer.said
    elif expected == QUIET:
        assert answer == Answer((), ())
    else:
        assert isinstance(expected, Problem)
        refused(answer, expected)
        assert (world.run is None) == (before is None)
        if before is not None and world.run is not None:
            assert world.run.blocks == before.blocks and world.run.state is before.state


def test_the_matrix_names_every_command() -> None:
    assert {command.split()[0][1:] for command in MATRIX} == {command.word for command in COMMANDS}


# -- who --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [command for command in MATRIX if command not in {"/status", "/help"}])
@pytest.mark.parametrize("person", ["otto", "toni", "eve", "nobody"])
def test_who_may_not_command_gets_a_reaction_and_nothing_happens(command: str, person: str) -> None:
    world = awaiting()
    before = world.run
    answer = world.comment(command, by=person)
    assert (answer.reaction, answer.said) == ("-1", ())
    assert answer.kinds == ["refused"]
    assert world.run == before


@pytest.mark.parametrize("command", ["/status", "/check", "/help"])
def test_readers_may_ask(command: str) -> None:
    world = awaiting()
    before = world.run
    answer = world.comment(command, by="eve")
    assert answer.is_accepted and world.run == before
    assert answer.notice.kind is (NoticeKind.HELP if command == "/help" else NoticeKind.STATUS)


@pytest.mark.parametrize("policy", [None, b"approvers: [maria]"])
def test_a_bot_may_not_approve_whatever_its_permission(policy: bytes | None) -> None:
    world = awaiting(policy=read_policy(policy))
    assert world.comment("/approve", by="maria", is_bot=True).reaction == "-1"
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_whom_the_policy_names_may_approve_whatever_the_case_of_the_login() -> None:
    world = awaiting(policy=read_policy(b"approvers: [OTTO]"))
    assert world.comment("/approve", by="otto").is_accepted


def test_a_permission_that_was_taken_away_counts_at_once() -> None:
    world = awaiting()
    world.permissions["maria"] = "read"
    assert world.comment("/approve").reaction == "-1"


def test_a_permission_that_cannot_be_asked_is_none_and_is_said() -> None:
    world = awaiting()
    world.permissions_unknown = "GitHub answered 403: Resource not accessible by integration"
    assert "403" in refused(world.comment("/approve"), Problem.PERMISSION_UNKNOWN)["reason"]


def test_whom_the_policy_names_needs_no_answer_from_github() -> None:
    world = awaiting(policy=read_policy(b"approvers: [maria]"))
    world.permissions_unknown = "GitHub answered 403"
    assert world.comment("/approve").is_accepted


def test_somebody_without_rights_starts_nothing() -> None:
    world = planned()
    assert world.comment("/execute", by="otto").reaction == "-1"
    assert world.run is None


# -- words ------------------------------------------------------------------------------------------------------


def test_aliases_name_the_same_command() -> None:
    assert find("check") is find("status") and find("continue") is find("resume")
    assert find("approved") is None
    assert all(find(word) is command for command in COMMANDS for word in (command.word, *command.aliases))


@pytest.mark.parametrize(
    ("word", "near"),
    [("aprove", "approve"), ("approved", "approve"), ("verdit", "verdict"), ("close-out", "closeout"), ("lgtm", None),
     ("merge", None), ("retest", None), ("assign", None), ("rebase", None), ("hold", None), ("ok-to-test", None)],
)  # fmt: skip
def test_a_near_miss_gets_a_suggestion_and_the_words_of_other_bots_do_not(word: str, near: str | None) -> None:
    assert suggestion(word) == near


def test_a_near_miss_is_answered_and_does_nothing() -> None:
    world = awaiting()
    answer = world.comment("/aprove")
    assert refused(answer, Problem.UNKNOWN_COMMAND) == {"suggestion": "approve"}
    assert world.block("B01") is BlockState.AWAITING_APPROVAL


def test_without_a_plan_a_near_miss_is_somebody_elses_word() -> None:
    assert World().comment("/aprove").effects == ()


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        ("/approve @xyz", "@xyz"),
        ("/approve @ab12", "@ab12"),
        ("/approve B01 B02", "B02"),
        ("/approve @ab12cd3 @ab12cd3", "@ab12cd3"),
        ("/approve all the things", "the"),
        ("/skip", ""),
        ("/skip B01", ""),
        ("/allow", ""),
        ("/allow docs/...", ""),
        ("/abort", ""),
        ("/execute quickly", "quickly"),
        (f"/execute {PLAN} docs/other.md", "docs/other.md"),
        ("/verdict", ""),
        ("/verdict FINE", "FINE"),
        ("/verdict PASS @zz", "@zz"),
    ],
)
def test_arguments_that_are_not_understood_are_named(command: str, argument: str) -> None:
    assert refused(awaiting().comment(command), Problem.BAD_ARGUMENTS) == {"argument": argument}


def test_several_commands_of_one_comment_are_taken_in_order_with_one_reaction() -> None:
    world = awaiting()
    answer = world.comment("/pause lunch\n\n/resume\n\n/approve")
    assert answer.is_accepted
    assert answer.kinds[:3] == ["paused", "resumed", "approved"]


def test_a_comment_counts_once_however_often_it_is_delivered() -> None:
    world = awaiting()
    comment_id = world.write("/approve")
    assert world.deliver(comment_id, comment_id).kinds.count("approved") == 1
    world.push("src/b02.py")
    world.ci("green")
    assert world.deliver(comment_id) == Answer((), ())


def test_comments_are_taken_in_the_order_they_were_written() -> None:
    world = awaiting()
    first, second = world.write("/approve"), world.write("/pause")
    world.deliver(second, first)
    assert world.block("B01") is BlockState.DONE and world.state() is RunState.PAUSED


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
        (plan_text(mode="autonomous"), Problem.MODE_UNSUPPORTED),
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


def test_autonomous_mode_and_level_high_are_refused_in_the_command() -> None:
    assert refused(planned().comment("/execute autonomous"), Problem.MODE_UNSUPPORTED) == {"asked": "in the command"}
    refused(planned().comment("/execute high"), Problem.LEVEL_UNSUPPORTED)


def test_an_explicit_stepwise_beats_the_plans_autonomous() -> None:
    assert planned(plan_text(mode="autonomous")).comment("/execute stepwise medium").is_accepted


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


# -- a contract that changes -------------------------------------------------------------------------------------


def approved_first() -> World:
    world = awaiting()
    assert world.comment("/approve").is_accepted
    return world


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
