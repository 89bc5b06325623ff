"""The merge queue: a group gets the four checks on its own head, and they say what its pull requests say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox import Answer, Reset, control
from bot.sandbox.faults import ApiAction
from bot.sandbox.git.store import GitStore
from tests.e2e.scenario import PLAN, PLAN_FILES, PLAN_TEXT, Scenario, block_files, plan_with

NAMES = ("stepwise/plan", "stepwise/scope", "stepwise/gates", "stepwise/progress")


def queue_on_main(github: Scenario, *required: str) -> None:
    """Main is merged into by a queue, which wants these checks (default: all four)."""
    wanted: dict[str, int | None] = dict.fromkeys(required or NAMES)
    control.protect(github.sandbox.repo("acme/shop"), "main", wanted, merge_queue=True)


async def small_pull(github: Scenario, name: str) -> int:
    """A pull request without a plan."""
    await github.push({f"src/shop/{name}.py": "X = 1\n"}, branch=f"feature/{name}", start="origin/main")
    return await github.open_pull(branch=f"feature/{name}", title=name)


async def queued(github: Scenario, number: int, *, settle: bool = True, leave: str | None = None) -> None:
    control.queue(
        github.sandbox.hub, github.sandbox.repo("acme/shop"), number, github.sandbox.user("maria"), leave=leave
    )
    if settle:
        await github.settle()


def asked(github: Scenario) -> list[dict[str, Any]]:
    """The groups whose checks were asked for, oldest first, each once."""
    found = {
        one.event.payload["merge_group"]["head_sha"]: one.event.payload["merge_group"]
        for one in github.sandbox.hooks.attempts
        if one.event.name == "merge_group" and one.event.action == "checks_requested"
    }
    return list(found.values())


def why_left(github: Scenario) -> list[tuple[int, str]]:
    found = {
        (one.event.guid, one.event.payload["number"], one.event.payload["reason"]): None
        for one in github.sandbox.hooks.attempts
        if one.event.name == "pull_request" and one.event.action == "dequeued"
    }
    return [(number, reason) for _, number, reason in found]


def posted(github: Scenario, head: str) -> list[str]:
    """The names of the bot's check runs on a commit, with doubles."""
    runs = github.sandbox.repo("acme/shop").check_runs.values()
    return sorted(run.name for run in runs if run.suite.head_sha == head and run.suite.app.id == github.sandbox.app_id)


async def is_merged(github: Scenario, number: int) -> bool:
    return bool((await github.api("GET", f"/repos/acme/shop/pulls/{number}", "olivia"))["merged"])


async def finished(github: Scenario) -> int:
    await github.all_blocks_done()
    await github.comment("/verdict PASS")
    return github.pull


async def test_a_group_of_one_without_a_plan_is_merged(github: Scenario) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github)
    await queued(github, number)
    (group,) = asked(github)
    checks = await github.checks(group["head_sha"])
    assert {check.conclusion for check in checks.values()} == {"success"} and len(checks) == 4
    assert f"#{number}" in checks["plan"].summary
    assert await is_merged(github, number)


async def test_a_group_of_one_with_a_finished_plan_is_merged_and_closed_out(github: Scenario) -> None:
    number = await finished(github)
    queue_on_main(github)
    await queued(github, number)
    assert await is_merged(github, number)
    assert await github.file("docs/exec-plans/completed/2026-01-checkout-totals.md", ref="main") is None
    assert "closeout" in (await github.checklist()).lower()


async def test_every_check_of_a_group_is_in_progress_before_anything_is_looked_up(github: Scenario) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github)
    github.sandbox.faults.add(Answer(502, None), path=rf"/pulls/{number}$", method="GET", times=0)
    await queued(github, number)
    # What GitHub said of the queue before has failed already, and is being tried again.
    await github.wait(5)
    (group,) = asked(github)
    checks = await github.checks(group["head_sha"])
    assert len(checks) == 4 and {check.conclusion for check in checks.values()} == {None}
    github.sandbox.faults.clear()
    await github.wait(60)
    assert await is_merged(github, number)
    assert posted(github, group["head_sha"]) == sorted(NAMES)


async def test_a_group_of_three_is_merged_when_all_three_pass(github: Scenario) -> None:
    numbers = [await small_pull(github, name) for name in ("one", "two", "three")]
    queue_on_main(github, *NAMES, "tests")
    for number in numbers:
        await github.ci(ref=f"feature/{['one', 'two', 'three'][number - numbers[0]]}")
    for number in numbers:
        await queued(github, number)
    groups = asked(github)
    last = await github.checks(groups[-1]["head_sha"])
    assert {check.conclusion for check in last.values()} == {"success"}
    assert all(f"#{number}" in last["scope"].summary for number in numbers)
    assert last["scope"].title.startswith("3 pull requests")
    for group in groups:
        await github.ci(ref=group["head_sha"])
    assert [await is_merged(github, number) for number in numbers] == [True] * 3


async def test_a_running_plan_blocks_its_group_and_the_check_says_which_and_why(github: Scenario) -> None:
    await github.started()
    number = github.pull
    queue_on_main(github, "stepwise/plan")
    await queued(github, number)
    (group,) = asked(github)
    check = (await github.checks(group["head_sha"]))["plan"]
    assert check.conclusion == "failure"
    assert f"#{number}" in check.title and "stepwise/progress" in check.summary
    assert why_left(github) == [(number, "CI_FAILURE")]
    assert not await is_merged(github, number)


async def test_one_blocked_pull_request_blocks_every_group_that_it_is_in(github: Scenario) -> None:
    small = await small_pull(github, "one")
    await github.started()
    planned = github.pull
    other = await small_pull(github, "two")
    queue_on_main(github, "stepwise/plan", "tests")
    for ref in ("feature/one", "feature/checkout-totals", "feature/two"):
        await github.ci(ref=ref)
    # All three groups are there before the bot hears of the first.
    for _ in range(3):
        github.sandbox.faults.add_hook("held", event="merge_group", action="checks_requested")
    for number in (small, planned, other):
        await queued(github, number)
    github.sandbox.hooks.release()
    await github.settle()
    first, second, third = asked(github)[:3]
    assert (await github.checks(first["head_sha"]))["plan"].conclusion == "success"
    for group in (second, third):
        check = (await github.checks(group["head_sha"]))["plan"]
        assert check.conclusion == "failure" and f"#{planned}" in check.title


async def test_a_contract_that_was_changed_meanwhile_keeps_the_group_out(github: Scenario) -> None:
    await github.planned()
    number = github.pull
    await github.comment("/execute")
    queue_on_main(github, "stepwise/plan")
    github.sandbox.faults.add_hook("held", event="merge_group")
    await queued(github, number)
    github.sandbox.faults.add_hook("held", event="pull_request", action="synchronize")
    changed = plan_with(("Rounding", "Rounding up")) if "Rounding" in PLAN_TEXT else PLAN_TEXT + "\n"
    await github.push({PLAN: changed})
    github.sandbox.hooks.release()
    await github.settle()
    (group, *_) = asked(github)
    check = (await github.checks(group["head_sha"]))["plan"]
    assert check.conclusion == "failure" and f"#{number}" in check.title
    assert not await is_merged(github, number)


async def test_a_run_that_was_aborted_meanwhile_keeps_the_group_out(github: Scenario) -> None:
    await github.policy("record: off\n")
    number = await finished(github)
    queue_on_main(github, "stepwise/plan")
    github.sandbox.faults.add_hook("held", event="merge_group")
    await queued(github, number)
    (entry,) = github.sandbox.repo("acme/shop").queues["main"]
    await github.comment("/abort no longer wanted")
    github.sandbox.hooks.release()
    await github.settle()
    check = (await github.checks(entry.group.head_sha))["plan"]
    assert check.conclusion == "failure" and "stepwise/progress" in check.summary
    assert not await is_merged(github, number)


async def test_who_is_taken_out_of_the_queue_leaves_no_work_behind(github: Scenario) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github, *NAMES, "tests")
    await github.ci(ref="feature/one")
    await queued(github, number)
    await queued(github, number, leave="MANUAL")
    with github.calls() as calls:
        await github.wait(60)
    assert not calls.made
    await queued(github, number)
    assert {check.conclusion for check in (await github.checks(asked(github)[-1]["head_sha"])).values()} == {"success"}


async def test_a_group_that_is_gone_when_the_bot_hears_of_it_is_no_trouble(github: Scenario) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github)
    gone = Answer(422, {"message": "No commit found for SHA: 0000"})
    github.sandbox.faults.add(gone, path=r"/check-runs$", method="POST", times=1)
    await queued(github, number)
    with github.calls() as calls:
        await github.wait(60)
    assert not calls.made


async def test_asking_for_a_groups_check_again_answers_again_with_new_runs(github: Scenario) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github, *NAMES, "tests")
    await github.ci(ref="feature/one")
    await queued(github, number)
    head = asked(github)[-1]["head_sha"]
    before = await github.checks(head)
    await github.api("POST", f"/repos/acme/shop/check-runs/{before['gates'].id}/rerequest", "maria")
    await github.settle()
    after = await github.checks(head)
    assert after["gates"].id > before["gates"].id
    assert {check.conclusion for check in after.values()} == {"success"}


@pytest.mark.parametrize(
    ("action", "method", "path"),
    [
        (Answer(502, None), "POST", r"/check-runs$"),
        (Reset(after=True), "POST", r"/check-runs$"),
        (Answer(502, None), "PATCH", r"/check-runs/"),
        (Answer(503, None), "GET", r"/compare/main\.\.\."),
        (Reset(after=True), "PATCH", r"/check-runs/"),
    ],
    ids=["refused to post", "posted unheard", "refused to conclude", "cannot compare", "concluded unheard"],
)
async def test_a_passing_fault_loses_nothing_and_posts_nothing_twice(
    github: Scenario, action: ApiAction, method: str, path: str
) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github, *NAMES, "tests")
    await github.ci(ref="feature/one")
    github.sandbox.faults.add(action, path=path, method=method, nth=2 if method != "GET" else 1, times=1)
    await queued(github, number)
    for _ in range(4):
        await github.wait(30)
    head = asked(github)[-1]["head_sha"]
    assert {check.conclusion for check in (await github.checks(head)).values()} == {"success"}
    assert posted(github, head) == sorted(NAMES)


async def test_what_github_refuses_to_tell_is_a_failure_with_its_words(github: Scenario) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github, *NAMES, "tests")
    await github.ci(ref="feature/one")
    refusal = Answer(403, {"message": "Resource not accessible by integration"})
    await github.settle()
    head = await github.head()
    github.sandbox.faults.add(refusal, path=rf"/commits/{head}/check-runs", method="GET", times=0)
    await queued(github, number)
    check = (await github.checks(asked(github)[-1]["head_sha"]))["plan"]
    github.sandbox.faults.clear()
    assert check.conclusion == "failure"
    assert "Resource not accessible by integration" in check.summary


async def test_a_lost_request_is_asked_for_again_by_the_sweep(github: Scenario) -> None:
    number = await small_pull(github, "one")
    queue_on_main(github)
    github.sandbox.faults.add_hook("failed", event="merge_group", action="checks_requested")
    await queued(github, number)
    assert not await is_merged(github, number)
    await github.wait(11 * 60)
    assert await is_merged(github, number)


async def test_a_group_with_a_commit_that_is_nobodys_fails(github: Scenario) -> None:
    """The queue may write commits of its own; one that cannot be traced to a pull request is never let through."""
    number = await small_pull(github, "one")
    queue_on_main(github, *NAMES, "tests")
    await github.ci(ref="feature/one")
    await github.push(block_files("B01") | PLAN_FILES, branch="stray", by="maria", start="origin/main")
    shop = github.sandbox.repo("acme/shop")
    stray = shop.git.branch("stray")
    assert stray is not None
    # The queue of the sandbox builds on the last entry's head: pretend that one was made of the stray commit.
    await queued(github, number)
    (entry,) = shop.queues["main"]
    shop.queues["main"] = [replace(entry, group=replace(entry.group, head_sha=stray))]
    other = await small_pull(github, "two")
    await github.ci(ref="feature/two")
    await queued(github, other)
    check = (await github.checks(asked(github)[-1]["head_sha"]))["plan"]
    assert check.conclusion == "failure"
    assert f"The commit {stray[:7]}" in check.title


@pytest.fixture
def squashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue writes one commit per pull request, with none of the pull request's own in its history."""
    add_commit = GitStore.add_commit

    def squashed(git: GitStore, tree: str, parents: list[str], message: str, *people: Any) -> str:
        is_queues = message.startswith("Merge pull request") and len(parents) == 2
        return add_commit(git, tree, parents[:1] if is_queues else parents, message, *people)

    monkeypatch.setattr(GitStore, "add_commit", squashed)


@pytest.mark.usefixtures("squashing")
async def test_groups_of_squashed_pull_requests_are_known_by_the_groups_before_them(github: Scenario) -> None:
    numbers = [await small_pull(github, name) for name in ("one", "two")]
    queue_on_main(github, *NAMES, "tests")
    for name in ("one", "two"):
        await github.ci(ref=f"feature/{name}")
    for number in numbers:
        await queued(github, number)
    groups = asked(github)
    check = (await github.checks(groups[-1]["head_sha"]))["plan"]
    assert check.conclusion == "success"
    assert all(f"#{number}" in check.summary for number in numbers)


@pytest.mark.usefixtures("squashing")
async def test_a_squashed_running_plan_blocks_its_own_group_and_the_one_behind_it(github: Scenario) -> None:
    await github.started()
    planned = github.pull
    other = await small_pull(github, "two")
    queue_on_main(github, "stepwise/plan", "tests")
    for ref in ("feature/checkout-totals", "feature/two"):
        await github.ci(ref=ref)
    for _ in range(2):
        github.sandbox.faults.add_hook("held", event="merge_group", action="checks_requested")
    for number in (planned, other):
        await queued(github, number)
    github.sandbox.hooks.release()
    await github.settle()
    for group in asked(github)[:2]:
        check = (await github.checks(group["head_sha"]))["plan"]
        assert check.conclusion == "failure" and f"#{planned}" in check.title
