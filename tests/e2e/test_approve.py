"""`/approve`: a block is closed for the bytes that a person looked at, and for no others."""

from __future__ import annotations

from tests.e2e.scenario import BRANCH, PLAN, Scenario, block_files

NO_COMMANDS = (
    "```\n/approve\n```",
    "    /approve",
    "> /approve",
    "- /approve",
    "1. /approve",
    "<div>\n/approve\n</div>",
    "<!--\n/approve\n-->",
    "`/approve`",
    "I would say /approve here",
    "# /approve",
    "~~~\ncode\n/approve\n",
)


async def test_a_block_is_closed_at_the_commit_that_was_named(github: Scenario) -> None:
    await github.started()
    head = await github.block_pushed("B01")
    said = await github.comment(f"/approve B01 @{head}")
    assert await github.reactions(said) == ["+1"]
    assert f"done at `{head[:7]}`, approved by `maria`" in await github.block("B01")
    assert "active" in await github.block("B02")
    message = (await github.commits())[0]["commit"]["message"]
    assert "Stepwise-Block: B01" in message
    assert "Approved-by: maria" in message


async def test_an_approval_that_names_an_older_head_is_refused_with_both_commits(github: Scenario) -> None:
    await github.started()
    old = await github.block_pushed("B01")
    new = await github.push({"src/shop/more.py": "MORE = 1\n"})
    await github.ci()
    reply = await github.answer(f"/approve B01 @{old[:7]}")
    assert old[:7] in reply and new[:7] in reply
    assert "done" not in await github.block("B01")


async def test_a_bare_approval_written_before_a_push_does_not_approve_the_push(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.faults.add_hook("held", event="issue_comment", action="created")
    await github.comment("/approve")
    new = await github.push({"src/shop/more.py": "MORE = 1\n"})
    await github.ci()
    assert new[:7] in await github.headline()
    github.sandbox.hooks.release()
    await github.settle()
    assert f"/approve B01 @{new[:7]}" in await github.last_reply()
    assert "done" not in await github.block("B01")


async def test_a_push_that_the_bot_has_not_heard_of_is_not_approved(github: Scenario) -> None:
    await github.started()
    old = await github.block_pushed("B01")
    for event in ("push", "pull_request", "check_suite", "check_run"):
        github.sandbox.faults.add_hook("lost", event=event, times=0)
    new = await github.push({"src/shop/more.py": "MORE = 1\n"})
    await github.ci()
    reply = await github.answer("/approve")
    assert old[:7] in reply and new[:7] in reply
    assert "done" not in await github.block("B01")


async def test_a_push_puts_a_block_that_awaits_approval_back_to_active(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    assert "awaits approval" in await github.block("B01")
    await github.push({"src/shop/more.py": "MORE = 1\n"})
    assert "awaits approval" not in await github.block("B01")
    assert "active" in await github.block("B01")


async def test_a_block_without_a_commit_of_its_own_cannot_be_approved(github: Scenario) -> None:
    await github.started()
    await github.ci()
    reply = await github.answer("/approve")
    assert "/skip B01" in reply
    assert "done" not in await github.block("B01")


async def test_the_bots_own_record_is_no_commit_of_the_next_block(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    await github.ci()
    reply = await github.answer("/approve B02")
    assert "/skip B02" in reply
    assert "done" not in await github.block("B02")


async def test_a_merge_of_the_base_branch_is_no_commit_of_the_block(github: Scenario) -> None:
    await github.started()
    await github.push({"src/shop/stock.py": "STOCK = 1\n"}, branch="main", by="maria")
    await github.merge_base()
    await github.ci()
    assert "/skip B01" in await github.answer("/approve")
    assert "done" not in await github.block("B01")


async def test_what_came_in_between_by_a_merge_of_the_base_is_no_part_of_the_change(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.push({"infra/deploy.yaml": "service: shop\nreplicas: 3\n"}, branch="main", by="maria")
    merged = await github.merge_base()
    await github.ci()
    assert (await github.checks())["scope"].conclusion == "success"
    await github.comment("/approve")
    assert f"done at `{merged[:7]}`" in await github.block("B01")


async def test_a_block_that_is_not_open_yet_cannot_be_approved(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    assert "`B01` comes first" in await github.answer("/approve B02")
    assert "There is no block `B09`" in await github.answer("/approve B09")
    await github.comment("/approve B01")
    assert "`B01` is done" in await github.answer("/approve B01")


async def test_an_approval_before_the_plan_is_started_says_so(github: Scenario) -> None:
    await github.planned()
    assert "/execute" in await github.answer("/approve")


async def test_approvals_of_people_without_write_permission_count_for_nothing(github: Scenario) -> None:
    await github.started()
    head = await github.block_pushed("B01")
    for person in ("rita", "tom", "oscar"):
        said = await github.comment(f"/approve B01 @{head}", by=person)
        assert await github.reactions(said) == ["-1"], person
    assert await github.replies() == []
    assert "awaits approval" in await github.block("B01")


async def test_a_permission_that_was_taken_away_is_gone_at_once(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.repo(github.repository).collaborators["ada"] = "read"
    assert await github.reactions(await github.comment("/approve", by="ada")) == ["-1"]
    assert "awaits approval" in await github.block("B01")


async def test_the_app_cannot_approve_by_its_own_comment(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.tokens["stepwise[bot]"] = github.sandbox.installation_token()
    await github.comment("/approve", by="stepwise[bot]")
    assert "awaits approval" in await github.block("B01")


async def test_a_command_that_is_no_line_of_a_paragraph_is_none(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    for text in NO_COMMANDS:
        assert await github.reactions(await github.comment(text)) == [], text
    assert await github.replies() == []
    assert "awaits approval" in await github.block("B01")


async def test_a_command_may_follow_other_lines_of_a_paragraph(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.comment("Looks good to me.\r\n/approve\r\nThank you.")
    assert "done" in await github.block("B01")


async def test_an_edited_comment_commands_nothing(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    said = await github.comment("Looks good")
    await github.edit_comment(said.id, "/approve", by="maria")
    assert "awaits approval" in await github.block("B01")
    assert await github.reactions(said) == []


async def test_several_commands_of_one_comment_are_done_in_their_order(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.comment("/allow infra/deploy.yaml the operators asked for it\n/approve\n\n/pause until Monday")
    assert "done" in await github.block("B01")
    assert await github.headline() == "paused"
    timeline = await github.timeline()
    assert timeline.index("infra/deploy.yaml") < timeline.index("approved `B01`") < timeline.index("until Monday")


async def test_a_comment_that_is_delivered_twice_counts_once(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.faults.add_hook("doubled", event="issue_comment", action="created", times=0)
    await github.comment("/approve\n/status")
    assert len(await github.replies()) == 1
    assert (await github.timeline()).count("approved `B01`") == 1


async def test_a_near_miss_gets_a_suggestion(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    reply = await github.answer("/aprove")
    assert "`/approve`" in reply
    assert "awaits approval" in await github.block("B01")


async def test_a_wrong_argument_is_named_and_the_usage_shown(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    reply = await github.answer("/approve B01 @not-a-commit")
    assert "@not-a-commit" in reply and "/approve [block|group] [@sha]" in reply
    assert "awaits approval" in await github.block("B01")


async def test_an_approval_of_a_commit_that_is_not_the_head_is_refused(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    reply = await github.answer("/approve B01 @0123456")
    assert "0123456" in reply
    assert "awaits approval" in await github.block("B01")


async def test_after_a_force_push_that_drops_approved_commits_nothing_can_be_approved(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    planned = (await github.commits())[-2]["sha"]
    await github.push(block_files("B02"), start=planned, force=True)
    await github.ci()
    reply = await github.answer("/approve")
    assert "force-pushed" in reply
    assert "done" not in await github.block("B02")


async def test_a_force_push_of_the_open_block_alone_is_work_like_any_other(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    recorded = await github.head()
    await github.push({"src/shop/wrong.py": "WRONG = 1\n"})
    new = await github.push(block_files("B02"), start=recorded, force=True)
    await github.ci()
    await github.comment("/approve")
    assert f"done at `{new[:7]}`" in await github.block("B02")


async def test_closing_and_reopening_loses_nothing(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    head = await github.block_pushed("B02")
    await github.change_pull(state="closed")
    assert "closed" in await github.answer("/approve")
    await github.change_pull(state="open")
    await github.comment(f"/approve B02 @{head[:7]}")
    assert f"done at `{head[:7]}`" in await github.block("B02")
    assert "done" in await github.block("B01")


async def test_the_record_of_a_block_reads_right_in_the_plan(github: Scenario) -> None:
    await github.started()
    head = await github.block_done("B01")
    record = await github.file(PLAN, ref=BRANCH)
    assert record is not None
    entry = record.partition("## 10. Progress Checkpoints")[2].partition("## 11.")[0]
    assert "Sprint/Block/Task: `S04` / `B01` / Amounts are whole cents, rounded half up" in entry
    assert "Files Changed: `src/shop/money.py`, `tests/test_money.py`" in entry
    assert "Validation Run: tests: success" in entry
    assert "Result: `done`" in entry and head[:12] in entry and "`maria`" in entry
    assert entry.count("Result: `done`") == 1
