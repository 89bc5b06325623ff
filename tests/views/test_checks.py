"""The four checks in every situation: none is left out, none is green by mistake, titles name the first condition."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.runs.facts import Unknown
from bot.runs.policy import read_policy
from bot.views.checks import CheckView, checks
from tests.runs.test_commands import STATES
from tests.runs.test_groups import group_waits
from tests.runs.work import policy_of, with_workflow
from tests.runs.world import World, awaiting, completed, plan_text, planned, started, validating
from tests.runs.worlds import memory_bank, session, work_on

NAMES = ("stepwise/plan", "stepwise/scope", "stepwise/gates", "stepwise/progress")


def views(world: World) -> dict[str, CheckView]:
    world.react()
    return {view.name: view for view in checks(world.run, world.decision.situation, world.facts())}


def after(world: World, *commands: str) -> World:
    for command in commands:
        world.comment(command)
    return world


def with_setting(world: World, **changes: object) -> World:
    for name, value in changes.items():
        setattr(world, name, value)
    return world


@pytest.mark.parametrize("state", list(STATES))
def test_all_four_are_reported_in_every_state(state: str) -> None:
    found = views(STATES[state]())
    assert tuple(found) == NAMES
    assert all(view.title and view.summary for view in found.values())


def test_without_a_plan_all_four_succeed_at_once() -> None:
    found = views(World())
    assert {(view.conclusion, view.title) for view in found.values()} == {("success", "No plan in this pull request")}


Case = tuple[Callable[[], World], str, str | None, str]
CASES: list[Case] = [
    (planned, "progress", "action_required", "Not started: ready to be executed"),
    (started, "progress", None, "0 of 3 blocks done: B01 is to be done"),
    (awaiting, "progress", "action_required", "0 of 3 blocks done: B01 awaits approval at SHA"),
    (group_waits, "progress", "action_required", "1 of 4 blocks done: B02+B03 await approval at SHA"),
    (lambda: started(policy=with_workflow()), "progress", None, "0 of 3 blocks done: B01 is with its worker"),
    (lambda: after(started(), "/failed x"), "progress", "failure", "0 of 3 blocks done: B01 has failed"),
    (lambda: after(started(), "/blocked x"), "progress", "failure", "0 of 3 blocks done: B01 is blocked"),
    (lambda: after(started(), "/pause"), "progress", "action_required", "0 of 3 blocks done: paused"),
    (lambda: after(started(), "/escalate x"), "progress", "failure", "0 of 3 blocks done: waits for a decision"),
    (completed, "progress", "success", "3 of 3 blocks done, verdict PASS"),
    (lambda: after(validating(), "/verdict PASS_WITH_NOTES x"), "progress", "success",
     "3 of 3 blocks done, verdict PASS_WITH_NOTES"),
    (lambda: validating(policy=policy_of(b"validation: {level: high}")), "progress", "action_required",
     "3 of 3 blocks done: every block is finished: invariants are to be confirmed"),
    (awaiting, "plan", "success", "The plan is as it was locked"),
    (planned, "plan", "success", "Valid plan, 3 blocks"),
    (lambda: planned(plan_text(branch="other")), "plan", "failure", "The plan is for another branch"),
    (awaiting, "gates", "success", "All gates are green"),
    (started, "gates", None, "Nothing has reported yet"),
    (awaiting, "scope", "success", "2 changed files, all inside the plan"),
    (lambda: with_setting(awaiting(), policy=Unknown("GitHub answered 502")), "plan", "failure",
     "The policy .github/stepwise.yml could not be read"),
    (lambda: with_setting(awaiting(), policy=read_policy(b"x: 1")), "plan", "failure",
     "The policy cannot be used: .github/stepwise.yml, line 1: `x` is not a known key"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "name", "conclusion", "title"), CASES)
def test_the_title_names_the_first_condition(
    make: Callable[[], World], name: str, conclusion: str | None, title: str
) -> None:
    world = make()
    view = views(world)[f"stepwise/{name}"]
    assert (view.conclusion, view.title) == (conclusion, title.replace("SHA", world.content_head[:7]))


@pytest.mark.parametrize("what", ["files", "gates", "plan"])
def test_what_cannot_be_known_is_never_success(what: str) -> None:
    world = awaiting()
    setattr(world, f"{what}_unknown", "GitHub answered 403")
    name = {"files": "scope"}.get(what, what)
    assert views(world)[f"stepwise/{name}"].conclusion == "failure"


def test_progress_is_not_green_while_anything_is_open_or_unjudged() -> None:
    for make in (planned, started, awaiting, validating):
        assert views(make())["stepwise/progress"].conclusion != "success"


def test_a_red_gate_is_named_with_its_evidence() -> None:
    world = awaiting()
    world.ci("red", name="lint")
    view = views(world)["stepwise/gates"]
    assert (view.conclusion, view.title) == ("failure", "1 gate failing: lint")
    assert "https://ci.example/lint" in view.summary and "tests" in view.summary


def test_a_file_out_of_scope_is_named_annotated_and_explained() -> None:
    world = awaiting()
    world.push("infra/main.tf")
    view = views(world)["stepwise/scope"]
    assert (view.conclusion, view.title) == ("failure", "1 file out of scope: infra/main.tf")
    assert "`infra/...`" in view.summary and "/allow" in view.summary
    assert [item.path for item in view.annotations] == ["infra/main.tf"]


def test_a_plan_that_states_no_files_is_neutral_and_says_so() -> None:
    world = session({"A-1": ()})
    work_on(world, "A-1")
    assert views(world)["stepwise/scope"].conclusion == "neutral"
    assert "states no files" in views(world)["stepwise/scope"].title


def test_a_memory_bank_plan_is_held_to_the_files_of_its_tasks() -> None:
    world = memory_bank()
    world.push("src/elsewhere.py")
    assert views(world)["stepwise/scope"].conclusion == "failure"


def test_silent_gates_are_neutral() -> None:
    world = started()
    world.push("src/b01.py")
    world.wait(11)
    view = views(world)["stepwise/gates"]
    assert (view.conclusion, view.title) == ("neutral", "No checks reported")


def test_buttons_stand_on_completed_checks_only_and_within_githubs_limits() -> None:
    for make in STATES.values():
        for view in views(make()).values():
            assert not view.buttons or view.conclusion is not None
            assert len(view.buttons) <= 3
            for button in view.buttons:
                assert len(button.label) <= 20 and len(button.description) <= 40 and len(button.identifier) <= 20
