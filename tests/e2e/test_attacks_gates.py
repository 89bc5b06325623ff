"""Gates that a contributor posts with a token of their own."""

from __future__ import annotations

from tests.e2e.scenario import Scenario, block_files


async def test_a_green_status_that_a_contributor_posts_is_not_the_pinned_gate(github: Scenario) -> None:
    await github.policy("gates: {required: [tests], apps: {tests: ci}}\n")
    await github.started()
    sha = await github.push(block_files("B01"), message="B01: work")
    status = {"state": "success", "context": "tests", "description": "all is well"}
    await github.api("POST", f"/repos/acme/shop/statuses/{sha}", "coda", status)
    await github.settle()
    assert (await github.checks())["gates"].conclusion is None
    said = await github.comment(f"/approve B01 @{sha[:7]}")
    assert await github.reactions(said) == ["confused"]
    await github.ci("success", name="tests")
    assert (await github.checks())["gates"].conclusion == "success"
    await github.comment(f"/approve B01 @{sha[:7]}")
    assert f"done at `{sha[:7]}`" in await github.block("B01")
