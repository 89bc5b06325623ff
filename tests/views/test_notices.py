"""What the bot says of its own accord: each notice reached, in words that say what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.runs.command_lines import command_lines
from bot.runs.effects import Say
from bot.runs.messages import Notice, NoticeKind
from bot.views.notices import worded
from tests.runs.test_completion import closeouts
from tests.runs.test_completion import merged as session_merged
from tests.runs.work import policy_of, report, with_workflow
from tests.runs.world import World, awaiting, completed, started
from tests.runs.worlds import exec_plan, memory_bank, session, work_on


def after(world: World, *commands: str) -> World:
    for command in commands:
        world.comment(command)
    return world


def failed_twice() -> World:
    world = started(policy=with_workflow())
    for notes in ("once", "the tests do not pass"):
        report(world, "B01", "failed", notes=notes)
    return world


def stopped() -> World:
    world = exec_plan(mode="autonomous")
    work_on(world, "B01", "infra/main.tf")
    return world


def stalled() -> World:
    world = session({"A-1": (), "B-1": (), "C-1": ("A-1",)})
    world.comment("/failed A-1 it does not compile")
    work_on(world, "B-1")
    return after(world, "/approve B-1")


def merged(world: World) -> World:
    world.merge()
    return world


def completion_failed() -> World:
    world = session_merged()
    world.lands_by_itself = False
    world.comment("/archive")
    world.fail(closeouts(world)[0].key, "GitHub answered 403: Resource not accessible")
    world.react()
    return world


REACHED: dict[NoticeKind, tuple[Callable[[], World], tuple[str, ...]]] = {
    NoticeKind.HELP: (lambda: after(awaiting(), "/help"), ("`/execute", "`/rollback", "approver")),
    NoticeKind.STATUS: (lambda: after(awaiting(), "/status"), ("**B01**", "awaits approval")),
    NoticeKind.MERGED_EARLY: (lambda: merged(awaiting()), ("merged before", "B02 is pending", "new branch")),
    NoticeKind.ESCALATED: (
        lambda: after(awaiting(), "/escalate too large"),
        ("escalated by `maria`", "too large", "`/resume`", "`/abort <reason>`"),
    ),
    NoticeKind.CLOSED: (lambda: merged(completed()), ("closed out", "#99", "PASS", "3 of 3")),
    NoticeKind.STARTED: (memory_bank, ("Executing plan:", "Rollback point:", "Tasks: 2", "Milestones: 2")),
    NoticeKind.HANDOVER: (
        lambda: started(policy=policy_of(b"workers: {default: {mention: '@coder'}}")),
        ("@coder please do `B01`", "TASK: B01", "`/done B01 <sha>`", "`/blocked B01 <reason>`"),
    ),
    NoticeKind.WORKER_FAILED: (failed_twice, ("`B01` failed", "the tests do not pass", "`/retry B01`", "`/skip B01")),
    NoticeKind.STOPPED: (stopped, ("autonomous run stopped", "scope", "`/resume`")),
    NoticeKind.STALLED: (stalled, ("stalled", "A-1 is failed: it does not compile", "`/retry <block>`")),
    NoticeKind.GAP: (
        lambda: after(awaiting(), "/gap designer nobody draws"),
        ("Capability gap", "`designer`", "nobody draws", "no role is made up"),
    ),
    NoticeKind.BLOCKED: (
        lambda: after(awaiting(), "/blocked no access"),
        ("`B01` is blocked", "`maria` says: no access", "`/retry B01`"),
    ),
    NoticeKind.KICKBACK: (
        lambda: after(awaiting(), "/kickback needs_research nobody knows"),
        ("Executor flagged complexity issue on task `B01`: nobody knows", "`needs_research`", "research it"),
    ),
    NoticeKind.ROLLBACK: (
        lambda: after(awaiting(), "/rollback"),
        ("`/rollback confirm`", "one commit", "Nothing is removed from the history"),
    ),
    NoticeKind.CHOOSE_COMPLETION: (session_merged, ("`/archive`", "`/keep`", "`/export <dir>`")),
    NoticeKind.COMPLETION_FAILED: (completion_failed, ("403", "kept")),
}


def said(world: World, kind: NoticeKind) -> str:
    found = [
        effect
        for effect in world.effects.values()
        if isinstance(effect, Say) and isinstance(effect.message, Notice) and effect.message.kind is kind
    ]
    assert found, f"nobody was told {kind}"
    decision = world.decision
    return worded(found[-1], decision.run, decision.situation, world.facts(), world.ledger)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_notice_is_reached_and_says_what_happened_and_what_to_do(kind: NoticeKind) -> None:
    make, words = REACHED[kind]
    body = said(make(), kind)
    for wanted in words:
        assert wanted in body, body


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_no_notice_is_a_command_to_the_bot_itself(kind: NoticeKind) -> None:
    assert command_lines(said(REACHED[kind][0](), kind)) == ()


HOSTILE = "@maria <script>x</script> #1 ``` ![x](http://e.example)"


@pytest.mark.parametrize(
    "command", ["/escalate", "/blocked B01", "/failed B01", "/kickback scope_creep", "/gap designer"]
)
def test_what_people_give_as_a_reason_is_shown_and_never_obeyed(command: str) -> None:
    world = awaiting()
    answer = world.comment(f"{command} {HOSTILE}")
    (say,) = [effect for effect in answer.effects if isinstance(effect, Say)]
    decision = world.decision
    body = worded(say, decision.run, decision.situation, world.facts(), world.ledger)
    # In a code span a mention notifies nobody.
    assert "@maria" not in body.replace("`@maria`", "") and "<script" not in body and "![x]" not in body
    assert "```" not in body
