"""What somebody tries who wants a block done that nobody approved, or the bot to say what they like."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.sandbox import Answer
from bot.sandbox.auth import AsInstallation
from bot.sandbox.control import set_ci
from tests.e2e.clones import Link
from tests.e2e.scenario import BRANCH, COMPLETED, PLAN, PLAN_FILES, Scenario, block_files

CLOSEOUT = "stepwise/closeout/2026-01-checkout-totals"
MARKER = "<!-- stepwise:checklist -->"
BOT_MAIL = "4242+stepwise[bot]@users.noreply.github.com"
LIVE_MENTION = re.compile(r"(?<![\w`/])@[a-z][\w-]*", re.IGNORECASE)


def forged_record(run: str, block: str) -> str:
    return f"Record {block} of Checkout Totals\n\nStepwise-Run: {run}\nStepwise-Block: {block}\nApproved-by: maria"


async def run_id(github: Scenario) -> str:
    """As everybody can read it in the bot's own commits."""
    message = (await github.commits())[0]["commit"]["message"]
    found = re.search(r"Stepwise-Run: (\S+)", message)
    assert found is not None
    return found[1]


async def as_other_app(github: Scenario, method: str, path: str, body: object) -> Any:
    """A call of another App that is installed here and may write comments."""
    hub = github.sandbox.hub
    installed = next(one for one in hub.world.installations.values() if one.app.slug == "ci")
    permissions = {**installed.permissions, "issues": "write", "pull_requests": "write", "contents": "write"}
    actor: AsInstallation = hub.vault.issue(installed, permissions, None)
    headers = {"authorization": f"token {actor.token}"}
    async with github.http.request(method, github.sandbox.url + path, json=body, headers=headers) as answer:
        assert answer.status < 300, await answer.text()
        found = await answer.json()
    await github.settle()
    return found


async def test_another_bot_cannot_approve_whatever_it_may_write(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    head = (await github.head())[:7]
    for text in ("/approve", f"/approve B01 @{head}", "/skip B01 because", "/verdict PASS", "/abort now"):
        await as_other_app(github, "POST", f"/repos/acme/shop/issues/{github.pull}/comments", {"body": text})
    assert f"/approve B01 @{head}" in await github.checklist()
    assert "approved by" not in await github.checklist()


SHOWN_NOT_GIVEN = (
    "> /approve",
    "```\n/approve\n```",
    "    /approve",
    "- /approve",
    "<!-- -->/approve",
    "<div>\n/approve\n</div>",
    "`x`/approve",
    "# /approve",
    "| /approve |\n|---|\n| /approve |",
    "[/approve](x)",
    "&#47;approve",
    "／approve",
    "\u200b/approve",
    "\u202e/approve",
)


async def test_an_approval_that_is_shown_but_not_given_counts_for_nothing(github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    for text in SHOWN_NOT_GIVEN:
        said = await github.comment(text)
        assert (text, await github.reactions(said)) == (text, [])
    assert "approved by" not in await github.checklist()


async def test_a_forged_record_commit_is_work_like_any_other(github: Scenario) -> None:
    """Author, committer, subject and trailers of the bot: what counts is who made the commit, not what it says."""
    await github.started()
    run = await run_id(github)
    clone = await github.clones.commit("acme/shop", "coda", BRANCH, block_files("B01"), "x", None)
    await github.clones.git(
        clone,
        *("-c", "user.name=stepwise[bot]", "-c", f"user.email={BOT_MAIL}", "commit", "-q", "--amend", "--reset-author"),
        *("-m", forged_record(run, "B01")),
    )
    forged = await github.clones.push(clone, BRANCH)
    await github.settle()
    await github.ci("success")
    assert (await github.commits())[0]["commit"]["author"]["email"] == BOT_MAIL
    assert f"/approve B01 @{forged[:7]}" in await github.checklist()
    assert "approved by" not in await github.checklist()
    assert (await github.checks())["progress"].conclusion == "action_required"


async def test_a_forged_record_commit_after_the_verdict_needs_another_verdict(github: Scenario) -> None:
    await github.all_blocks_done()
    await github.comment("/verdict PASS")
    run = await run_id(github)
    await github.push({"src/shop/extra.py": "print('mine')\n"}, message=forged_record(run, "B03"))
    await github.ci("success")
    assert (await github.checks())["progress"].conclusion == "action_required"
    await github.merge()
    opened = await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia")
    assert opened == []


async def test_a_record_that_somebody_writes_into_the_plan_closes_no_block(github: Scenario) -> None:
    await github.started()
    text = await github.file(PLAN)
    assert text is not None
    await github.push({PLAN: text.replace("pending", "done").replace("In Progress", "Completed")}, message="Tick")
    await github.ci("success")
    assert "approved by" not in await github.checklist()
    assert (await github.checks())["progress"].conclusion == "action_required"


async def test_a_checklist_that_somebody_pastes_is_left_alone(github: Scenario) -> None:
    await github.push(PLAN_FILES, message="Plan", settle=False)
    made = await github.api("POST", "/repos/acme/shop/pulls", "coda", {"title": "T", "head": BRANCH, "base": "main"})
    github.pull = made["number"]
    fake = f"{MARKER}\n\n## Everything is approved\n\n- [x] **B01**"
    pasted = await github.comment(fake, by="oscar", settle=False)
    await github.settle()
    await github.comment("/execute")
    there = {one.id: one for one in await github.comments()}
    assert there[pasted.id].body == fake
    assert len([one for one in there.values() if MARKER in one.body and one.author == "stepwise[bot]"]) == 1
    assert "B01 is to be done" in await github.checklist()


@pytest.mark.parametrize("trouble", [False, True], ids=["", "while GitHub is in trouble"])
async def test_a_checklist_that_somebody_edits_is_put_right(trouble: bool, github: Scenario) -> None:
    await github.started()
    await github.block_pushed("B01")
    (own,) = [one for one in await github.comments() if MARKER in one.body]
    head = await github.head()
    if trouble:
        github.sandbox.faults.add(Answer(502), path=f"/issues/comments/{own.id}$", method="PATCH", nth=2)
    forged = own.body.replace(head[:7], "0" * 7).replace("- [ ]", "- [x]")
    await github.edit_comment(own.id, forged, by="ada")
    await github.wait(5)
    assert await github.checklist() == own.body
    late = await github.comment(f"/approve B01 @{'0' * 7}")
    assert await github.reactions(late) == ["confused"]


async def test_a_check_asked_for_again_is_made_again_although_github_is_in_trouble(github: Scenario) -> None:
    await github.started()
    before = await github.checks()
    github.sandbox.faults.add(Answer(502), path="/check-runs$", method="POST")
    await github.api("POST", f"/repos/acme/shop/check-runs/{before['scope'].id}/rerequest", "maria")
    await github.settle()
    await github.wait(5)
    after = await github.checks()
    assert after["scope"].id > before["scope"].id
    assert after["scope"].conclusion == before["scope"].conclusion


async def test_a_check_of_our_name_by_another_app_changes_nothing(github: Scenario) -> None:
    await github.started()
    sha = await github.push({"infra/deploy.yaml": "replicas: 99\n"})
    repo = github.sandbox.repo("acme/shop")
    for name in ("stepwise/plan", "stepwise/scope", "stepwise/gates", "stepwise/progress"):
        set_ci(github.sandbox.hub, repo, sha, name, "success")
    await github.ci("success")
    checks = await github.checks()
    assert checks["scope"].conclusion == "failure"
    assert checks["progress"].conclusion != "success"
    said = await github.comment(f"/approve B01 @{sha[:7]}")
    assert await github.reactions(said) == ["confused"]


@pytest.mark.parametrize("with_pull", [False, True], ids=["branch", "branch and pull request"])
async def test_a_closeout_branch_that_was_there_before_is_not_used(with_pull: bool, github: Scenario) -> None:
    await github.all_blocks_done()
    await github.comment("/verdict PASS")
    foreign = {"src/shop/backdoor.py": "import os\n"}
    await github.push(foreign, branch=CLOSEOUT, start="origin/main", message="Close out Checkout Totals")
    if with_pull:
        body = {"title": "Close out Checkout Totals", "head": CLOSEOUT, "base": "main"}
        await github.api("POST", "/repos/acme/shop/pulls", "coda", body)
    await github.merge()
    opened = await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia")
    (ours,) = [one for one in opened if one["user"]["login"] == "stepwise[bot]"]
    assert ours["head"]["ref"] != CLOSEOUT
    files = await github.api("GET", f"/repos/acme/shop/pulls/{ours['number']}/files", "olivia")
    assert "src/shop/backdoor.py" not in [one["filename"] for one in files]
    assert COMPLETED in [one["filename"] for one in files]
    assert f"#{ours['number']}" in await github.last_reply()


HOSTILE = (
    "Totals @acme/release-managers <img src=x onerror=alert(1)> ``` [x](javascript:1) <!-- /approve --> "
    "Approved-by: maria [skip ci] #1 \u202egnihton"
)


async def test_a_hostile_plan_says_nothing_in_the_bots_name(github: Scenario) -> None:
    text = PLAN_FILES[PLAN].replace("# Checkout Totals", f"# {HOSTILE}", 1)
    text = text.replace("- **Goal:** Amounts are whole cents, rounded half up", f"- **Goal:** {HOSTILE}\n\n/approve", 1)
    await github.planned(text)
    await github.comment("/execute")
    await github.block_pushed("B01")
    await github.push({f"src/shop/@olivia {chr(0x202E)}<b>`x`.py": "x = 1\n", "a\n/approve\n@maria.txt": "x\n"})
    await github.comment("/status")
    await github.comment("/nonsense @olivia /approve")
    said = "\n".join(one.body for one in await github.comments() if one.author == "stepwise[bot]")
    for check in (await github.checks()).values():
        # GitHub shows titles as they are; only summaries are Markdown.
        assert check.title.isprintable()
        said += f"\n{check.summary}"
    outside = re.sub(r"(`+).*?\1", "", re.sub(r"```.*?```", "", said, flags=re.DOTALL), flags=re.DOTALL)
    assert "<img" not in outside.replace("\\<img", "")
    assert LIVE_MENTION.findall(outside) == []
    assert "\u202e" not in said
    assert not any(line.startswith(("/approve", "Approved-by")) for line in outside.splitlines())
    for commit in await github.commits():
        message = commit["commit"]["message"]
        if "Stepwise-Run:" in message:
            assert "\nApproved-by: maria" not in message
            assert "[skip ci]" not in message


async def test_names_that_hide_are_still_out_of_scope_and_shown_as_they_are(github: Scenario) -> None:
    await github.started()
    hidden = {
        "INFRA/deploy.yaml": "case\n",
        "infra\u0301/deploy.yaml": "a combining accent\n",
        "\u202eofni/deploy.yaml": "direction\n",
        "src\\shop\\x.py": "backslashes\n",
        "infra /deploy.yaml": "a blank\n",
        " src/shop/x.py": "a blank before\n",
    }
    sha = await github.push(hidden)
    await github.ci("success")
    checks = await github.checks()
    assert checks["scope"].conclusion == "failure"
    assert f"{len(hidden)} " in checks["scope"].title
    assert "\u202e" not in checks["scope"].summary
    assert "\\u202e" in checks["scope"].summary
    said = await github.comment(f"/approve B01 @{sha[:7]}")
    assert await github.reactions(said) == ["confused"]


async def test_a_plan_that_becomes_a_symlink_in_the_run_stops_it(github: Scenario) -> None:
    await github.started()
    await github.push({"docs/other.md": PLAN_FILES[PLAN], PLAN: None}, message="Move", settle=False)
    sha = await github.push({PLAN: Link("../../other.md"), **block_files("B01")}, message="Link")
    await github.ci("success")
    assert (await github.checks())["plan"].conclusion == "failure"
    said = await github.comment(f"/approve B01 @{sha[:7]}")
    assert await github.reactions(said) == ["confused"]
