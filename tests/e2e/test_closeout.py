"""Closeout and records: what is written to which branch, and what is never written to."""

from __future__ import annotations

from typing import Any

from bot.sandbox.control import protect
from bot.sandbox.faults import Answer
from tests.e2e.scenario import (
    ACTIVE_INDEX,
    BRANCH,
    COMPLETED,
    COMPLETED_INDEX,
    PLAN,
    PLAN_FILES,
    Scenario,
    block_files,
)

CLOSEOUT_BRANCH = "stepwise/closeout/2026-01-checkout-totals"


async def passed(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.comment("/verdict PASS")


async def open_pulls(github: Scenario) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia")
    return found


async def bot_commits(github: Scenario, branch: str = BRANCH) -> list[str]:
    """The first lines of the bot's commits, newest first."""
    return [
        item["commit"]["message"].splitlines()[0]
        for item in await github.commits(branch)
        if item["commit"]["author"]["name"] == "stepwise[bot]"
    ]


async def closed_out(github: Scenario, ref: str) -> str:
    """Check that the plan, both indexes and the references have moved; the moved plan."""
    assert await github.file(PLAN, ref=ref) is None
    moved = await github.file(COMPLETED, ref=ref)
    active, completed = await github.file(ACTIVE_INDEX, ref=ref), await github.file(COMPLETED_INDEX, ref=ref)
    assert moved is not None and active is not None and completed is not None
    assert "2026-01-checkout-totals.md" not in active
    assert "](2026-01-checkout-totals.md)" in completed and "](2025-11-stock-levels.md)" in completed
    roadmap, page = await github.file("docs/roadmap.md", ref=ref), await github.file("docs/checkout.md", ref=ref)
    assert f"`{COMPLETED}`" in (roadmap or "")
    assert "](exec-plans/completed/2026-01-checkout-totals.md)" in (page or "")
    return moved


async def test_by_default_the_merge_is_followed_by_a_closeout_pull_request(github: Scenario) -> None:
    await passed(github)
    assert await open_pulls(github) != [] and await github.file(PLAN) is not None
    await github.merge()
    [pull] = await open_pulls(github)
    assert pull["head"]["ref"] == CLOSEOUT_BRANCH and pull["base"]["ref"] == "main"
    assert f"#{pull['number']}" in await github.last_reply()
    moved = await closed_out(github, CLOSEOUT_BRANCH)
    assert "**Status:** Completed" in moved
    checklist = moved.partition("## 13. Closeout Checklist")[2]
    assert "**Ready To Close:** `yes`" in checklist
    assert f"**Moved Plan Path:** `{COMPLETED}`" in checklist
    assert f"`{ACTIVE_INDEX}`: `yes`" in checklist and f"`{COMPLETED_INDEX}`: `yes`" in checklist


async def test_the_final_report_says_what_was_done(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await github.comment("/skip B02 no campaign this spring")
    await github.block_done("B03")
    await github.comment("/verdict PASS_WITH_NOTES discounts are missing")
    await github.merge()
    report = await github.last_reply()
    for part in (
        "PASS_WITH_NOTES",
        "B01",
        "B02",
        "skipped",
        "`maria`",
        "src/shop/checkout.py",
        "discounts are missing",
    ):
        assert part in report


async def test_the_closeout_pull_request_is_not_held_up_by_the_bots_own_checks(github: Scenario) -> None:
    await passed(github)
    await github.merge()
    github.pull = (await open_pulls(github))[0]["number"]
    assert {name: check.conclusion for name, check in (await github.checks()).items()} == dict.fromkeys(
        ("plan", "scope", "gates", "progress"), "success"
    )
    await github.merge()
    await closed_out(github, "main")
    assert await open_pulls(github) == []


async def test_with_the_policy_commit_the_branch_is_closed_out_before_the_merge(github: Scenario) -> None:
    await github.policy("closeout: commit\n")
    await passed(github)
    assert "**Status:** Completed" in await closed_out(github, BRANCH)
    assert {check.conclusion for check in (await github.checks()).values()} == {"success"}
    await github.merge()
    await closed_out(github, "main")
    assert await open_pulls(github) == []


async def test_a_closeout_asked_for_too_early_names_what_is_missing_on_the_pull_request_and_in_the_plan(
    github: Scenario,
) -> None:
    await github.started()
    await github.block_done("B01")
    reply = await github.answer("/closeout")
    assert "B02" in reply and "B03" in reply and "verdict" in reply.lower()
    checklist = (await github.file(PLAN) or "").partition("## 13. Closeout Checklist")[2]
    assert "**Ready To Close:** `no`" in checklist
    assert "Closeout Blockers" in checklist and "B02" in checklist


async def test_a_plan_is_closed_out_once(github: Scenario) -> None:
    await passed(github)
    await github.merge()
    assert len(await open_pulls(github)) == 1
    assert "closed out" in await github.answer("/closeout")
    assert len(await open_pulls(github)) == 1


async def test_readers_close_nothing_out(github: Scenario) -> None:
    await passed(github)
    assert await github.reactions(await github.comment("/closeout", by="rita")) == ["-1"]


async def test_closing_without_a_merge_closes_nothing_out(github: Scenario) -> None:
    await passed(github)
    await github.change_pull(state="closed")
    assert await open_pulls(github) == []
    assert await github.file(PLAN) is not None


async def test_the_record_policy_block_writes_one_commit_for_each_block(github: Scenario) -> None:
    await passed(github)
    assert len(await bot_commits(github)) == 5  # /execute, three blocks, the verdict


async def test_the_record_policy_end_writes_one_commit_with_the_verdict(github: Scenario) -> None:
    await github.policy("record: end\n")
    await github.all_blocks_done()
    assert await bot_commits(github) == []
    await github.comment("/verdict PASS")
    assert len(await bot_commits(github)) == 1
    record = await github.file(PLAN) or ""
    assert record.count("Result: `done`") == 3 and "**Verdict:** `PASS`" in record


async def test_the_record_policy_off_leaves_the_branch_alone_and_the_closeout_carries_the_record(
    github: Scenario,
) -> None:
    await github.policy("record: off\n")
    await passed(github)
    assert await bot_commits(github) == []
    await github.merge()
    moved = await closed_out(github, CLOSEOUT_BRANCH)
    assert moved.count("Result: `done`") == 3 and "**Verdict:** `PASS`" in moved


async def test_a_forks_branch_is_never_pushed_to_and_the_closeout_carries_the_record(github: Scenario) -> None:
    await github.fork(by="oscar")
    await github.push(PLAN_FILES, by="oscar", to="oscar/shop")
    await github.open_pull(branch=f"oscar:{BRANCH}", by="oscar")
    assert await github.headline() == "ready to be executed"
    await github.comment("/execute")
    for block in ("B01", "B02", "B03"):
        head = await github.push(block_files(block), by="oscar", to="oscar/shop")
        await github.ci(ref=head)
        await github.comment(f"/approve {block} @{head[:7]}")
        assert f"done at `{head[:7]}`" in await github.block(block)
    await github.comment("/verdict PASS")
    assert {check.conclusion for check in (await github.checks()).values()} == {"success"}
    assert await github.head() == head
    await github.merge()
    moved = await closed_out(github, CLOSEOUT_BRANCH)
    assert moved.count("Result: `done`") == 3


async def test_a_record_that_github_refuses_is_said_in_githubs_words_and_the_run_goes_on(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    protect(github.sandbox.repo(github.repository), BRANCH, {}, pull_request=True)
    await github.comment("/approve")
    assert "done" in await github.block("B01")
    assert "Changes must be made through a pull request" in await github.checklist()
    protect(github.sandbox.repo(github.repository), BRANCH, None)
    await github.block_done("B02")
    record = await github.file(PLAN) or ""
    assert record.count("Result: `done`") == 2
    assert "Changes must be made through a pull request" not in await github.checklist()


async def test_a_record_commit_lost_to_a_push_in_between_is_made_again_on_top(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    refusal = {"message": "Update is not a fast forward"}
    github.sandbox.faults.add(Answer(422, refusal), path=r"/git/refs/", method="PATCH")
    await github.comment("/approve")
    assert "Result: `done`" in (await github.file(PLAN) or "")
    assert len(await bot_commits(github)) == 2


async def test_what_is_pushed_after_a_closeout_on_the_branch_needs_a_verdict_of_its_own(github: Scenario) -> None:
    await github.policy("closeout: commit\n")
    await passed(github)
    head = await github.push({"src/shop/late.py": "LATE = 1\n"})
    await github.ci()
    assert (await github.checks())["progress"].conclusion == "action_required"
    await github.comment(f"/verdict PASS @{head[:7]}")
    assert (await github.checks())["progress"].conclusion == "success"
    assert head[:7] in await closed_out(github, BRANCH)
    assert len(await bot_commits(github)) == 6


async def test_the_final_report_lists_what_was_pushed_after_the_last_block_too(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.push({"docs/late-note.md": "A fix.\n"}, message="A fix after the last block")
    await github.ci("success")
    await github.comment("/verdict PASS")
    await github.merge()
    assert "`docs/late-note.md`" in await github.last_reply()


async def test_a_merge_before_the_plan_is_done_leaves_no_check_in_progress(github: Scenario) -> None:
    await github.started()
    head = await github.head()
    assert (await github.checks())["progress"].conclusion is None
    await github.merge()
    progress = (await github.checks(head))["progress"]
    assert progress.conclusion == "failure"
    assert "merged before the plan was done" in progress.summary
