"""The one honest walk: a plan is executed block by block on a pull request, and closed out."""

from __future__ import annotations

from tests.e2e.scenario import ACTIVE_INDEX, BRANCH, COMPLETED, COMPLETED_INDEX, PLAN, Scenario


async def test_a_plan_is_executed_block_by_block_and_closed_out(github: Scenario) -> None:
    await github.planned()
    assert "ready to be executed" in await github.checklist()
    assert (await github.checks())["plan"].conclusion == "success"
    assert (await github.checks())["progress"].conclusion == "action_required"

    said = await github.comment("/execute")
    assert await github.reactions(said) == ["+1"]
    assert "B01 is to be done" in await github.checklist()

    first = await github.block_pushed("B01")
    assert f"/approve B01 @{first[:7]}" in await github.checklist()
    await github.comment("/approve")
    assert f"done at `{first[:7]}`, approved by `maria`" in await github.checklist()

    await github.block_done("B02")
    last = await github.block_done("B03")
    assert f"/verdict PASS @{last[:7]}" in await github.checklist()
    assert (await github.checks())["progress"].conclusion == "action_required"

    await github.comment("/verdict PASS looks right")
    checks = await github.checks()
    assert {name: check.conclusion for name, check in checks.items()} == dict.fromkeys(checks, "success")
    record = await github.file(PLAN)
    assert record is not None
    assert "PASS" in record

    await github.merge()
    closeout = (await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia"))[0]
    assert closeout["head"]["ref"] == "stepwise/closeout/2026-01-checkout-totals"
    github.pull = closeout["number"]
    assert {check.conclusion for check in (await github.checks()).values()} == {"success"}
    await github.merge()
    assert await github.file(PLAN, ref="main") is None
    moved = await github.file(COMPLETED, ref="main")
    assert moved is not None
    assert "**Status:** Completed" in moved
    active, completed = await github.file(ACTIVE_INDEX, ref="main"), await github.file(COMPLETED_INDEX, ref="main")
    assert active is not None and "2026-01-checkout-totals.md" not in active
    assert completed is not None and "2026-01-checkout-totals.md" in completed
    assert BRANCH
