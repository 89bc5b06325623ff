"""How many calls to GitHub each kind of event costs, as the sandbox counted them.

A write that changes what people see is not counted against the budgets; asking is, and so is writing for nothing.
"""

from __future__ import annotations

from itertools import takewhile

from tests.e2e.calls import Calls
from tests.e2e.scenario import PLAN, Scenario, block_files, plan_with

PUSH_READS = 5
COMMAND_READS = 6
# The branch's head, its commit and the four trees down to the plan, the branch's head once more before it moves; then
# a look at the new head, like after a push.
RECORD_READS = 7 + PUSH_READS


def writes(calls: Calls) -> list[str]:
    """What was written, in short: the last words of each path."""
    return [f"{call.method} {call.route.rpartition('{repo}')[2]}" for call in calls.writes]


async def test_a_comment_that_is_no_command_costs_nothing(github: Scenario) -> None:
    await github.started()
    with github.calls() as calls:
        await github.comment("Nice work, thank you.\n\n```\n/approve\n```\n\n> /approve")
        await github.comment("/lgtm")
    assert not calls.made, str(calls)


async def test_events_of_no_interest_cost_nothing(github: Scenario) -> None:
    await github.started()
    with github.calls() as calls:
        await github.push({"src/shop/other.py": "OTHER = 1\n"}, branch="feature/elsewhere")
        await github.push({"docs/notes.md": "Notes\n"}, branch="main", by="maria")
        await github.api("POST", "/repos/acme/shop/issues", "rita", {"title": "A question", "body": "/execute"})
        await github.change_pull(title="Another title")
        await github.settle()
    assert not calls.made, str(calls)


async def test_an_edited_comment_costs_nothing(github: Scenario) -> None:
    await github.started()
    said = await github.comment("Hello")
    with github.calls() as calls:
        await github.edit_comment(said.id, "/approve", by="maria")
    assert not calls.made, str(calls)


async def test_what_the_bot_hears_of_itself_costs_nothing(github: Scenario) -> None:
    await github.started()
    with github.calls() as calls:
        await github.settle()
        await github.settle()
    assert not calls.made, str(calls)


async def test_a_push_in_steady_state_is_within_its_budget(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    for number in range(2):
        with github.calls() as calls:
            await github.push({"src/shop/more.py": f"MORE = {number}\n"})
        assert len(calls.reads) <= PUSH_READS, str(calls)
        assert writes(calls).count("POST /check-runs") == 4, str(calls)
        # The second push finds the checklist saying already that the gates are waited for.
        assert len(calls.writes) == 5 - number, str(calls)


async def test_a_push_that_changes_the_plan_is_within_its_budget(github: Scenario) -> None:
    await github.planned()
    with github.calls() as calls:
        await github.push({PLAN: plan_with(("- None\n", "- Q1: Who pays?\n"))})
    assert len(calls.reads) <= PUSH_READS + 3, str(calls)  # reading a plan is three more: commit, tree, blob


async def test_a_push_to_a_pull_request_without_a_plan_is_within_its_budget(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"})
    await github.open_pull()
    with github.calls() as calls:
        await github.push({"src/shop/x.py": "X = 2\n"})
    assert len(calls.reads) <= PUSH_READS, str(calls)
    assert writes(calls) == ["POST /check-runs"] * 4, str(calls)


async def test_a_gate_that_reports_writes_only_what_it_changes(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01", green=False)
    with github.calls() as calls:
        await github.ci("success")
    # The check begins and ends: two deliveries, which one look takes together or two looks one by one.
    looks = sum(call.route.endswith("/pulls/{number}") for call in calls.reads)
    assert looks <= 2, str(calls)
    assert len(calls.reads) <= PUSH_READS * looks, str(calls)
    assert sorted(writes(calls)) == [
        "PATCH /check-runs/{run_id}",
        "PATCH /issues/comments/{comment_id}",
        "POST /check-runs",
    ] or sorted(writes(calls)) == [
        "PATCH /check-runs/{run_id}",
        "PATCH /check-runs/{run_id}",
        "PATCH /issues/comments/{comment_id}",
    ], str(calls)
    with github.calls() as calls:
        await github.ci("success")
    assert not calls.writes, str(calls)


async def test_a_command_without_a_record_is_within_its_budget(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    with github.calls() as calls:
        await github.comment("/pause")
    assert len(calls.reads) <= COMMAND_READS, str(calls)
    assert "POST /issues/comments/{comment_id}/reactions" in writes(calls), str(calls)
    with github.calls() as calls:
        await github.comment("/status", by="rita")
    assert len(calls.reads) <= COMMAND_READS, str(calls)


async def test_a_refused_command_is_within_its_budget_and_changes_nothing(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    with github.calls() as calls:
        await github.comment("/approve", by="oscar")
    assert len(calls.reads) <= COMMAND_READS, str(calls)
    assert "POST /git/commits" not in writes(calls), str(calls)


async def test_an_approval_is_within_its_budget_plus_its_record_commit(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await github.block_pushed("B02")
    with github.calls() as calls:
        await github.comment("/approve")
    asked = list(takewhile(lambda call: "/git/" not in call.path, calls.made))
    assert sum(call.method == "GET" for call in asked) <= COMMAND_READS, str(calls)
    assert len(calls.reads) <= COMMAND_READS + RECORD_READS, str(calls)
    assert len({call.path for call in calls.reads if "/git/" in call.path}) == 6, str(calls)
    made = writes(calls)
    for part in ("POST /git/trees", "POST /git/commits", "PATCH /git/refs/{ref}"):
        assert made.count(part) == 1, str(calls)
    assert made.count("POST /check-runs") == 4, str(calls)
    assert made.count("PATCH /issues/comments/{comment_id}") == 1, str(calls)


async def test_a_storm_of_deliveries_is_one_or_two_reactions(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    # What comes in while a look is under way is taken by the next one: so they have to come together.
    github.sandbox.faults.add_hook("held", times=0)
    for number in range(50):
        await github.ci("success", name=f"job {number}", settle=False)
    with github.calls() as calls:
        assert await github.sandbox.hooks.release_together() >= 50
        await github.settle()
    assert sum(call.route.endswith("/pulls/{number}") for call in calls.reads) <= 10, str(calls)


async def test_files_do_not_cost_calls(github: Scenario) -> None:
    await github.started()
    await github.push(block_files("B01"))
    with github.calls() as calls:
        await github.push({f"src/shop/part{number}.py": f"PART = {number}\n" for number in range(120)})
    assert len(calls.reads) <= PUSH_READS, str(calls)
