"""The story of the bot on a GitHub that nobody here wrote, as far as that goes.

There the head of a pull request stays as it was when it was opened, so that no block can get a commit of its own: in
the first story every block is left out. `test_pushes.py` has the other one.
"""

from __future__ import annotations

import hashlib

import pytest

from tests.e2e.scenario import ACTIVE_INDEX, BRANCH, COMPLETED, COMPLETED_INDEX, PLAN, PLAN_TEXT
from tests.emulate.seed import BOT
from tests.emulate.world import CHECKS, REPO, World

pytestmark = pytest.mark.emulate

PASSING = dict.fromkeys(sorted(CHECKS), "success")
CLOSEOUT = "stepwise/closeout/2026-01-checkout-totals"


def blob_of(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


async def test_a_plan_is_executed_judged_merged_and_closed_out(github: World) -> None:
    contexts = [f"stepwise/{name}" for name in sorted(CHECKS)]
    protection = {"required_status_checks": {"strict": False, "contexts": contexts}, "enforce_admins": True}
    nothing_else = {"required_pull_request_reviews": None, "restrictions": None}
    await github.api("PUT", f"{REPO}/branches/main/protection", body=protection | nothing_else)

    head = await github.planned()
    checks = await github.checks(head)
    assert {name: check.conclusion for name, check in checks.items()} == {
        "plan": "success",
        "scope": "success",
        "gates": None,
        "progress": "action_required",
    }
    assert "ready to be executed" in await github.checklist()
    assert (await github.merge()).status == 422, "a required check that has not succeeded holds the merge"

    await github.comment("/execute", by="coda")
    assert github.reactions() == ["+1"]
    assert "B01 is to be done" in await github.checklist()
    await record_is_sound(github, head)

    await github.ci("success", sha=head)
    gates = (await github.checks(head))["gates"]
    assert gates.conclusion == "success" and "tests" in gates.summary
    for block in ("B01", "B02", "B03"):
        assert await github.answer(f"/skip {block} the campaign was called off") == ""
    assert "/verdict PASS" in await github.checklist()
    assert (await github.merge()).status == 422

    await github.comment("/verdict PASS looks right")
    assert await github.conclusions(head) == PASSING
    record = await github.file(PLAN)
    assert record is not None and b"PASS" in record and b"the campaign was called off" in record
    assert (await github.merge()).status == 200
    await closeout_is_sound(github)


async def record_is_sound(github: World, head: str) -> None:
    """One commit by the bot, on top of exactly that head, in which the plan alone differs, and that in its record."""
    after = await github.head()
    commit = await github.api("GET", f"{REPO}/commits/{after}")
    assert [parent["sha"] for parent in commit["parents"]] == [head]
    assert (commit["author"]["login"], commit["committer"]["login"]) == (BOT, BOT)
    assert "Stepwise-Run: " in commit["commit"]["message"]
    before, now = await github.tree(head), await github.tree(after)
    assert {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)} == {PLAN}
    text = await github.file(PLAN, ref=after)
    assert text is not None and blob_of(text) == now[PLAN]
    assert before[PLAN] == blob_of(PLAN_TEXT)
    contract, _, record = text.decode().partition("## 10. Progress Checkpoints")
    assert contract.replace("**Status:** In Progress", "**Status:** Approved") == PLAN_TEXT.partition("## 10.")[0]
    assert "- Sprint/Block/Task: `S04` / `B01` / " in record


async def closeout_is_sound(github: World) -> None:
    """The bot proposes the finished plan's move on a branch of its own, and holds that to nothing."""
    main = await github.head("main")
    (proposed,) = await github.api("GET", f"{REPO}/pulls?state=open")
    assert (proposed["head"]["ref"], proposed["user"]["login"]) == (CLOSEOUT, BOT)
    github.pull, head = proposed["number"], proposed["head"]["sha"]
    assert [one["sha"] for one in (await github.api("GET", f"{REPO}/git/commits/{head}"))["parents"]] == [main]
    assert await github.conclusions(head) == PASSING
    assert (await github.merge()).status == 200
    assert await github.file(PLAN, ref="main") is None
    moved = await github.file(COMPLETED, ref="main")
    assert moved is not None and b"**Status:** Completed" in moved and b"the campaign was called off" in moved
    active, completed = await github.file(ACTIVE_INDEX, ref="main"), await github.file(COMPLETED_INDEX, ref="main")
    assert active is not None and b"2026-01-checkout-totals.md" not in active
    assert completed is not None and b"2026-01-checkout-totals.md" in completed


async def test_a_pull_request_without_a_plan_passes_and_gets_no_comment(github: World) -> None:
    head = await github.commit({"src/shop/stock.py": "LEVEL = 1\n"}, branch="stock")
    await github.open_pull(branch="stock", title="Stock")
    assert await github.conclusions(head) == PASSING
    assert await github.comments() == []


async def test_a_plan_with_errors_fails_and_cannot_be_executed(github: World) -> None:
    head = await github.planned(PLAN_TEXT.replace(f"- **Execution Branch:** `{BRANCH}`", "- **Execution Branch:**"))
    check = (await github.checks(head))["plan"]
    assert check.conclusion == "failure"
    assert "does not name its execution branch" in check.summary
    annotations = await github.api("GET", f"{REPO}/check-runs/{check.id}/annotations")
    assert PLAN in {one["path"] for one in annotations["check_annotations"]}
    assert "does not name its execution branch" in await github.answer("/execute")
    assert await github.head() == head


async def test_status_is_answered_to_whoever_may_comment_and_changes_nothing(github: World) -> None:
    head = await github.planned()
    before = await github.checklist()
    assert "Checkout Totals" in await github.answer("/status", by="rita")
    assert (await github.head(), await github.checklist()) == (head, before)


async def test_a_checklist_that_somebody_edits_or_deletes_is_written_again(github: World) -> None:
    await github.planned()
    (before,) = await github.bot_comments()
    path = f"{REPO}/issues/comments/{before['id']}"
    await github.api("PATCH", path, "coda", {"body": "<!-- stepwise:checklist -->\nAll done, merge me"})
    await github.settle()
    assert [one["body"] for one in await github.bot_comments()] == [before["body"]]
    await github.api("DELETE", path, "coda")
    await github.settle()
    (after,) = await github.bot_comments()
    assert after["body"] == before["body"] and after["id"] != before["id"]


async def test_checks_that_are_asked_for_again_are_posted_again(github: World) -> None:
    head = await github.planned()
    first = (await github.checks(head))["plan"]
    await github.api("POST", f"{REPO}/check-runs/{first.id}/rerequest")
    await github.settle()
    again = (await github.checks(head))["plan"]
    assert (again.conclusion, again.title) == (first.conclusion, first.title)
    assert again.id > first.id


async def test_a_run_stands_while_its_pull_request_is_closed_and_goes_on_when_it_is_reopened(github: World) -> None:
    await github.planned()
    await github.comment("/execute")
    path = f"{REPO}/pulls/{github.pull}"
    await github.api("PATCH", path, "coda", {"state": "closed"})
    await github.settle()
    head = await github.head()
    assert "closed" in await github.answer("/skip B01 the campaign was called off")
    assert await github.head() == head
    await github.api("PATCH", path, "coda", {"state": "open"})
    await github.settle()
    await github.comment("/skip B01 the campaign was called off")
    assert "skipped" in await github.checklist()


async def test_an_escalation_opens_an_issue_and_going_on_closes_it(github: World) -> None:
    await github.planned()
    await github.comment("/execute")
    await github.comment("/escalate the discount rules contradict each other")
    (issue,) = await github.api("GET", f"{REPO}/issues?state=open")
    assert issue["user"]["login"] == BOT and "contradict" in issue["body"]
    await github.comment("/resume")
    assert await github.api("GET", f"{REPO}/issues?state=open") == []
    assert "B01 is to be done" in await github.checklist()


async def test_execute_on_an_issue_opens_a_draft_and_starts_there(github: World) -> None:
    await github.commit({PLAN: PLAN_TEXT}, message="Plan")
    issue = (await github.api("POST", f"{REPO}/issues", "coda", {"title": "Totals are wrong"}))["number"]
    github.pull = issue
    await github.comment(f"/execute {PLAN} {BRANCH}")
    (pull,) = await github.api("GET", f"{REPO}/pulls?state=open")
    assert (pull["draft"], pull["user"]["login"], pull["head"]["ref"]) == (True, BOT, BRANCH)
    assert f"#{pull['number']}" in (await github.replies())[-1]
    github.pull = pull["number"]
    assert "B01 is to be done" in await github.checklist()


async def test_the_policy_of_the_base_branch_names_approvers(github: World) -> None:
    policy = ".github/stepwise.yml"
    await github.commit({policy: "approvers: [rita]\n"}, branch="main", by="olivia", message="Policy")
    # What the pull request brings for itself counts for nothing.
    await github.commit({policy: "approvers: [tom]\n", PLAN: PLAN_TEXT})
    await github.open_pull()
    await github.comment("/execute", by="tom")
    assert github.reactions() == ["-1"]
    await github.comment("/execute", by="rita")
    assert github.reactions() == ["-1", "+1"]
