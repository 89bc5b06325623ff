"""A run that cannot go on says so on the pull request, in GitHub's own words, once, and takes it back when it can.

Where nothing can be said there, it is in the log and counted, and nothing is tried in a circle.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Answer, control
from bot.sandbox.faults import ApiFault
from tests.e2e.scenario import BRANCH, PLAN
from tests.e2e.story import TWO_BLOCKS
from tests.e2e.troubled import NOT_OURS, Waiting, look_on, told, troubled

HOUR = 60
ARCHIVED = {"message": "Repository was archived so is read-only.", "documentation_url": "https://docs.github.com/rest"}
TOO_LONG = {"message": "Validation Failed: Body is too long (maximum is 65536 characters)"}


@pytest.fixture
async def github(app_key: str, tmp_path: Path, database: str) -> AsyncIterator[Waiting]:
    async with troubled(app_key, tmp_path) as scenario:
        yield scenario


async def pushed(github: Waiting) -> str:
    """Somebody pushes, and the bot is not waited for."""
    return await github.push({"src/shop/money.py": "X = 1\n"}, settle=False)


def failed_reactions(github: Waiting) -> float:
    return github.bot.metrics.registry.get_sample_value("stepwise_reactions_total", {"outcome": "failed"}) or 0.0


def change_installation(github: Waiting, action: control.InstallationAction) -> None:
    hub = github.sandbox.hub
    control.change_installation(hub, github.sandbox.installation(), action, github.sandbox.user("olivia"))


@pytest.mark.parametrize(
    ("method", "path", "refusal", "words"),
    [
        ("GET", "/pulls/1$", Answer(502), "502"),
        ("GET", "/compare/", Answer(500, {"message": "Sorry, this diff is taking too long to generate."}), "too long"),
        ("PATCH", r"/issues/comments/\d+$", Answer(422, TOO_LONG), "Body is too long"),
        ("POST", "/check-runs$", Answer(403, NOT_OURS), "Resource not accessible by integration"),
    ],
    ids=["an hour of 502", "a comparison that takes too long", "a body that is too long", "a permission missing"],
)
async def test_what_lasts_for_an_hour_is_told_once_in_githubs_words_and_taken_back(
    method: str, path: str, refusal: Answer, words: str, github: Waiting
) -> None:
    await github.started(TWO_BLOCKS)
    rule = github.trouble.add(refusal, path=path, method=method, times=0)
    head = await pushed(github)
    await look_on(github, HOUR)
    (said,) = await told(github)
    assert words in said
    github.trouble.api.remove(rule)
    await github.settle()
    assert await told(github) == []
    assert set(await github.checks(head)) == {"plan", "scope", "gates", "progress"}


async def test_an_hour_without_github_at_all_leaves_nothing_said_and_nothing_undone(github: Waiting) -> None:
    await github.started(TWO_BLOCKS)
    rules = [github.trouble.add(Answer(503), times=0)]
    head = await pushed(github)
    await look_on(github, HOUR)
    assert failed_reactions(github) >= 5
    clear(github, rules)
    await github.settle()
    assert await told(github) == []
    assert set(await github.checks(head)) == {"plan", "scope", "gates", "progress"}


async def test_an_archived_repository_is_not_written_to_in_a_circle_and_goes_on_when_it_is_back(
    github: Waiting,
) -> None:
    await github.started(TWO_BLOCKS)
    refusal, path = Answer(403, ARCHIVED), "^/repos/"
    rules = [github.trouble.add(refusal, path=path, method=method, times=0) for method in ("POST", "PATCH")]
    head = await pushed(github)
    sent = len(github.bot_calls())
    await look_on(github, HOUR)
    assert failed_reactions(github) >= 5
    assert len(github.bot_calls()) - sent < 150
    clear(github, rules)
    await github.settle()
    assert await told(github) == []
    assert set(await github.checks(head)) == {"plan", "scope", "gates", "progress"}


async def test_a_suspended_app_is_silent_and_goes_on_when_it_may_again(github: Waiting) -> None:
    await github.started(TWO_BLOCKS)
    change_installation(github, "suspend")
    head = await pushed(github)
    await look_on(github, HOUR)
    assert failed_reactions(github) >= 3
    change_installation(github, "unsuspend")
    await look_on(github, 11)
    assert await told(github) == []
    assert set(await github.checks(head)) == {"plan", "scope", "gates", "progress"}


async def test_an_app_that_is_taken_away_asks_for_nothing_any_more(github: Waiting) -> None:
    await github.started(TWO_BLOCKS)
    change_installation(github, "deleted")
    await look_on(github, 30)
    sent = len(github.sandbox.requests.calls)
    await look_on(github, HOUR)
    asked = [call for call in github.sandbox.requests.calls[sent:] if "/app/hook/deliveries" not in call.path]
    assert asked == []


async def test_a_permission_that_is_not_granted_is_told_until_it_is(github: Waiting) -> None:
    await github.started(TWO_BLOCKS)
    del github.sandbox.installation().permissions["checks"]
    github.sandbox.hub.vault.tokens.clear()
    head = await pushed(github)
    await look_on(github, 10)
    (said,) = await told(github)
    assert "Resource not accessible by integration" in said
    change_installation(github, "new_permissions_accepted")
    await look_on(github, 70)
    assert await told(github) == []
    assert set(await github.checks(head)) == {"plan", "scope", "gates", "progress"}


async def test_a_branch_that_takes_no_direct_commits_is_told_on_the_checklist_until_it_does(github: Waiting) -> None:
    await github.planned(TWO_BLOCKS)
    repo = github.sandbox.repo("acme/shop")
    control.protect(repo, BRANCH, {}, pull_request=True)
    await github.comment("/execute")
    assert "Changes must be made through a pull request" in await github.checklist()
    assert "B01 is to be done" in await github.checklist()
    control.protect(repo, BRANCH, None)
    await github.block_pushed("B01")
    await github.comment("/approve")
    assert "Changes must be made through a pull request" not in await github.checklist()
    assert "Result: `done`" in (await github.file(PLAN) or "")


async def test_a_worker_whose_workflow_is_not_there_is_told_once_with_what_to_do(github: Waiting) -> None:
    await github.policy("gates: {patience_minutes: 1440}\nworkers: {default: {workflow: worker.yml}}\n")
    await github.planned(TWO_BLOCKS)
    await github.comment("/execute")
    (said,) = [reply for reply in await github.replies() if "worker.yml" in reply]
    assert "/retry" in said
    await look_on(github, HOUR)
    assert len([reply for reply in await github.replies() if "worker.yml" in reply]) == 1


async def test_a_base_branch_that_goes_closes_the_pull_request_and_ends_what_is_tried(github: Waiting) -> None:
    await github.push({"notes.txt": "1\n"}, branch="release", start="origin/main")
    await github.push({PLAN: TWO_BLOCKS}, start="origin/release")
    await github.open_pull(base="release")
    await github.comment("/execute")
    await github.api("DELETE", "/repos/acme/shop/git/refs/heads/release", "olivia")
    await github.settle()
    assert (await github.pull_request())["state"] == "closed"
    await look_on(github, 10)
    assert failed_reactions(github) == 0
    assert await told(github) == []


def clear(github: Waiting, rules: list[ApiFault]) -> None:
    for rule in rules:
        github.trouble.api.remove(rule)
