"""GitHub in trouble: what passes is waited out and leaves no trace, what stays is said in GitHub's own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Answer, PrimaryLimit, Reset, SecondaryLimit
from bot.sandbox.faults import ApiAction
from tests.e2e.scenario import BRANCH, COMPLETED, PLAN, Scenario
from tests.e2e.story import TWO_BLOCKS
from tests.e2e.troubled import NOT_OURS, Waiting, look_on, told, troubled


@pytest.fixture
async def github(app_key: str, tmp_path: Path, database: str) -> AsyncIterator[Waiting]:
    async with troubled(app_key, tmp_path) as scenario:
        yield scenario


@pytest.mark.parametrize(
    ("limit", "seconds", "path"),
    [
        (SecondaryLimit(403, retry_after=120), 120, r"/comments/\d+/reactions$"),
        (SecondaryLimit(429, retry_after=300), 300, "/git/refs/"),
        (SecondaryLimit(403, retry_after=None), 60, r"/pulls/1$"),
        (SecondaryLimit(429, retry_after=90), 90, "/check-runs$"),
        (PrimaryLimit(reset_in=900), 900, r"/issues/comments/\d+$"),
        (PrimaryLimit(reset_in=500), 500, "/git/trees$"),
    ],
)
async def test_nothing_is_sent_before_the_limit_ends(
    limit: ApiAction, seconds: int, path: str, github: Waiting
) -> None:
    await github.planned()
    github.trouble.add(limit, path=path)
    await github.comment("/execute", settle=False)
    await Scenario.settle(github)
    struck = github.sandbox.clock.now()
    sent = len(github.bot_calls())
    for _ in range(4):
        github.sandbox.clock.advance((seconds - 2) / 4)
        github.bot.dispatcher.wake()
        await Scenario.settle(github)
    assert github.bot_calls()[sent:] == []
    await github.settle()
    later = github.bot_calls()[sent:]
    assert later
    assert (later[0].at - struck).total_seconds() >= seconds - 1
    assert "B01 is to be done" in await github.checklist()
    assert (await github.commits())[0]["commit"]["message"].startswith("Start executing")


RULE = {"message": "Repository rule violations found\n\nChanges must be made through a pull request."}


@pytest.mark.parametrize(
    ("refusal", "words"),
    [(Answer(422, RULE), "Changes must be made through a pull request"), (Answer(403, NOT_OURS), "Resource not acc")],
)
async def test_a_record_that_github_refuses_is_said_and_the_run_goes_on(
    refusal: Answer, words: str, github: Waiting
) -> None:
    await github.planned()
    rule = github.trouble.add(refusal, path="/git/refs/heads/", method="PATCH", times=0)
    said = await github.comment("/execute")
    assert await github.reactions(said) == ["+1"]
    assert words in await github.checklist()
    assert "B01 is to be done" in await github.checklist()
    await github.block_pushed("B01")
    github.trouble.api.remove(rule)
    await github.comment("/approve")
    assert words not in await github.checklist()
    assert (await github.commits())[0]["commit"]["message"].startswith("Record B01")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/check-runs$"), ("POST", r"/issues/\d+/comments$"), ("PATCH", "/issues/comments/")]
)
async def test_a_view_that_github_refuses_is_tried_until_it_goes_through(
    method: str, path: str, github: Waiting
) -> None:
    await github.planned()
    await github.push({}, message="Look again", settle=False)
    github.trouble.add(Answer(403, NOT_OURS), path=path, method=method, times=3)
    await github.comment("/execute")
    assert "B01 is to be done" in await github.checklist()
    assert set(await github.checks()) == {"plan", "scope", "gates", "progress"}


async def test_a_check_that_github_refuses_for_long_is_told_in_githubs_words_until_it_goes_through(
    github: Waiting,
) -> None:
    rule = github.trouble.add(Answer(403, NOT_OURS), path="/check-runs$", method="POST", times=0)
    await github.push({PLAN: TWO_BLOCKS}, settle=False)
    made = await github.api("POST", "/repos/acme/shop/pulls", "coda", {"title": "T", "head": BRANCH, "base": "main"})
    github.pull = made["number"]
    for _ in range(6):
        await Scenario.settle(github)
        github.sandbox.clock.advance(40)
        github.bot.dispatcher.wake()
    await Scenario.settle(github)
    (told,) = [one.body for one in await github.comments() if "stepwise:fault" in one.body]
    assert "Resource not accessible by integration" in told
    github.trouble.api.remove(rule)
    await github.settle()
    assert [one.body for one in await github.comments() if "stepwise:fault" in one.body] == []
    assert set(await github.checks()) == {"plan", "scope", "gates", "progress"}


async def test_a_fault_that_github_did_not_let_be_told_at_first_is_told_once_in_the_end(github: Waiting) -> None:
    await github.started()
    rule = github.trouble.add(Answer(403, NOT_OURS), path="/check-runs$", method="POST", times=0)
    github.trouble.add(Answer(502), path=r"/issues/\d+/comments$", method="POST")
    github.trouble.add(Reset(after=True), path=r"/issues/\d+/comments$", method="POST")
    await github.push({"src/shop/money.py": "X = 1\n"}, settle=False)
    await look_on(github, 12)
    assert len(await told(github)) == 1
    github.trouble.api.remove(rule)
    await github.settle()
    assert await told(github) == []


async def test_what_was_told_of_a_fault_is_taken_back_also_when_github_is_away_at_that_moment(github: Waiting) -> None:
    await github.started()
    rule = github.trouble.add(Answer(403, NOT_OURS), path="/check-runs$", method="POST", times=0)
    await github.push({"src/shop/money.py": "X = 1\n"}, settle=False)
    await look_on(github, 6)
    (before,) = await told(github)
    github.trouble.api.remove(rule)
    github.trouble.add(Answer(502), path=r"/issues/comments/\d+$", method="DELETE", times=2)
    await look_on(github, 2)
    assert await told(github) == [before]
    await github.settle()
    assert await told(github) == []


@pytest.mark.parametrize("refusal", [Answer(403, NOT_OURS), Answer(422, {"message": "Validation Failed"})])
async def test_a_closeout_that_github_refuses_is_said_and_can_be_said_again(refusal: Answer, github: Waiting) -> None:
    await github.all_blocks_done()
    await github.comment("/verdict PASS")
    rule = github.trouble.add(refusal, path="/repos/acme/shop/pulls$", method="POST", times=0)
    await github.merge()
    assert refusal.body["message"] in await github.checklist()
    assert await github.file(COMPLETED, ref="main") is None
    github.trouble.api.remove(rule)
    said = await github.comment("/closeout")
    assert await github.reactions(said) == ["+1"]
    opened = await github.api("GET", "/repos/acme/shop/pulls?state=open", "olivia")
    assert [one["head"]["ref"].startswith("stepwise/closeout/2026-01-checkout-totals") for one in opened] == [True]


async def test_a_branch_that_moves_under_the_record_is_read_again(github: Waiting) -> None:
    await github.planned()
    github.trouble.add(
        Answer(422, {"message": "Update is not a fast forward"}), path="/git/refs/heads/", method="PATCH", times=6
    )
    await github.comment("/execute")
    messages = [one["commit"]["message"].partition("\n")[0] for one in await github.commits(BRANCH)]
    assert messages.count("Start executing Checkout Totals") == 1


async def test_a_check_run_that_github_no_longer_has_is_made_again(github: Scenario) -> None:
    await github.planned()
    before = (await github.checks())["gates"]
    assert before.conclusion is None
    gone = Answer(404, {"message": "Not Found"})
    github.sandbox.faults.add(gone, path=f"/check-runs/{before.id}$", method="PATCH", times=0)
    await github.ci("success")
    after = (await github.checks())["gates"]
    assert (after.conclusion, after.id != before.id) == ("success", True)
