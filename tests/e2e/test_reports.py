"""Workers that the policy names: they are started for a block, push, and report with a token of their workflow run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.oidc import Wrong
from tests.e2e.conftest import PUBLIC_URL, settings_for
from tests.e2e.scenario import Scenario
from tests.e2e.whole import whole
from tests.e2e.workers import AUDIENCE, executed, workers


async def test_a_worker_is_told_where_to_report_and_for_whom_its_token_is(github: Scenario) -> None:
    first = await executed(github)
    assert (first.inputs["report_url"], first.inputs["audience"]) == (f"{PUBLIC_URL}/reports", AUDIENCE)
    assert first.run.head_branch == "main"
    assert first.dispatch in first.run.title


async def test_a_report_of_work_that_is_done_makes_the_block_await_approval(github: Scenario) -> None:
    first = await executed(github)
    await first.begin()
    sha = await first.push()
    # Its commits so far need not be what it means to hand over.
    assert "/approve B01" not in await github.next_thing()
    assert (await first.report("done", commit=sha, notes="all tests pass")).status == 202
    await first.end()
    assert f"/approve B01 @{sha[:7]}" in await github.checklist()
    assert f"`{first.dispatch}` reported on `B01`: done all tests pass" in await github.timeline()

    await github.comment("/approve")
    _, second = workers(github)
    assert second.inputs["block"] == "B02"
    assert second.dispatch != first.dispatch


async def test_a_report_is_taken_though_the_gates_were_faster(github: Scenario) -> None:
    """Nobody told the bot that the worker had begun, so its green commit awaited approval at once."""
    first = await executed(github)
    sha = await first.push()
    assert f"/approve B01 @{sha[:7]}" in await github.checklist()
    assert (await first.report("done", commit=sha)).status == 202
    assert f"/approve B01 @{sha[:7]}" in await github.checklist()


async def test_a_failed_worker_is_started_once_more_and_then_people_are_asked(github: Scenario) -> None:
    first = await executed(github)
    assert (await first.report("failed", notes="the cart does not add up")).status == 202
    _, second = workers(github)
    assert (second.inputs["attempt"], second.dispatch == first.dispatch) == ("2", False)
    assert "the cart does not add up" in second.inputs["brief"]
    late = await first.report("done")
    assert (late.status, "Another attempt" in late.said) == (409, True)

    assert (await second.report("failed", notes="it still does not")).status == 202
    assert len(workers(github)) == 2
    assert "failed" in await github.block("B01")
    assert "it still does not" in await github.last_reply()
    assert "/retry" in await github.last_reply()

    await github.comment("/retry B01")
    assert len(workers(github)) == 3


async def test_done_without_a_commit_is_failed(github: Scenario) -> None:
    first = await executed(github)
    assert (await first.report("done", commit="a" * 40)).status == 202
    assert "is not on the branch" in await github.timeline()
    _, second = workers(github)
    assert (await second.report("done")).status == 202
    assert "there is no commit on the branch" in await github.last_reply()
    assert "failed" in await github.block("B01")


async def test_a_kickback_stops_everything_and_people_plan_anew(github: Scenario) -> None:
    first = await executed(github)
    answered = await first.report("kickback", notes="the plan forgets the tax", signal="scope_creep")
    assert answered.status == 202
    assert "escalated" in await github.checklist()
    assert "the plan forgets the tax" in await github.timeline()
    assert first.run.conclusion == "cancelled"
    assert (await first.report("done")).status == 409


async def test_a_blocked_worker_leaves_the_choice_to_people(github: Scenario) -> None:
    first = await executed(github)
    assert (await first.report("blocked", notes="no access to the price list")).status == 202
    assert "blocked" in await github.block("B01")
    assert "no access to the price list" in await github.last_reply()
    assert len(workers(github)) == 1


async def test_a_capability_gap_warns_and_the_worker_goes_on(github: Scenario) -> None:
    first = await executed(github)
    assert (await first.report("gap", notes="nobody here does tax law")).status == 202
    assert "nobody here does tax law" in await github.timeline()
    await first.begin()
    sha = await first.push()
    assert (await first.report("done", commit=sha)).status == 202
    assert f"/approve B01 @{sha[:7]}" in await github.checklist()


async def test_a_token_is_taken_once_and_what_is_over_is_over(github: Scenario) -> None:
    first = await executed(github)
    await first.begin()
    sha, token = await first.push(), first.token()
    assert (await first.report("done", commit=sha, token=token)).status == 202
    again = await first.report("failed", token=token)
    assert (again.status, "used before" in again.said) == (409, True)
    anew = await first.report("failed")
    assert (anew.status, "nobody waits" in anew.said) == (409, True)
    assert f"/approve B01 @{sha[:7]}" in await github.checklist()
    timeline = await github.timeline()
    assert "used before" in timeline
    assert "nobody waits" in timeline
    assert token not in timeline
    assert len(workers(github)) == 1


async def test_a_worker_that_got_no_answer_and_reports_again_leaves_no_trace_of_that(github: Scenario) -> None:
    """Its report had arrived; the template takes the refusal for that, and nobody is told of anything amiss."""
    first = await executed(github)
    await first.begin()
    sha = await first.push()
    assert (await first.report("done", commit=sha)).status == 202
    before = await github.timeline()
    again = await first.report("done", commit=sha)
    assert (again.status, again.said) == (409, "B01 is reported as done already, by this very run")
    assert await github.timeline() == before
    assert f"/approve B01 @{sha[:7]}" in await github.checklist()

    other = await first.report("done", commit="b" * 40)
    assert (other.status, "nobody waits" in other.said) == (409, True)
    assert "nobody waits" in await github.timeline()


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ("audience", 401),
        ("issuer", 401),
        ("repository", 403),
        ("run", 403),
        ("workflow", 403),
        ("event", 403),
        ("ref", 403),
        ("expired", 401),
        ("future", 401),
        ("key", 401),
        ("unknown-kid", 401),
        ("none", 401),
        ("hs256", 401),
    ],
)
async def test_a_wrong_token_changes_nothing_but_the_ledger(github: Scenario, wrong: Wrong, status: int) -> None:
    first = await executed(github)
    answered = await first.report("failed", token=first.token(wrong=wrong))
    assert answered.status == status
    # Addresses are written so that GitHub makes no links of them.
    timeline = (await github.timeline()).replace("\N{ZERO WIDTH SPACE}", "")
    assert f"`{first.dispatch}` was refused: report: {answered.said}" in timeline
    assert len(workers(github)) == 1
    assert (await first.report("failed")).status == 202
    assert len(workers(github)) == 2


async def test_the_default_branch_is_the_one_that_github_names_now(github: Scenario) -> None:
    first = await executed(github)
    github.sandbox.repo(github.repository).default_branch = "trunk"
    assert (await first.report("failed")).status == 403


async def test_with_the_issuers_new_keys_reports_are_taken(github: Scenario) -> None:
    first = await executed(github)
    assert (await first.report("gap", notes="one")).status == 202
    github.sandbox.hub.issuer.rotate(keep=False)
    github.sandbox.clock.advance(61)
    assert (await first.report("gap", notes="two")).status == 202


async def test_a_report_that_was_acknowledged_outlives_the_bot(github: Scenario, tmp_path: Path) -> None:
    """Between the acknowledgement and the reaction there is nothing but the disk."""
    first = await executed(github)
    await first.begin()
    sha, token = await first.push(), first.token()
    github.bot.dispatcher.stop()
    await github.bot.reacting
    assert (await first.report("done", commit=sha, token=token, settle=False)).status == 202
    assert "B01 is active" in await github.headline()

    settings = settings_for(github.sandbox, tmp_path)
    async with whole(settings, github.sandbox.clock.precise) as next_life:
        github.bot = next_life
        github.sandbox.set_webhook_url(next_life.address + settings.webhook_path)
        await github.settle()
        assert f"/approve B01 @{sha[:7]}" in await github.checklist()
        assert (await first.report("done", commit=sha, token=token)).status == 409
        assert (await github.timeline()).count("reported on `B01`: done") == 1
