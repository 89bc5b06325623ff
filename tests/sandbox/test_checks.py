"""Checks, comments, reactions and workflows: their limits and who may touch them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox import Sandbox, control
from tests.sandbox.conftest import Api, open_pull

AsUser = Callable[[str], Api]
SHOP = "/repos/acme/shop"
OUTPUT = {"title": "t", "summary": "s"}
NOTE = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
BUTTON = {"label": "Approve", "description": "d", "identifier": "approve"}


@pytest.mark.malformed
@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "waiting"},
        {"conclusion": "stale"},
        {"status": "completed"},
        {"output": {"title": "t"}},
        {"output": OUTPUT | {"summary": "x" * 65_536}},
        {"output": OUTPUT | {"text": "x" * 65_536}},
        {"output": OUTPUT | {"annotations": [NOTE] * 51}},
        {"output": OUTPUT | {"annotations": [NOTE | {"annotation_level": "loud"}]}},
        {"actions": [BUTTON] * 4},
        {"actions": [BUTTON | {"label": "x" * 21}]},
        {"actions": [BUTTON | {"description": "x" * 41}]},
        {"actions": [BUTTON | {"identifier": "x" * 21}]},
        {"head_sha": "1" * 40},
    ],
)
async def test_check_runs_beyond_the_limits_are_refused(sandbox: Sandbox, as_bot: Api, wrong: dict[str, Any]) -> None:
    sha = sandbox.repo("acme/shop").git.branch("main")
    answer = await as_bot("POST", f"{SHOP}/check-runs", json={"name": "n", "head_sha": sha} | wrong)
    assert answer.status == 422


async def test_a_check_run_at_the_limits_is_taken(sandbox: Sandbox, as_bot: Api) -> None:
    sha = sandbox.repo("acme/shop").git.branch("main")
    output = {"title": "t", "summary": "s" * 65_535, "text": "t" * 65_535, "annotations": [NOTE] * 50}
    body = {"name": "n", "head_sha": sha, "output": output, "actions": [BUTTON] * 3, "conclusion": "success"}
    made = await as_bot("POST", f"{SHOP}/check-runs", json=body)
    assert made.body["status"] == "completed"
    await as_bot("PATCH", f"{SHOP}/check-runs/{made.body['id']}", json={"output": OUTPUT | {"annotations": [NOTE] * 2}})
    run = (await as_bot("GET", f"{SHOP}/check-runs/{made.body['id']}")).body
    assert run["output"]["annotations_count"] == 52


async def test_only_the_app_that_made_a_run_may_change_it(sandbox: Sandbox, as_bot: Api, as_user: AsUser) -> None:
    run = control.set_ci(sandbox.hub, sandbox.repo("acme/shop"), "main", "tests", None)
    answer = await as_bot("PATCH", f"{SHOP}/check-runs/{run.id}", json={"conclusion": "success"})
    assert answer.status == 403
    assert answer.body["message"].startswith(f"Invalid app_id `{sandbox.app_id}`")
    sha = sandbox.repo("acme/shop").git.branch("main")
    human = await as_user("olivia")("POST", f"{SHOP}/check-runs", json={"name": "n", "head_sha": sha})
    assert (human.status, human.body["message"]) == (403, "You must authenticate via a GitHub App.")


async def test_latest_means_the_newest_of_a_name_in_one_suite(sandbox: Sandbox, as_bot: Api) -> None:
    shop = sandbox.repo("acme/shop")
    for conclusion in ("failure", "success"):
        control.set_ci(sandbox.hub, shop, "main", "tests", conclusion)
    await as_bot("POST", f"{SHOP}/check-runs", json={"name": "tests", "head_sha": shop.git.branch("main")})

    async def found(query: str) -> list[tuple[str, str | None]]:
        runs = (await as_bot("GET", f"{SHOP}/commits/main/check-runs?{query}")).body["check_runs"]
        return [(run["app"]["slug"], run["conclusion"]) for run in runs]

    assert await found("") == [("stepwise", None), ("ci", "success")]
    assert len(await found("filter=all")) == 3
    assert await found("app_id=5151&check_name=tests") == [("ci", "success")]


async def test_a_rerequest_leaves_the_run_and_resets_the_suite(sandbox: Sandbox, as_bot: Api) -> None:
    sha = sandbox.repo("acme/shop").git.branch("main")
    made = await as_bot("POST", f"{SHOP}/check-runs", json={"name": "n", "head_sha": sha, "conclusion": "success"})
    assert (await as_bot("POST", f"{SHOP}/check-runs/{made.body['id']}/rerequest")).status == 201
    assert (await as_bot("GET", f"{SHOP}/check-runs/{made.body['id']}")).body["conclusion"] == "success"
    suite = (await as_bot("GET", f"{SHOP}/check-suites/{made.body['check_suite']['id']}")).body
    assert (suite["status"], suite["conclusion"]) == ("queued", None)


async def test_other_apps_buttons_are_none_of_our_business(sandbox: Sandbox) -> None:
    control.set_ci(sandbox.hub, sandbox.repo("acme/shop"), "main", "tests", "success")
    await sandbox.settle()
    names = [(one.event.name, one.event.action) for one in sandbox.hooks.attempts]
    assert ("check_run", "completed") in names
    assert ("check_suite", "requested") not in names


@pytest.mark.malformed
async def test_statuses_are_combined_by_context(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    sha = sandbox.repo("acme/shop").git.branch("main")
    assert (await as_bot("GET", f"{SHOP}/commits/{sha}/status")).body["state"] == "pending"
    for state, context in (("failure", "a"), ("success", "a"), ("success", "b")):
        await as_user("ada")("POST", f"{SHOP}/statuses/{sha}", json={"state": state, "context": context})
    combined = (await as_bot("GET", f"{SHOP}/commits/{sha}/status")).body
    assert (combined["state"], combined["total_count"]) == ("success", 2)
    assert len((await as_bot("GET", f"{SHOP}/commits/{sha}/statuses")).body) == 3
    wrong = await as_user("ada")("POST", f"{SHOP}/statuses/{sha}", json={"state": "fine"})
    assert wrong.status == 422
    assert (await as_user("tom")("POST", f"{SHOP}/statuses/{sha}", json={"state": "success"})).status == 404


async def test_a_comment_holds_65536_characters(as_user: AsUser, as_bot: Api) -> None:
    await open_pull(as_user("coda"))
    path = f"{SHOP}/issues/1/comments"
    made = await as_bot("POST", path, json={"body": "x" * 65_536})
    assert made.status == 201
    too_long = {
        "resource": "IssueComment",
        "field": "data",
        "code": "unprocessable",
        "message": "Body is too long (maximum is 65536 characters)",
    }
    for method, target in (("POST", path), ("PATCH", f"{SHOP}/issues/comments/{made.body['id']}")):
        answer = await as_bot(method, target, json={"body": "x" * 65_537})
        assert (answer.status, answer.body["errors"]) == (422, [too_long])


async def test_comments_are_changed_by_their_author_or_a_writer(as_user: AsUser, as_bot: Api) -> None:
    await open_pull(as_user("coda"))
    made = (await as_bot("POST", f"{SHOP}/issues/1/comments", json={"body": "x"})).body
    path = f"{SHOP}/issues/comments/{made['id']}"
    assert (await as_user("oscar")("PATCH", path, json={"body": "y"})).status == 403
    assert (await as_user("ada")("PATCH", path, json={"body": "y"})).status == 200
    assert (await as_user("ada")("DELETE", path)).status == 204
    assert (await as_bot("PATCH", path, json={"body": "z"})).status == 404


@pytest.mark.malformed
async def test_a_second_reaction_of_a_kind_is_the_first(as_user: AsUser, as_bot: Api) -> None:
    await open_pull(as_user("coda"))
    made = (await as_user("ada")("POST", f"{SHOP}/issues/1/comments", json={"body": "x"})).body
    path = f"{SHOP}/issues/comments/{made['id']}/reactions"
    assert [(await as_bot("POST", path, json={"content": "eyes"})).status for _ in range(2)] == [201, 200]
    assert (await as_bot("POST", path, json={"content": "meh"})).status == 422
    assert (await as_bot("GET", f"{SHOP}/issues/comments/{made['id']}")).body["reactions"]["eyes"] == 1


async def test_labels_are_made_once_and_removed_once(as_user: AsUser, as_bot: Api) -> None:
    await open_pull(as_user("coda"))
    again = await as_bot("POST", f"{SHOP}/labels", json={"name": "bug"})
    assert (again.status, again.body["errors"][0]["code"]) == (422, "already_exists")
    await as_bot("POST", f"{SHOP}/issues/1/labels", json={"labels": ["needs work"]})
    assert (await as_bot("DELETE", f"{SHOP}/issues/1/labels/needs%20work")).status == 200
    absent = await as_bot("DELETE", f"{SHOP}/issues/1/labels/needs%20work")
    assert (absent.status, absent.body["message"]) == (404, "Label does not exist")


@pytest.mark.malformed
@pytest.mark.parametrize(
    ("workflow", "body", "status"),
    [
        ("ci.yml", {"ref": "main"}, 204),
        ("ci.yml", {"ref": "main", "return_run_details": True}, 200),
        ("nope.yml", {"ref": "main"}, 404),
        ("ci.yml", {"ref": "nowhere"}, 422),
        ("ci.yml", {"ref": "main", "inputs": {"surprise": "x"}}, 422),
        ("ci.yml", {"ref": "main", "inputs": {"nonce": "x" * 65_536}}, 422),
        ("ci.yml", {"ref": "main", "inputs": {f"i{n}": "x" for n in range(26)}}, 422),
    ],
)
async def test_workflows_are_dispatched(as_bot: Api, workflow: str, body: dict[str, Any], status: int) -> None:
    answer = await as_bot("POST", f"{SHOP}/actions/workflows/{workflow}/dispatches", json=body)
    assert answer.status == status
    runs = (await as_bot("GET", f"{SHOP}/actions/runs")).body
    assert runs["total_count"] == (1 if status < 300 else 0)
