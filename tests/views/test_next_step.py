"""The one next thing to do: in every situation somebody is told what, with the exact command."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.runs.registry import find
from bot.views.next_step import NextStep, next_step
from tests.runs.test_autonomous import autonomous
from tests.runs.test_commands import STATES
from tests.runs.test_completion import merged as session_merged
from tests.runs.test_groups import at_the_group, group_waits
from tests.runs.work import policy_of, with_workflow
from tests.runs.world import World, awaiting, started, validating
from tests.runs.worlds import memory_bank, session, work_on


def step(world: World) -> NextStep:
    return next_step(world.run, world.decision.situation, world.facts())


def after(world: World, *commands: str) -> World:
    for command in commands:
        world.comment(command)
    return world


def both_wait() -> World:
    world = session({"A-1": (), "B-1": ()})
    work_on(world, "A-1", ci=None)
    work_on(world, "B-1")
    return world


def one_held() -> World:
    return after(session({"A-1": (), "B-1": ()}), "/blocked A-1 no access")


STEPS: dict[str, tuple[Callable[[], World], str, str | None]] = {
    "a block is to be done": (started, "B01 is to be done", None),
    "a group is to be done": (at_the_group, "B02+B03 is to be done", None),
    "a worker is at it": (lambda: started(policy=with_workflow()), "B01 is with its worker", None),
    "a block awaits": (awaiting, "B01 awaits approval at SHA", "/approve B01 @SHA"),
    "a group awaits": (group_waits, "B02+B03 await approval at SHA", "/approve B02+B03 @SHA"),
    "two await": (both_wait, "A-1 awaits approval at SHA (1 more waits)", "/approve A-1 @SHA"),
    "one is held, the other is free": (one_held, "B-1 is to be done", None),
    "a block failed": (lambda: after(started(), "/failed x"), "B01 has failed", "/retry B01"),
    "a block is blocked": (lambda: after(memory_bank(), "/blocked no access"), "T001 is blocked", "/retry T001"),
    "paused": (lambda: after(started(), "/pause lunch"), "paused", "/resume"),
    "escalated": (lambda: after(started(), "/escalate x"), "waits for a decision", None),
    "the verdict is due": (
        validating, "every block is finished: the verdict is due at SHA", "/verdict PASS @SHA",
    ),
    "invariants": (
        lambda: validating(policy=policy_of(b"validation: {level: high}")),
        "every block is finished: invariants are to be confirmed", None,
    ),
    "the plan's commands run": (
        lambda: validating(policy=policy_of(b"validation: {level: high, workflow: c.yml}")),
        "validation waits for the gates", None,
    ),
    "a session is to be archived or kept": (session_merged, "completed: what is to become of the session?", None),
}  # fmt: skip


@pytest.mark.parametrize("name", list(STEPS))
def test_the_next_step_is_named_with_its_command(name: str) -> None:
    make, headline, command = STEPS[name]
    world = make()
    found = step(world)
    sha = world.content_head[:7]
    assert found.headline == headline.replace("SHA", sha)
    assert found.command == (command.replace("SHA", world.content_head[:12]) if command else None)


@pytest.mark.parametrize("name", list(STEPS))
def test_the_command_that_is_named_is_accepted(name: str) -> None:
    world = STEPS[name][0]()
    command = step(world).command
    if command is None:
        return
    assert find(command.split()[0][1:]) is not None
    answer = world.comment(command)
    assert answer.is_accepted, answer.said


@pytest.mark.parametrize("state", list(STATES))
def test_every_state_has_a_headline_and_a_text_and_its_command_is_one_of_ours(state: str) -> None:
    world = STATES[state]()
    world.react()
    found = step(world)
    assert found.headline and found.text
    assert "\n" not in found.headline
    assert found.command is None or find(found.command.split()[0][1:]) is not None


def test_an_autonomous_run_that_stopped_says_why() -> None:
    world = autonomous()
    work_on(world, "B01", "infra/main.tf")
    found = step(world)
    assert found.command == "/resume" and "stop condition: scope violated" in found.text
    assert found.waits_for_person


@pytest.mark.parametrize("signal", ["scope_creep", "missing_context", "needs_research"])
def test_after_a_kickback_the_way_on_is_that_of_its_signal(signal: str) -> None:
    found = step(after(started(), f"/kickback {signal} because"))
    assert "`/execute`" in found.text and "`/resume`" in found.text and "#77" in found.text
