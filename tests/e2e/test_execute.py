"""`/execute`: who may start which plan, and what starting leaves behind."""

from __future__ import annotations

from tests.e2e.scenario import BRANCH, PLAN, PLAN_TEXT, Scenario, plan_with

OTHER_PLAN = "docs/exec-plans/active/2026-02-other.md"


async def test_execute_locks_the_plan_opens_the_first_block_and_writes_the_first_record(github: Scenario) -> None:
    await github.planned()
    pushed = await github.head()
    said = await github.comment("/execute")
    assert await github.reactions(said) == ["+1"]
    assert await github.replies() == []
    assert "active" in await github.block("B01")
    record = await github.file(PLAN)
    assert record is not None and "**Status:** In Progress" in record
    top = (await github.commits())[0]
    assert [parent["sha"] for parent in top["parents"]] == [pushed]
    assert "Stepwise-Run: " in top["commit"]["message"]
    assert top["commit"]["author"]["name"] == "stepwise[bot]"
    assert top["commit"]["verification"]["verified"]


async def test_readers_triagers_and_outsiders_get_a_reaction_and_nothing_else(github: Scenario) -> None:
    await github.planned()
    for person in ("rita", "tom", "oscar"):
        said = await github.comment("/execute", by=person)
        assert await github.reactions(said) == ["-1"], person
    assert await github.replies() == []
    assert await github.headline() == "ready to be executed"


async def test_write_permission_is_enough(github: Scenario) -> None:
    await github.planned()
    await github.comment("/execute", by="ada")
    assert await github.headline() == "B01 is to be done"


async def test_who_is_named_in_the_policy_may_command_without_write_permission(github: Scenario) -> None:
    await github.policy("approvers: [rita]\n")
    await github.planned()
    assert await github.reactions(await github.comment("/execute", by="rita")) == ["+1"]
    assert await github.headline() == "B01 is to be done"


async def test_a_plan_for_another_branch_is_refused_with_both_names(github: Scenario) -> None:
    elsewhere = [
        (f"{key} Branch:** `{BRANCH}`", f"{key} Branch:** `feature/elsewhere`") for key in ("Planning", "Execution")
    ]
    plan = plan_with(*elsewhere)
    await github.planned(plan)
    assert (await github.checks())["plan"].conclusion == "failure"
    reply = await github.answer("/execute")
    assert "`feature/elsewhere`" in reply and f"`{BRANCH}`" in reply
    assert "In Progress" not in (await github.file(PLAN) or "")


async def test_without_a_plan_execute_says_where_one_belongs(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    assert "docs/exec-plans/active/" in await github.answer("/execute")
    assert await github.checklist() == ""


async def test_of_two_plans_the_bot_asks_which_and_executes_the_one_named(github: Scenario) -> None:
    await github.planned(also={OTHER_PLAN: PLAN_TEXT.replace("Checkout Totals", "The other one")})
    assert (await github.checks())["plan"].conclusion == "action_required"
    reply = await github.answer("/execute")
    assert f"/execute {PLAN}" in reply and f"/execute {OTHER_PLAN}" in reply
    assert "In Progress" not in (await github.file(PLAN) or "")
    await github.comment(f"/execute {OTHER_PLAN}")
    assert "### The other one — B01 is to be done" in await github.checklist()
    assert "In Progress" in (await github.file(OTHER_PLAN) or "")
    assert "In Progress" not in (await github.file(PLAN) or "")


async def test_a_second_execute_of_an_unchanged_plan_is_refused(github: Scenario) -> None:
    await github.started()
    assert "already being executed" in await github.answer("/execute")


async def test_another_plan_cannot_be_started_beside_the_live_one(github: Scenario) -> None:
    await github.started()
    await github.push({OTHER_PLAN: PLAN_TEXT})
    reply = await github.answer(f"/execute {OTHER_PLAN}")
    assert f"`{PLAN}`" in reply and "/abort" in reply
    assert "Checkout Totals" in await github.checklist()


async def test_a_word_that_execute_does_not_know_is_refused_and_nothing_starts(github: Scenario) -> None:
    await github.planned()
    assert "refused" in await github.answer("/execute quickly")
    assert await github.headline() == "ready to be executed"


async def test_a_draft_pull_request_can_be_executed(github: Scenario) -> None:
    await github.push({PLAN: PLAN_TEXT})
    await github.open_pull(draft=True)
    await github.comment("/execute")
    assert await github.headline() == "B01 is to be done"


async def test_a_closed_pull_request_cannot_be_executed_until_it_is_reopened(github: Scenario) -> None:
    await github.planned()
    await github.change_pull(state="closed")
    assert "closed" in await github.answer("/execute")
    await github.change_pull(state="open")
    await github.comment("/execute")
    assert await github.headline() == "B01 is to be done"


async def test_a_plan_pushed_to_an_open_pull_request_is_picked_up(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    assert await github.checklist() == ""
    await github.push({PLAN: PLAN_TEXT})
    assert await github.headline() == "ready to be executed"


async def test_an_aborted_run_can_be_started_again_from_the_beginning(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await github.comment("/abort the approach was wrong")
    assert await github.headline() == "aborted"
    await github.comment("/execute")
    assert await github.headline() == "B01 is to be done"
    assert "- [ ]" in await github.block("B01")
