"""What somebody can do who may open pull requests and comment, and nothing else."""

from __future__ import annotations

from bot.runs.assess import PlanState
from bot.runs.facts import Files
from bot.runs.messages import Problem
from bot.runs.needs import PLANS_READ, plan_paths
from tests.runs.refusals import refused
from tests.runs.world import World, plan_text, started


def many_plans(count: int) -> World:
    world = World(is_fork=True)
    plans: dict[str, str | None] = {
        f"docs/exec-plans/active/{number:04}.md": plan_text(["B01"]) for number in range(count)
    }
    world.push(files=plans, by="eve")
    return world


def test_of_very_many_plans_only_some_are_read() -> None:
    world = many_plans(300)
    files = world.facts().files
    assert isinstance(files, Files)
    assert len(plan_paths(None, files, ())) == PLANS_READ
    assert world.decision.situation.plan.state is PlanState.SEVERAL


def test_a_plan_that_is_named_is_read_however_many_there_are() -> None:
    world = many_plans(300)
    refused(world.comment("/execute"), Problem.SEVERAL_PLANS)
    assert world.comment("/execute docs/exec-plans/active/0299.md").is_accepted
    assert world.run is not None and world.run.plan_path.endswith("0299.md")


def test_an_answer_for_everybody_comes_once_per_comment() -> None:
    world = started()
    answer = world.comment("\n".join(["/status", "/check", "/help"] * 3), by="otto")
    assert len(answer.said) == 2


def test_a_bot_that_nobody_works_with_is_not_answered() -> None:
    world = started()
    for word in ("/status", "/help"):
        assert world.comment(word, by="chatter[bot]", is_bot=True).effects == ()
