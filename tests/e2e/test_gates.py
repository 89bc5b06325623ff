"""Gates: the checks and statuses of others on the head, as the policy names them."""

from __future__ import annotations

from typing import Any

from bot.sandbox.faults import Answer
from tests.e2e.scenario import PLAN, Scenario, block_files


async def status(github: Scenario, state: str, context: str = "lint") -> None:
    """A commit status, the older kind of check, from a person's token."""
    body = {"state": state, "context": context, "target_url": "https://ci.example/1"}
    await github.api("POST", f"/repos/{github.repository}/statuses/{await github.head()}", "ada", body)
    await github.settle()


async def test_a_red_gate_stops_the_block_and_is_named(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01", green=False)
    await github.ci("failure")
    check = (await github.checks())["gates"]
    assert check.conclusion == "failure" and "tests" in check.title
    assert "awaits approval" not in await github.block("B01")
    assert "`tests`" in await github.answer("/approve")
    assert "done" not in await github.block("B01")


async def test_a_gate_that_runs_again_and_turns_green_lets_the_block_go_on(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01", green=False)
    await github.ci("failure")
    await github.ci(None)
    assert (await github.checks())["gates"].conclusion is None
    await github.ci("success")
    assert (await github.checks())["gates"].conclusion == "success"
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_a_gate_that_turns_red_puts_the_block_back_to_active(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    assert "awaits approval" in await github.block("B01")
    await github.ci("failure", name="slow tests")
    assert "active" in await github.block("B01")
    assert "`slow tests`" in await github.answer("/approve")


async def test_a_gate_that_still_runs_holds_the_block(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.ci(None, name="slow tests")
    check = (await github.checks())["gates"]
    assert check.conclusion is None and "slow tests" in check.title
    assert "`slow tests`" in await github.answer("/approve")


async def test_what_is_no_success_is_none(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    for conclusion in ("cancelled", "timed_out", "action_required"):
        await github.ci(conclusion, name="slow tests")
        assert (await github.checks())["gates"].conclusion == "failure", conclusion
        await github.ci("success", name="slow tests")


async def test_skipped_and_neutral_gates_do_not_hold_anybody_up(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.ci("skipped", name="docs")
    await github.ci("neutral", name="coverage")
    assert (await github.checks())["gates"].conclusion == "success"
    assert "awaits approval" in await github.block("B01")


async def test_commit_statuses_are_gates_too(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await status(github, "pending")
    assert (await github.checks())["gates"].conclusion is None
    await status(github, "failure")
    assert "`lint`" in await github.answer("/approve")
    await status(github, "success")
    assert "https://ci.example/1" in (await github.checks())["gates"].summary
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_the_gates_that_the_policy_requires_must_report_and_no_others(github: Scenario) -> None:
    await github.policy("gates:\n  required: [integration]\n")
    await github.started()
    await github.block_pushed("B01")
    assert "integration" in (await github.checks())["gates"].title
    assert "`integration`" in await github.answer("/approve")
    await github.ci("failure", name="advice")
    await github.ci("success", name="integration")
    assert (await github.checks())["gates"].conclusion == "success"
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_a_gate_that_the_policy_ignores_never_counts(github: Scenario) -> None:
    await github.policy("gates:\n  ignore: [coverage]\n")
    await github.started()
    await github.block_pushed("B01")
    await github.ci("failure", name="coverage")
    assert (await github.checks())["gates"].conclusion == "success"
    assert "awaits approval" in await github.block("B01")


async def test_silence_is_pending_until_patience_runs_out_and_is_then_on_record(github: Scenario) -> None:
    await github.started()
    head = await github.block_pushed("B01", green=False)
    assert (await github.checks())["gates"].conclusion is None
    assert "has reported" in await github.answer("/approve")
    await github.wait(9 * 60)
    assert (await github.checks())["gates"].conclusion is None
    await github.wait(2 * 60)
    check = (await github.checks())["gates"]
    assert "no checks reported" in check.title.lower()
    assert f"/approve B01 @{head[:7]}" in await github.checklist()
    await github.comment("/approve")
    assert "done" in await github.block("B01")
    assert "no checks had reported" in await github.timeline()
    assert "no checks had reported" in (await github.file(PLAN) or "")


async def test_patience_is_the_policys(github: Scenario) -> None:
    await github.policy("gates:\n  patience_minutes: 30\n")
    await github.started()
    await github.block_pushed("B01", green=False)
    await github.wait(20 * 60)
    assert "has reported" in await github.answer("/approve")
    await github.wait(11 * 60)
    await github.comment("/approve")
    assert "done" in await github.block("B01")


async def test_a_required_gate_is_waited_for_without_end(github: Scenario) -> None:
    await github.policy("gates:\n  required: [integration]\n")
    await github.started()
    await github.block_pushed("B01", green=False)
    await github.wait(60 * 60)
    assert (await github.checks())["gates"].conclusion is None
    assert "`integration`" in await github.answer("/approve")


async def test_gates_seen_green_hold_for_the_bots_own_record(github: Scenario) -> None:
    await github.started()
    head = await github.block_done("B01")
    assert await github.head() != head
    check = (await github.checks())["gates"]
    assert check.conclusion == "success" and head[:7] in check.summary
    await github.push(block_files("B02"))
    assert (await github.checks())["gates"].conclusion is None


async def test_a_gate_that_fails_on_the_record_commit_itself_is_shown(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await github.ci("failure")
    assert (await github.checks())["gates"].conclusion == "failure"


async def test_the_bots_own_checks_are_no_gates(github: Scenario) -> None:
    await github.started()
    await github.push({**block_files("B01"), "infra/more.yaml": "more: 1\n"})
    await github.ci()
    checks = await github.checks()
    assert checks["scope"].conclusion == "failure"
    assert checks["gates"].conclusion == "success"


async def test_what_github_does_not_say_is_never_green(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01", green=False)
    refusal: Any = {"message": "Resource not accessible by integration"}
    github.sandbox.faults.add(Answer(403, refusal), path=r"/commits/[0-9a-f]+/check-runs", method="GET", times=0)
    await github.comment("/status")
    github.sandbox.faults.clear()
    check = (await github.checks())["gates"]
    assert check.conclusion == "failure"
    assert "Resource not accessible by integration" in check.summary
