"""Validation at level high: the plan's own commands, and invariants that somebody confirms for exactly these bytes."""

from __future__ import annotations

import json

import pytest

from bot.runs.effects import StartWorker
from bot.runs.messages import Problem
from bot.runs.model import RunState
from tests.runs.refusals import refused
from tests.runs.work import dispatch_fails, moved, policy_of
from tests.runs.world import World, do_block, plan_text, started, validating

HIGH = b"validation: {level: high, workflow: checks.yml}\n"
NO_INVARIANTS = b"validation: {level: high, workflow: checks.yml, invariants: []}\n"
NAMES = ("Tenant isolation/authz", "Migrations/indexes", "Docs updated")


def at_level_high(policy: bytes = NO_INVARIANTS) -> World:
    return validating(policy=policy_of(policy))


def runs_of_commands(world: World) -> list[StartWorker]:
    return [e for e in world.effects.values() if isinstance(e, StartWorker) and not e.block]


def commands(world: World) -> str:
    assert world.run is not None and world.run.validation is not None
    return world.run.validation.id


def ended(world: World, conclusion: str = "success") -> World:
    result = world.outcomes[f"dispatch:{commands(world)}"].result
    world.answer(moved(commands(world), "completed", conclusion, run_id=int(result["workflow_run_id"])))
    return world


def verdict(world: World, word: str = "PASS", notes: str = "") -> str:
    answer = world.comment(f"/verdict {word} @{world.content_head[:7]} {notes}".strip())
    return "ok" if answer.is_accepted else answer.problem.value


# -- the level -------------------------------------------------------------------------------------------------------


def test_level_medium_runs_no_commands_and_asks_for_no_invariants() -> None:
    world = validating(policy=policy_of(b"validation: {workflow: checks.yml}"))
    assert runs_of_commands(world) == []
    assert world.comment("/verdict PASS").is_accepted


@pytest.mark.parametrize("command", ["/execute high", "/execute stepwise high"])
def test_the_level_may_be_said_at_the_start(command: str) -> None:
    from tests.runs.world import planned

    world = planned(policy=policy_of(NO_INVARIANTS.replace(b"level: high, ", b"")))
    world.comment(command)
    assert world.run is not None and world.run.level == "high"


def test_the_level_may_be_raised_while_the_change_is_validated() -> None:
    world = validating(policy=policy_of(b"validation: {workflow: checks.yml, invariants: []}"))
    assert world.comment("/validate high").is_accepted
    assert len(runs_of_commands(world)) == 1
    assert verdict(world) == "validation_running"


def test_the_level_may_be_lowered_and_nothing_is_asked_any_more() -> None:
    world = at_level_high(HIGH)
    assert world.comment("/validate medium").is_accepted
    assert verdict(world) == "ok"
    assert world.run is not None and world.run.verdict is not None and world.run.verdict.level == "medium"


# -- the plan's commands ---------------------------------------------------------------------------------------------


def test_the_plans_commands_are_run_once_on_the_last_content() -> None:
    world = at_level_high()
    (effect,) = runs_of_commands(world)
    inputs = dict(effect.inputs)
    assert effect.workflow == "checks.yml" and inputs["sha"] == world.content_head
    assert json.loads(inputs["commands"]) == ["python -m unittest"]
    world.react()
    assert len(runs_of_commands(world)) == 1


def test_nothing_is_run_before_scope_and_gates_let_it() -> None:
    world = started(plan_text(["B01"]), policy=policy_of(NO_INVARIANTS))
    do_block(world, "src/b01.py")
    world.comment("/approve")
    assert len(runs_of_commands(world)) == 1
    world.push("infra/main.tf")
    world.ci("red")
    assert len(runs_of_commands(world)) == 1


def test_pass_waits_for_the_commands() -> None:
    world = at_level_high()
    assert verdict(world) == "validation_running"
    world.answer(moved(commands(world), "in_progress"))
    assert verdict(world) == "validation_running"
    ended(world)
    assert verdict(world) == "ok"


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "startup_failure"])
@pytest.mark.parametrize("word", ["PASS", "PASS_WITH_NOTES"])
def test_commands_that_fail_let_nothing_pass(conclusion: str, word: str) -> None:
    assert verdict(ended(at_level_high(), conclusion), word, "all the same") == "validation_failed"


def test_commands_that_failed_may_be_judged_as_failed() -> None:
    assert verdict(ended(at_level_high(), "failure"), "FAIL", "the totals are off") == "ok"


def test_a_fix_has_the_commands_run_again() -> None:
    world = ended(at_level_high(), "failure")
    do_block(world, "src/fix.py")
    assert len(runs_of_commands(world)) == 2
    assert dict(runs_of_commands(world)[1].inputs)["sha"] == world.content_head
    assert verdict(ended(world)) == "ok"


def test_what_the_commands_said_of_an_older_commit_counts_no_more() -> None:
    world = ended(at_level_high())
    do_block(world, "src/fix.py")
    assert verdict(world) == "validation_running"


def test_the_end_of_an_older_run_of_commands_says_nothing_of_the_new_commit() -> None:
    world = at_level_high()
    old = commands(world)
    do_block(world, "src/fix.py")
    world.answer(moved(old, "completed", "success"))
    assert verdict(world) == "validation_running"


def test_validate_high_runs_commands_that_failed_again() -> None:
    world = ended(at_level_high(), "failure")
    assert world.comment("/validate high").is_accepted
    assert len({effect.dispatch for effect in runs_of_commands(world)}) == 2
    assert verdict(ended(world)) == "ok"


def test_lowering_the_level_and_raising_it_again_runs_the_commands_again() -> None:
    world = at_level_high()
    world.comment("/validate medium")
    world.comment("/validate high")
    assert len({effect.dispatch for effect in runs_of_commands(world)}) == 2


def test_commands_that_could_not_be_started_have_failed() -> None:
    world = validating(policy=policy_of(NO_INVARIANTS), dispatches_land=False)
    dispatch_fails(world, commands(world), "GitHub answered 404: Not Found")
    answer = world.comment(f"/verdict PASS @{world.content_head[:7]}")
    assert "404" in refused(answer, Problem.VALIDATION_FAILED)["reason"]


def test_commands_whose_run_is_never_seen_are_not_waited_for_for_ever() -> None:
    world = validating(policy=policy_of(NO_INVARIANTS), dispatches_land=False)
    for _ in range(30):
        world.wait(10)
    assert verdict(world) != "validation_running"


def test_without_a_workflow_the_record_says_that_nobody_ran_them() -> None:
    world = at_level_high(b"validation: {level: high, invariants: []}")
    assert runs_of_commands(world) == []
    assert verdict(world) == "ok"
    assert world.run is not None and world.run.verdict is not None
    assert any("not run" in result for result in world.run.verdict.results)
    assert world.run.verdict.commands == ()


def test_the_verdict_says_which_commands_ran_and_how_they_ended() -> None:
    world = ended(at_level_high())
    verdict(world)
    assert world.run is not None and world.run.verdict is not None
    assert world.run.verdict.commands == ("python -m unittest",)
    assert any("validation commands: passed" in result for result in world.run.verdict.results)


# -- invariants ------------------------------------------------------------------------------------------------------


def test_pass_waits_for_every_invariant() -> None:
    world = ended(at_level_high(HIGH))
    assert verdict(world) == "not_confirmed"
    for name in NAMES:
        assert verdict(world) == "not_confirmed"
        world.tick_box(name)
    assert verdict(world) == "ok"


def test_pass_with_notes_may_leave_invariants_open_and_says_which() -> None:
    world = ended(at_level_high(HIGH))
    world.tick_box(NAMES[0])
    assert verdict(world, "PASS_WITH_NOTES", "nothing to migrate") == "ok"
    assert world.run is not None and world.run.verdict is not None
    assert world.run.verdict.invariants == (
        (NAMES[0], "pass, confirmed by maria"),
        (NAMES[1], "not confirmed"),
        (NAMES[2], "not confirmed"),
    )


def test_a_push_takes_confirmations_back() -> None:
    world = ended(at_level_high(HIGH))
    for name in NAMES:
        world.tick_box(name)
    do_block(world, "src/fix.py")
    ended(world)
    assert verdict(world) == "not_confirmed"
    assert all(f"- [ ] **{name}**" in world.checklist() for name in NAMES)


def test_only_invariants_that_the_change_touches_are_asked_for() -> None:
    policy = b"""validation:
  level: high
  invariants:
    - {name: Migrations, paths: ["db/"]}
    - {name: Prices, paths: ["src/"]}
"""
    world = at_level_high(policy)
    answer = world.comment(f"/verdict PASS @{world.content_head[:7]}")
    assert answer.refusal.items == ("Prices",)


def test_an_invariant_confirmed_twice_is_confirmed_once() -> None:
    world = ended(at_level_high(HIGH))
    was = world.checklist()
    now = was.replace(f"- [ ] **{NAMES[0]}**", f"- [x] **{NAMES[0]}**")
    world.checklist_edited(was, now, by="maria")
    world.checklist_edited(was, now, by="coda")
    assert world.run is not None and [one.by for one in world.run.invariants] == ["maria"]


def test_nothing_is_confirmed_before_the_last_block_is_done() -> None:
    world = started(policy=policy_of(HIGH))
    was = f"- [ ] **Docs updated** invariant — tick it once you have looked at `{world.head[:7]}`"
    refused(world.checklist_edited(was, was.replace("[ ]", "[x]")), Problem.NO_SUCH_INVARIANT)


# -- fix rounds ------------------------------------------------------------------------------------------------------


def test_three_fix_rounds_then_it_escalates() -> None:
    world = validating()
    for number in range(3):
        do_block(world, f"src/fix{number}.py")
        assert verdict(world, "FAIL", "still wrong") == "ok"
        assert world.state() is RunState.VALIDATING
    do_block(world, "src/fix.py")
    verdict(world, "FAIL", "still wrong")
    assert world.state() is RunState.ESCALATED
