"""Every command of the registry in every state, who may use it, and its words and arguments."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.runs.messages import NoticeKind, Problem
from bot.runs.model import BlockState, RunState
from bot.runs.policy import read_policy
from bot.runs.registry import COMMANDS, find, suggestion
from tests.runs.refusals import refused
from tests.runs.world import PLAN, Answer, World, awaiting, closed, completed, plan_text, planned, started
from tests.runs.world import do_block as block_done
from tests.runs.world import validating as all_approved


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
AT_WORK = (PAUSED, P.NO_OPEN_BLOCK, ESCALATED, OVER, SHUT, OVER, P.POLICY_BROKEN, SHUT)
UNASKED, NOT_HERE = P.ROLLBACK_NOT_ASKED, P.NOT_FOR_THIS_DIALECT
SESSIONS_ONLY = (*[NOT_HERE] * 7, OVER, OVER, P.POLICY_BROKEN, NOT_HERE)
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
    "/done": (
        QUIET, NO_RUN, P.NO_OWN_COMMIT, OK, OK, PAUSED, P.NO_OPEN_BLOCK, ESCALATED, OVER, SHUT, OVER, P.POLICY_BROKEN,
        SHUT,
    ),
    "/failed it does not compile": (QUIET, NO_RUN, OK, OK, OK, *AT_WORK),
    "/blocked no access to the mail server": (QUIET, NO_RUN, OK, OK, OK, *AT_WORK),
    "/gap designer nobody draws": (QUIET, NO_RUN, OK, OK, OK, *AT_WORK),
    "/retry": (QUIET, NO_RUN, P.BLOCK_NOT_HELD, P.BLOCK_NOT_HELD, P.BLOCK_NOT_HELD, *AT_WORK),
    "/kickback scope_creep it is twice the work": (
        QUIET, NO_RUN, OK, OK, OK, OK, OK, ESCALATED, OVER, OVER, OVER, P.POLICY_BROKEN, OK,
    ),
    "/escalate the architecture has to change": (
        QUIET, NO_RUN, OK, OK, OK, OK, OK, ESCALATED, OVER, OVER, OVER, P.POLICY_BROKEN, OK,
    ),
    "/validate high": (QUIET, NO_RUN, OK, OK, OK, OK, OK, OK, OVER, OVER, OVER, P.POLICY_BROKEN, OK),
    "/archive": (QUIET, NO_RUN, *SESSIONS_ONLY),
    "/keep": (QUIET, NO_RUN, *SESSIONS_ONLY),
    "/export out": (QUIET, NO_RUN, *SESSIONS_ONLY),
    "/rollback": (QUIET, NO_RUN, OK, OK, OK, OK, OK, OK, OK, OVER, OVER, P.POLICY_BROKEN, SHUT),
    "/rollback confirm": (
        QUIET, NO_RUN, UNASKED, UNASKED, UNASKED, UNASKED, UNASKED, UNASKED, UNASKED, OVER, OVER, P.POLICY_BROKEN, SHUT,
    ),
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
        ("/failed", ""),
        ("/failed B01", ""),
        ("/blocked", ""),
        ("/escalate", ""),
        ("/kickback scope_creep", ""),
        ("/gap", ""),
        ("/gap designer", ""),
        ("/validate low", "low"),
        ("/rollback now", "now"),
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
