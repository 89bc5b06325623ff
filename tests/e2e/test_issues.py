"""`/execute` on an issue: a draft pull request from the plan's branch, linked both ways, and the run started there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox import Answer, Reset, control
from bot.sandbox.faults import ApiAction
from tests.e2e.scenario import BRANCH, PLAN, PLAN_FILES, PLAN_TEXT, Comment, Scenario, plan_with

UNKNOWN_TO_ISSUES = "docs/exec-plans/active/nothing.md"


async def an_issue(github: Scenario, title: str = "Totals at the checkout") -> int:
    made = await github.api("POST", f"/repos/{github.repository}/issues", "maria", {"title": title, "body": "Please."})
    await github.settle()
    return int(made["number"])


async def say(github: Scenario, issue: int, text: str, *, by: str = "maria") -> Comment:
    github.pull, before = issue, github.pull
    try:
        return await github.comment(text, by=by)
    finally:
        github.pull = before


async def said_on(github: Scenario, issue: int) -> list[str]:
    """What the bot wrote on an issue, oldest first."""
    github.pull, before = issue, github.pull
    try:
        return await github.replies()
    finally:
        github.pull = before


async def pulls(github: Scenario) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await github.api(
        "GET", f"/repos/{github.repository}/pulls?state=all&per_page=100", "olivia"
    )
    return found


async def plan_pushed(github: Scenario, plan: str = PLAN_TEXT, *, on_main: bool = True) -> None:
    """The plan on its branch, and with `on_main` on the default branch too, where it was agreed upon."""
    if on_main:
        await github.push({**PLAN_FILES, PLAN: plan}, branch="main", by="maria", message="Agree on the plan")
        await github.push({"src/shop/notes.py": "NOTES = 1\n"}, message="Begin", start="origin/main")
    else:
        await github.push({**PLAN_FILES, PLAN: plan}, message="Plan the checkout totals")


async def test_the_plan_says_its_branch_and_the_run_starts_on_a_draft(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    said = await say(github, issue, f"/execute {PLAN}")
    (pull,) = await pulls(github)
    assert (pull["draft"], pull["head"]["ref"], pull["base"]["ref"]) == (True, BRANCH, "main")
    assert f"#{issue}" in pull["body"] and "closes" not in pull["body"].lower()
    (link,) = await said_on(github, issue)
    assert f"#{pull['number']}" in link
    assert await github.reactions(said) == ["+1"]
    github.pull = pull["number"]
    assert await github.headline() == "B01 is to be done"
    assert "maria" in await github.timeline()


async def test_a_branch_can_be_named_when_the_plan_is_on_no_other(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github, on_main=False)
    said = await say(github, issue, f"/execute {PLAN}")
    assert await github.reactions(said) == ["confused"]
    (reply,) = await said_on(github, issue)
    assert "`main`" in reply and "/execute <path> <branch>" in reply
    said = await say(github, issue, f"/execute {PLAN} {BRANCH}")
    assert await github.reactions(said) == ["+1"]
    (pull,) = await pulls(github)
    github.pull = pull["number"]
    assert await github.headline() == "B01 is to be done"


async def test_mode_and_level_go_with_the_command(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    await say(github, issue, f"/execute {PLAN} autonomous high")
    github.pull = (await pulls(github))[0]["number"]
    assert "autonomous" in await github.checklist()


async def test_an_open_pull_request_from_the_branch_is_taken(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    number = await github.open_pull()
    said = await say(github, issue, f"/execute {PLAN}")
    assert [pull["number"] for pull in await pulls(github)] == [number]
    assert f"#{number}" in (await said_on(github, issue))[0]
    assert await github.reactions(said) == ["+1"]
    assert await github.headline() == "B01 is to be done"


async def test_an_issue_is_never_remembered_as_a_pull_request(github: Scenario) -> None:
    issue = await an_issue(github)
    with github.calls() as calls:
        await say(github, issue, "Nice idea. /execute it some day?")
        await say(github, issue, "/status")
        await say(github, issue, "/approve")
        await github.wait(11 * 60)
    assert not [call for call in calls.made if f"/{issue}" in call.path]
    await say(github, issue, f"/execute {UNKNOWN_TO_ISSUES}")
    await github.wait(11 * 60)
    numbers = [key.number for key in await github.bot.store.open_pulls()]
    assert issue not in numbers


async def test_an_outsider_gets_a_reaction_and_nothing_else(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    for login in ("oscar", "rita", "tom"):
        said = await say(github, issue, f"/execute {PLAN}", by=login)
        assert await github.reactions(said) == ["-1"]
    assert await said_on(github, issue) == []
    assert await pulls(github) == []


async def test_whom_the_policy_names_may_execute(github: Scenario) -> None:
    await github.policy("approvers: [rita]\n")
    issue = await an_issue(github)
    await plan_pushed(github)
    said = await say(github, issue, f"/execute {PLAN}", by="rita")
    assert await github.reactions(said) == ["+1"]


async def test_the_permission_is_asked_for_again_where_the_run_starts(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    # The pull request's reaction asks a second time, and by then Coda has lost the right.
    lost = Answer(200, {"permission": "read", "role_name": "read", "user": None})
    github.sandbox.faults.add(lost, path=r"/collaborators/coda/permission", method="GET", nth=2, times=1)
    said = await say(github, issue, f"/execute {PLAN}", by="coda")
    assert await github.reactions(said) == ["-1"]
    github.pull = (await pulls(github))[0]["number"]
    assert "In Progress" not in (await github.file(PLAN) or "")


WITHOUT_BRANCH = plan_with((f"`{BRANCH}`", "`<feature/name>`")) if f"`{BRANCH}`" in PLAN_TEXT else PLAN_TEXT


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/execute", "has to be named"),
        (f"/execute {UNKNOWN_TO_ISSUES}", "is not on this branch"),
        ("/execute README.md", "is not where a plan is kept"),
        ("/execute ../../etc/passwd", "passwd"),
        (f"/execute {PLAN} feature/none", "There is no branch `feature/none`"),
        (f"/execute {PLAN} main", "names `feature/checkout-totals`"),
        (f"/execute {PLAN} a..b", "There is no branch"),
        (f"/execute {PLAN} {BRANCH} now please", "more than is understood"),
        (f"/execute {PLAN}\n/execute {PLAN} {BRANCH}", "in a comment of its own"),
    ],
)
async def test_what_cannot_be_executed_is_refused_with_the_reason(github: Scenario, command: str, reason: str) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    said = await say(github, issue, command)
    assert await github.reactions(said) == ["confused"]
    (reply,) = await said_on(github, issue)
    assert reason in reply
    assert await pulls(github) == []


async def test_a_plan_with_errors_is_refused_with_its_lines(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github, "# A plan\n\nNothing else.\n")
    await say(github, issue, f"/execute {PLAN}")
    (reply,) = await said_on(github, issue)
    assert "cannot be executed" in reply
    assert await pulls(github) == []


async def test_a_branch_that_brings_nothing_is_refused(github: Scenario) -> None:
    issue = await an_issue(github)
    await github.push(PLAN_FILES, branch="main", by="maria")
    main = github.sandbox.repo("acme/shop").git.branch("main")
    await github.api("POST", "/repos/acme/shop/git/refs", "maria", {"ref": f"refs/heads/{BRANCH}", "sha": main})
    await say(github, issue, f"/execute {PLAN}")
    (reply,) = await said_on(github, issue)
    assert f"no commits between `main` and `{BRANCH}`" in reply


async def test_where_there_are_no_drafts_the_pull_request_is_an_ordinary_one(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    refusal = Answer(422, {"message": "Draft pull requests are not supported in this repository."})
    github.sandbox.faults.add(refusal, path=r"/pulls$", method="POST", times=1)
    await say(github, issue, f"/execute {PLAN}")
    (pull,) = await pulls(github)
    assert pull["draft"] is False


async def test_saying_it_again_on_the_issue_opens_and_links_nothing_twice(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    await say(github, issue, f"/execute {PLAN}")
    said = await say(github, issue, f"/execute {PLAN}")
    assert len(await pulls(github)) == 1
    assert len(await said_on(github, issue)) == 1
    assert await github.reactions(said) == ["confused"]


async def test_a_comment_delivered_twice_is_taken_once(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    github.sandbox.faults.add_hook("doubled", event="issue_comment", action="created")
    await say(github, issue, "/execute nothing.md")
    assert len(await said_on(github, issue)) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", r"^/repositories/"),
        ("GET", r"/collaborators/maria/permission"),
        ("GET", r"/git/ref/heads/feature"),
        ("GET", r"/pulls$"),
        ("POST", r"/pulls$"),
        ("GET", r"/compare/main\.\.\."),
        ("GET", r"/issues/1/comments$"),
        ("POST", r"/issues/1/comments$"),
        ("POST", r"/reactions$"),
    ],
)
@pytest.mark.parametrize(
    "action", [Answer(502, None), Reset(after=True), Reset(after=False)], ids=["502", "done unheard", "not done"]
)
async def test_whatever_fails_once_is_made_up_for(github: Scenario, action: ApiAction, method: str, path: str) -> None:
    issue = await an_issue(github)
    assert issue == 1
    await plan_pushed(github)
    github.sandbox.faults.add(action, path=path, method=method, nth=2 if path == r"/issues/1/comments$" else 1)
    said = await say(github, issue, f"/execute {PLAN}")
    for _ in range(4):
        await github.wait(40)
    github.sandbox.faults.clear()
    (pull,) = await pulls(github)
    assert len(await said_on(github, issue)) == 1
    assert await github.reactions(said) == ["+1"]
    github.pull = pull["number"]
    assert await github.headline() == "B01 is to be done"


async def test_a_delivery_from_outside_cannot_pass_for_one_that_was_handed_over(github: Scenario) -> None:
    from tests.e2e.test_deliveries import deliver

    await github.planned()
    body = json.dumps(
        {
            "comment_id": 77,
            "author": {"login": "maria", "id": 1, "is_bot": False},
            "body": f"/execute {PLAN}",
            "at": "2026-03-02T09:00:00Z",
            "place": "conversation",
            "from_issue": 1,
        }
    ).encode()
    await deliver(github, body, event="stepwise_issue_execute", guid="issue:77")
    await github.settle()
    assert "In Progress" not in (await github.file(PLAN) or "")


async def test_the_issue_is_told_of_the_closeout_and_closed(github: Scenario) -> None:
    issue = await an_issue(github)
    await plan_pushed(github)
    await say(github, issue, f"/execute {PLAN}")
    pull = (await pulls(github))[0]
    github.pull = pull["number"]
    for block in ("B01", "B02", "B03"):
        await github.block_done(block)
    await github.comment("/verdict PASS")
    control.set_draft(
        github.sandbox.hub, github.sandbox.repo("acme/shop").pull(github.pull), False, github.sandbox.user("coda")
    )
    await github.merge()
    found = await github.api("GET", f"/repos/acme/shop/issues/{issue}", "olivia")
    assert found["state"] == "closed"
    assert len(await said_on(github, issue)) == 2
