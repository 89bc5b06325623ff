"""The merge queue: groups on branches of their own, merged when their checks pass, made anew when one fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox, control
from tests.sandbox.conftest import Api, HookBox, open_pull, write_branch

AsUser = Callable[[str], Api]
SHOP = "/repos/acme/shop"


@pytest.fixture
async def queue(sandbox: Sandbox, as_user: AsUser, hookbox: HookBox) -> AsyncIterator[Callable[..., Any]]:
    """Open two green pull requests under a merge queue; gives the way to queue them."""
    shop = sandbox.repo("acme/shop")
    for name in ("one", "two"):
        await open_pull(as_user("coda"), f"feature/{name}", {f"{name}.txt": "x\n"})
    control.protect(shop, "main", {"plan": None}, merge_queue=True)
    for pull in shop.pulls():
        control.set_ci(sandbox.hub, shop, pull.head_sha, "plan", "success")
    await sandbox.settle()
    hookbox.got.clear()
    anybody = as_user("ada")

    async def queued(number: int | None = None, *, login: str = "ada", status: int = 200, **how: str) -> Any:
        body = {"repo": "acme/shop", "login": login, **how} | ({"number": number} if number else {})
        answer = await anybody("POST", "/_sandbox/queue", json=body)
        assert answer.status == status, answer.body
        return answer.body.get("entries")

    yield queued


def of_queue(hookbox: HookBox) -> list[str]:
    """Name what the queue said, with the reasons."""
    said = []
    for one in hookbox.got:
        parse(one.event, one.raw)
        if one.event == "merge_group" or one.payload.get("action") in ("enqueued", "dequeued", "closed"):
            said.append(" ".join([one.name, one.payload.get("reason", "")]).strip())
    return said


async def test_a_group_is_a_branch_with_the_trial_and_asks_for_checks(
    sandbox: Sandbox, queue: Callable[..., Any], hookbox: HookBox
) -> None:
    git = sandbox.repo("acme/shop").git
    base = git.branch("main")
    group = (await queue(1))[0]["merge_group"]
    assert group["head_ref"] == f"refs/heads/gh-readonly-queue/main/pr-1-{base}"
    assert (group["base_sha"], group["base_ref"]) == (base, "refs/heads/main")
    assert git.ref(group["head_ref"]) == group["head_sha"]
    assert "one.txt" in git.flat(git.tree_of(group["head_sha"]))
    await sandbox.settle()
    assert hookbox.last("merge_group.checks_requested")["merge_group"] == group
    assert hookbox.last("push")["ref"] == group["head_ref"]
    assert of_queue(hookbox) == ["pull_request.enqueued", "merge_group.checks_requested"]


async def test_a_group_whose_checks_pass_is_merged(
    sandbox: Sandbox, queue: Callable[..., Any], hookbox: HookBox, as_bot: Api
) -> None:
    group = (await queue(1))[0]["merge_group"]
    done = {"name": "plan", "head_sha": group["head_sha"], "conclusion": "success"}
    assert (await as_bot("POST", f"{SHOP}/check-runs", json=done)).status == 201
    shop = sandbox.repo("acme/shop")
    assert shop.git.branch("main") == group["head_sha"]
    assert shop.git.ref(group["head_ref"]) is None
    pull = (await as_bot("GET", f"{SHOP}/pulls/1")).body
    assert (pull["merged"], pull["merged_by"]["login"], pull["merge_commit_sha"]) == (True, "ada", group["head_sha"])
    await sandbox.settle()
    assert of_queue(hookbox)[2:] == [
        "pull_request.closed", "pull_request.dequeued MERGE", "merge_group.destroyed merged",
    ]  # fmt: skip


async def test_the_second_group_stands_on_the_first_and_waits_for_it(
    sandbox: Sandbox, queue: Callable[..., Any]
) -> None:
    await queue(1)
    first, second = [one["merge_group"] for one in await queue(2)]
    assert second["base_sha"] == first["head_sha"]
    shop = sandbox.repo("acme/shop")
    control.set_ci(sandbox.hub, shop, second["head_sha"], "plan", "success")
    assert len(await queue()) == 2
    control.set_ci(sandbox.hub, shop, first["head_sha"], "plan", "success")
    assert await queue() == []
    assert shop.git.branch("main") == second["head_sha"]


async def test_what_fails_leaves_and_the_groups_behind_are_made_anew(
    sandbox: Sandbox, queue: Callable[..., Any], hookbox: HookBox
) -> None:
    await queue(1)
    first, second = [one["merge_group"] for one in await queue(2)]
    control.set_ci(sandbox.hub, sandbox.repo("acme/shop"), first["head_sha"], "plan", "failure")
    (left,) = await queue()
    assert left["number"] == 2
    assert left["merge_group"]["base_sha"] == first["base_sha"]
    assert left["merge_group"]["head_sha"] != second["head_sha"]
    await sandbox.settle()
    assert of_queue(hookbox)[4:] == [
        "pull_request.dequeued CI_FAILURE", "merge_group.destroyed dequeued", "merge_group.destroyed invalidated",
        "merge_group.checks_requested",
    ]  # fmt: skip


async def test_a_check_that_never_comes_times_out(
    sandbox: Sandbox, queue: Callable[..., Any], hookbox: HookBox
) -> None:
    await queue(1)
    sandbox.clock.advance(3_600)
    assert await queue() == []
    await sandbox.settle()
    assert "pull_request.dequeued CI_TIMEOUT" in of_queue(hookbox)


@pytest.mark.parametrize("reason", ["MANUAL", "QUEUE_CLEARED"])
async def test_people_take_pull_requests_out(
    sandbox: Sandbox, queue: Callable[..., Any], hookbox: HookBox, reason: str
) -> None:
    await queue(1)
    await queue(1, leave="BORED", status=400)
    assert await queue(1, leave=reason) == []
    await queue(1, leave=reason, status=422)
    await sandbox.settle()
    assert f"pull_request.dequeued {reason}" in of_queue(hookbox)
    assert hookbox.last("pull_request.dequeued")["sender"]["login"] == "ada"


async def test_a_new_head_and_a_conflict_leave_the_queue(
    sandbox: Sandbox, queue: Callable[..., Any], hookbox: HookBox, as_user: AsUser
) -> None:
    await queue(1)
    await write_branch(as_user("coda"), "feature/one", {"one.txt": "other\n"})
    assert await queue() == []
    await open_pull(as_user("coda"), "feature/three", {"two.txt": "not x\n"})
    shop = sandbox.repo("acme/shop")
    control.set_ci(sandbox.hub, shop, shop.pull(3).head_sha, "plan", "success")
    await queue(2)
    assert [one["number"] for one in await queue(3)] == [2]
    await sandbox.settle()
    reasons = [one.payload["reason"] for one in hookbox.got if one.name == "pull_request.dequeued"]
    assert reasons == ["UNKNOWN_REMOVAL_REASON", "MERGE_CONFLICT"]


async def test_who_may_queue_what(sandbox: Sandbox, queue: Callable[..., Any], as_user: AsUser) -> None:
    await queue(1, login="rita", status=403)
    await queue(9, status=404)
    await queue(1)
    await queue(1, status=422)
    shop = sandbox.repo("acme/shop")
    control.set_ci(sandbox.hub, shop, shop.pull(2).head_sha, "plan", "failure")
    await queue(2, status=422)
    refused = await as_user("ada")("PUT", f"{SHOP}/pulls/1/merge", json={})
    assert refused.status == 405
    assert "merge queue" in refused.body["message"]
    control.protect(shop, "main", {"plan": None})
    await queue(2, status=422)
