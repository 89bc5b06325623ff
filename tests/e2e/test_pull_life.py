"""What becomes of a pull request while its plan is executed, and the places other than comments to command from."""

from __future__ import annotations

from itertools import count

import pytest

from bot.sandbox import control, repositories
from tests.e2e.scenario import BRANCH, PLAN, PLAN_FILES, Scenario, block_files

# -- closed, draft, retargeted -----------------------------------------------------------------------------------------


async def test_a_closed_pull_request_takes_no_command_and_goes_on_when_it_is_reopened(github: Scenario) -> None:
    await github.started()
    head = await github.block_pushed("B01")
    await github.change_pull(state="closed")
    assert "The pull request is closed" in await github.answer("/approve")
    await github.change_pull(state="open")
    assert "awaits approval" in await github.block("B01")
    said = await github.comment("/approve")
    assert await github.reactions(said) == ["+1"]
    assert f"done at `{head[:7]}`" in await github.block("B01")


async def test_what_was_pushed_while_it_was_closed_counts_when_it_is_reopened(github: Scenario) -> None:
    await github.started()
    await github.change_pull(state="closed")
    head = await github.push(block_files("B01"), message="B01: work")
    await github.ci()
    await github.change_pull(state="open")
    assert head == await github.head()
    assert set(await github.checks(head)) == {"plan", "scope", "gates", "progress"}
    assert head[:7] in await github.block("B01")


async def test_a_draft_is_executed_like_any_other_and_loses_nothing_when_it_is_ready(github: Scenario) -> None:
    await github.push(PLAN_FILES)
    number = await github.open_pull(draft=True)
    await github.comment("/execute")
    await github.block_pushed("B01")
    pull = github.sandbox.repo("acme/shop").pull(number)
    before = await github.checklist()
    control.set_draft(github.sandbox.hub, pull, False, github.sandbox.user("coda"))
    await github.settle()
    assert await github.checklist() == before
    await github.comment("/approve")
    control.set_draft(github.sandbox.hub, pull, True, github.sandbox.user("coda"))
    await github.settle()
    assert "done" in await github.block("B01")
    assert await github.headline() == "B02 is to be done"


async def test_a_base_branch_that_is_renamed_takes_the_run_along(github: Scenario) -> None:
    await github.push({"src/shop/x.py": "X = 1\n"}, branch="release", by="maria")
    await github.push(PLAN_FILES)
    await github.open_pull(base="release")
    await github.comment("/execute")
    await github.block_pushed("B01")
    await github.api("POST", "/repos/acme/shop/branches/release/rename", "olivia", {"new_name": "release-2"})
    await github.settle()
    assert (await github.pull_request())["base"]["ref"] == "release-2"
    await github.comment("/approve")
    assert "done" in await github.block("B01")


# -- branches that move, go and are renamed ----------------------------------------------------------------------------


async def test_a_head_branch_that_is_renamed_closes_the_pull_request_and_nothing_is_written_to_either_name(
    github: Scenario,
) -> None:
    await github.started()
    await github.block_pushed("B01")
    head = await github.head()
    path = f"/repos/acme/shop/branches/{BRANCH.replace('/', '%2F')}/rename"
    await github.api("POST", path, "olivia", {"new_name": "feature/renamed"})
    await github.settle()
    assert (await github.pull_request())["state"] == "closed"
    assert "The pull request is closed" in await github.answer("/approve")
    git = github.sandbox.repo("acme/shop").git
    assert (git.branch(BRANCH), git.branch("feature/renamed")) == (None, head)


async def test_a_head_branch_that_is_deleted_during_a_run_ends_nothing_by_accident(github: Scenario) -> None:
    await github.started()
    head = await github.block_pushed("B01")
    await github.api("DELETE", f"/repos/acme/shop/git/refs/heads/{BRANCH}", "coda")
    await github.settle()
    assert (await github.pull_request())["state"] == "closed"
    assert "The pull request is closed" in await github.answer("/approve")
    await github.wait(11 * 60)
    await github.api("POST", "/repos/acme/shop/git/refs", "coda", {"ref": f"refs/heads/{BRANCH}", "sha": head})
    await github.change_pull(state="open")
    assert await github.reactions(await github.comment("/approve")) == ["+1"]
    assert "done" in await github.block("B01")


async def test_a_forced_push_over_approved_commits_stops_the_run_until_they_are_back(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    approved = await github.head()
    await github.push({**PLAN_FILES, **block_files("B02")}, start="origin/main", force=True)
    await github.ci()
    assert "force-pushed" in await github.answer("/approve")
    assert (await github.checks())["progress"].conclusion == "failure"
    await github.push(block_files("B02"), start=approved, force=True, message="B02: work")
    await github.ci()
    assert "awaits approval" in await github.block("B02")


async def test_a_plan_that_is_deleted_stops_the_run_until_it_is_back(github: Scenario) -> None:
    await github.started()
    plan = await github.file(PLAN)
    await github.push({**block_files("B01"), PLAN: None}, message="B01: work")
    await github.ci()
    assert (await github.checks())["plan"].conclusion == "failure"
    assert await github.reactions(await github.comment("/approve")) == ["confused"]
    await github.push({PLAN: plan}, message="Put the plan back")
    await github.ci()
    assert "awaits approval" in await github.block("B01")


# -- repositories that are renamed and transferred ---------------------------------------------------------------------


@pytest.mark.parametrize("is_heard", [True, False], ids=["heard", "unheard"])
async def test_a_renamed_repository_is_followed(github: Scenario, is_heard: bool) -> None:
    await github.started()
    await github.block_pushed("B01")
    if not is_heard:
        github.sandbox.faults.add_hook("lost", event="repository", times=0)
    control.rename(github.sandbox.hub, github.sandbox.repo("acme/shop"), "store")
    await github.settle()
    github.repository = "acme/store"
    (key,) = await github.bot.store.open_pulls_with_live_run()
    row = await github.bot.store.pull(key)
    assert row is not None
    assert row.full_name == ("acme/store" if is_heard else "acme/shop")
    said = await github.comment("/approve")
    assert await github.reactions(said) == ["+1"]
    assert "done" in await github.block("B01")
    assert "Stepwise-Block: B01" in (await github.commits())[0]["commit"]["message"]
    row = await github.bot.store.pull(key)
    assert row is not None and row.full_name == "acme/store"


async def test_a_sweep_finds_the_new_name_before_it_writes_anything(github: Scenario) -> None:
    """GitHub follows the old name when it is read from, and answers writes with a redirect."""
    await github.started()
    github.sandbox.faults.add_hook("lost", times=0)
    control.rename(github.sandbox.hub, github.sandbox.repo("acme/shop"), "store")
    github.repository = "acme/store"
    head = await github.push(block_files("B01"), message="B01: work")
    with github.calls() as calls:
        await github.wait(11 * 60)
    assert set(await github.checks(head)) == {"plan", "scope", "gates", "progress"}
    assert [call.path for call in calls.writes if call.status in {301, 307, 308}] == []
    (key,) = await github.bot.store.open_pulls_with_live_run()
    row = await github.bot.store.pull(key)
    assert row is not None and row.full_name == "acme/store"


async def test_a_transferred_repository_is_followed_to_its_new_owner(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    world = github.sandbox.hub.world
    ada, shop = world.account("ada"), github.sandbox.repo("acme/shop")
    body = {"action": "created", "account": "ada", "login": "ada"}
    async with github.http.post(f"{github.sandbox.url}/_sandbox/installation", json=body) as answer:
        installed = (await answer.json())["id"]
    repositories.transfer(github.sandbox.hub, shop, ada, github.sandbox.user("olivia"))
    await github.settle()
    github.repository = "ada/shop"
    (key,) = await github.bot.store.open_pulls_with_live_run()
    row = await github.bot.store.pull(key)
    assert row is not None and (row.full_name, row.installation_id) == ("ada/shop", installed)
    said = await github.comment("/approve", by="ada")
    assert await github.reactions(said) == ["+1"]
    assert "done" in await github.block("B01")


# -- reviews and comments on lines -------------------------------------------------------------------------------------


async def review(github: Scenario, body: str, *, by: str = "maria", event: str = "COMMENT") -> None:
    github.sandbox.clock.advance(2)
    path = f"/repos/acme/shop/pulls/{github.pull}/reviews"
    await github.api("POST", path, by, {"event": event, "body": body})
    await github.settle()


async def on_a_line(github: Scenario, body: str, *, by: str = "maria") -> int:
    """A comment on a line of the diff; its id."""
    github.sandbox.clock.advance(2)
    path = next(iter(block_files("B01")))
    wanted = {"body": body, "path": path, "line": 1, "side": "RIGHT", "commit_id": await github.head()}
    made = await github.api("POST", f"/repos/acme/shop/pulls/{github.pull}/comments", by, wanted)
    await github.settle()
    return int(made["id"])


async def reactions_on_line(github: Scenario, comment: int) -> list[str]:
    path = f"/repos/acme/shop/pulls/comments/{comment}/reactions"
    return [item["content"] for item in await github.api("GET", path, "olivia")]


async def test_a_review_that_says_approve_closes_the_block(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await review(github, "Reads well.\n\n/approve", event="APPROVE")
    assert "approved by `maria`" in await github.block("B01")


async def test_githubs_own_approval_without_a_command_closes_nothing(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await review(github, "Reads well.", event="APPROVE")
    assert "awaits approval" in await github.block("B01")


async def test_a_review_of_an_outsider_closes_nothing_and_is_not_answered(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    before = len(await github.replies())
    await review(github, "/approve", by="oscar")
    assert "awaits approval" in await github.block("B01")
    assert len(await github.replies()) == before


async def test_a_refusal_of_what_a_review_says_is_a_comment(github: Scenario) -> None:
    await github.started()
    before = len(await github.replies())
    await review(github, "/approve")
    assert len(await github.replies()) == before + 1
    assert "B01" in await github.last_reply()


async def test_a_comment_on_a_line_commands_and_gets_its_reaction_there(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    said = await on_a_line(github, "/approve")
    assert await reactions_on_line(github, said) == ["+1"]
    assert "approved by `maria`" in await github.block("B01")


async def test_a_comment_on_a_line_by_an_outsider_gets_a_reaction_only(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    before = len(await github.replies())
    said = await on_a_line(github, "/approve", by="oscar")
    assert await reactions_on_line(github, said) == ["-1"]
    assert "awaits approval" in await github.block("B01")
    assert len(await github.replies()) == before


async def test_comments_of_the_three_places_may_share_a_number(github: Scenario) -> None:
    """GitHub counts comments, reviews and comments on lines apart."""
    await github.started()
    await github.block_pushed("B01")
    said = await github.comment("/status")
    counters = github.sandbox.hub.world.counters
    counters["review_comment"], counters["review"] = count(said.id), count(said.id)
    before = len(await github.replies())
    line = await on_a_line(github, "/status")
    assert line == said.id
    await review(github, "/status")
    assert len(await github.replies()) == before + 2
    assert await reactions_on_line(github, line) == ["+1"]
    assert await github.reactions(said) == ["+1"]


# -- buttons of checks -------------------------------------------------------------------------------------------------


async def test_the_approve_button_closes_the_block_for_an_approver(github: Scenario) -> None:
    await github.started()
    head = await github.block_pushed("B01")
    await github.press("progress", "approve")
    assert f"done at `{head[:7]}`, approved by `maria`" in await github.block("B01")


async def test_the_buttons_do_nothing_for_an_outsider(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    before = await github.headline()
    for button in ("approve", "escalate"):
        await github.press("progress", button, by="oscar")
    assert "awaits approval" in await github.block("B01")
    assert await github.headline() == before


async def test_the_button_of_an_older_head_approves_nothing_newer(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    old = (await github.checks())["progress"].id
    await github.push({"src/shop/more.py": "MORE = 1\n"})
    await github.ci()
    shop = github.sandbox.repo("acme/shop")
    control.request_action(github.sandbox.hub, shop.check_runs[old], "approve", github.sandbox.user("maria"))
    await github.settle()
    assert "done" not in await github.block("B01")


async def test_the_escalate_button_stops_the_run(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    await github.press("progress", "escalate")
    assert await github.headline() == "waits for a decision"
    assert "maria" in await github.timeline()


async def test_the_rerun_button_evaluates_everything_again(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    before = await github.checks()
    await github.press("progress", "rerun")
    after = await github.checks()
    assert all(after[name].id > before[name].id for name in before)
    assert after["progress"].conclusion == before["progress"].conclusion


async def test_a_button_pressed_twice_approves_once(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.faults.add_hook("doubled", event="check_run", action="requested_action")
    await github.press("progress", "approve")
    assert "done" in await github.block("B01")
    assert await github.headline() == "B02 is to be done"


# -- boxes of the checklist --------------------------------------------------------------------------------------------


async def tick(github: Scenario, block: str, *, by: str = "maria", body: str | None = None) -> None:
    """Tick the box of a block, in the checklist as it is or as it was."""
    comment = next(item for item in await github.comments() if "stepwise:checklist" in item.body)
    text = body or comment.body
    lines = [
        line.replace("- [ ] ", "- [x] ", 1) if f"**{block}**" in line and line.startswith("- [ ]") else line
        for line in text.splitlines()
    ]
    assert lines != text.splitlines(), f"{block} has no box to tick"
    github.sandbox.clock.advance(2)
    await github.edit_comment(comment.id, "\n".join(lines), by=by)


async def test_ticking_the_box_that_awaits_approval_approves_it(github: Scenario) -> None:
    await github.started()
    head = await github.block_pushed("B01")
    await tick(github, "B01", by="ada")
    assert f"done at `{head[:7]}`, approved by `ada`" in await github.block("B01")


async def test_a_box_ticked_by_somebody_who_may_not_approve_is_unticked_again(github: Scenario) -> None:
    await github.policy("approvers: [rita]\n")
    await github.started()
    await github.block_pushed("B01")
    before = await github.block("B01")
    shop = github.sandbox.repo("acme/shop")
    # GitHub lets whoever may write edit the comment; by the time the bot asks, that right is gone.
    github.sandbox.faults.add_hook("held", event="issue_comment", action="edited")
    await tick(github, "B01", by="coda")
    shop.collaborators["coda"] = "read"
    github.sandbox.hooks.release()
    await github.settle()
    assert await github.block("B01") == before
    assert "[ ]" in before


async def test_a_box_that_showed_an_older_head_approves_nothing_newer(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    shown = await github.checklist()
    new = await github.push({"src/shop/more.py": "MORE = 1\n"})
    await github.ci()
    comment = next(item for item in await github.comments() if "stepwise:checklist" in item.body)
    # The page of the person who ticks it still shows the old text: GitHub takes the whole body of the edit.
    await github.edit_comment(comment.id, shown, by="maria")
    await tick(github, "B01", body=shown)
    assert "done" not in await github.block("B01")
    assert new[:7] in await github.block("B01")


async def test_ticking_a_block_that_does_not_wait_approves_nothing(github: Scenario) -> None:
    await github.started()
    before = await github.checklist()
    await tick(github, "B02")
    assert await github.checklist() == before
    await tick(github, "B01")
    assert "done" not in await github.block("B01")


async def test_a_tick_delivered_twice_approves_once(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    github.sandbox.faults.add_hook("doubled", event="issue_comment", action="edited")
    before = len(await github.replies())
    await tick(github, "B01")
    assert await github.headline() == "B02 is to be done"
    assert len(await github.replies()) == before
