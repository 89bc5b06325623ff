"""GitHub cuts connections, doubles and swaps webhooks, renames repositories: everything still happens once."""

from __future__ import annotations

from bot.sandbox.control import rename
from bot.sandbox.faults import PrimaryLimit, Reset, SecondaryLimit
from tests.e2e.scenario import PLAN, Scenario, block_files


async def later(github: Scenario) -> None:
    """Time enough for whatever is tried again."""
    for _ in range(4):
        await github.wait(60)


async def test_what_was_done_before_the_connection_was_cut_is_not_done_twice(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    faults = github.sandbox.faults
    faults.add(Reset(after=True), path=r"/git/refs/", method="PATCH")
    faults.add(Reset(after=True), path=r"/issues/1/comments$", method="POST", nth=2)  # the first is the person's own
    faults.add(Reset(after=True), path=r"/check-runs$", method="POST")
    await github.comment("/approve\n/status")
    await later(github)
    assert "done" in await github.block("B01")
    assert len(await github.replies()) == 1
    assert (await github.file(PLAN) or "").count("Result: `done`") == 1
    assert [item["commit"]["message"].count("Stepwise-Block: B01") for item in await github.commits()].count(1) == 1
    assert set(await github.checks()) == {"plan", "scope", "gates", "progress"}


async def test_a_rate_limit_is_waited_out_and_nothing_is_lost(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    for limit in (PrimaryLimit(reset_in=120), SecondaryLimit(retry_after=90), SecondaryLimit(status=429)):
        github.sandbox.faults.add(limit, path=r"/pulls/1$", method="GET")
    await github.comment("/approve")
    assert "awaits approval" in await github.block("B01")
    for _ in range(3):
        await later(github)
    assert "done" in await github.block("B01")


async def test_swapped_webhooks_change_nothing(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    github.sandbox.faults.add_hook("swapped", times=0)
    head = await github.push(block_files("B02"))
    await github.ci()
    await github.comment(f"/approve @{head[:7]}")
    assert f"done at `{head[:7]}`" in await github.block("B02")


async def test_of_two_approvals_that_arrive_together_the_second_approves_nothing_more(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.faults.add_hook("held", event="issue_comment", action="created", times=2)
    await github.comment("/approve")
    await github.comment("/approve", by="ada")
    github.sandbox.hooks.release()
    await github.settle()
    assert "approved by `maria`" in await github.block("B01")
    assert "active" in await github.block("B02")


async def test_a_renamed_repository_is_found_again(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    rename(github.sandbox.hub, github.sandbox.repo(github.repository), "store")
    github.repository = "acme/store"
    await github.comment("/approve")
    await later(github)
    assert "done" in await github.block("B01")
    assert (await github.file(PLAN) or "").count("Result: `done`") == 1
