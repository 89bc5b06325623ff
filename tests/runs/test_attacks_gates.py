"""Gates that somebody forges: a name is anybody's, unless the policy says whose it is."""

from __future__ import annotations

from bot.runs.gates import GatesState
from bot.runs.messages import Problem
from tests.runs.refusals import refused
from tests.runs.work import policy_of
from tests.runs.world import World, plan_text, started

PINNED = b"gates: {required: [tests], apps: {tests: actions}}\n"


def pushed(policy: bytes) -> World:
    world = started(plan_text(["B01"]), policy=policy_of(policy))
    world.push("src/b01.py")
    return world


def gates(world: World) -> GatesState:
    return world.decision.situation.gates.state


def test_what_others_report_under_a_pinned_name_neither_helps_nor_hurts() -> None:
    world = pushed(PINNED)
    for source in ("status", "other-app", "Actions", "actions-2"):
        world.ci("green", source=source)
    assert gates(world) is GatesState.PENDING
    refused(world.comment("/approve"), Problem.GATES_PENDING)
    world.ci("red", source="other-app")
    world.ci("green", source="actions")
    assert gates(world) is GatesState.GREEN
    assert world.comment("/approve").is_accepted


def test_the_pinned_apps_red_is_red_whatever_others_say() -> None:
    world = pushed(PINNED)
    world.ci("red", source="actions")
    world.ci("green", source="status")
    refused(world.comment("/approve"), Problem.GATES_RED)


def test_an_unpinned_name_is_anybodys_and_all_of_them_have_to_be_green() -> None:
    world = pushed(b"gates: {required: [tests]}\n")
    world.ci("green", source="other-app")
    world.ci("red", source="actions")
    refused(world.comment("/approve"), Problem.GATES_RED)


def test_an_autonomous_run_closes_nothing_on_a_forged_gate() -> None:
    world = started(plan_text(["B01"], mode="autonomous"), policy=policy_of(b"gates: {apps: {tests: actions}}\n"))
    world.push("src/b01.py", message="B01: work")
    world.ci("green", source="status")
    assert world.block("B01") != "done"
    world.ci("green", source="actions")
    assert world.block("B01") == "done"
