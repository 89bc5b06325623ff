"""Reviews and comments on lines: submitted, edited, dismissed, reacted to; and who may change what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox
from tests.sandbox.conftest import Api, HookBox, open_pull

AsUser = Callable[[str], Api]
SHOP = "/repos/acme/shop"
LINE = {"path": "src/new.txt", "line": 2, "body": "Why?"}


@pytest.fixture
async def pull(sandbox: Sandbox, as_user: AsUser, hookbox: HookBox) -> AsyncIterator[str]:
    await open_pull(as_user("coda"))
    await sandbox.settle()
    hookbox.got.clear()
    yield f"{SHOP}/pulls/1"


async def heard(sandbox: Sandbox, hookbox: HookBox) -> list[str]:
    await sandbox.settle()
    for hook in hookbox.got:
        parse(hook.event, hook.raw)
    return hookbox.names()


async def test_a_review_is_edited_and_its_old_body_told(
    sandbox: Sandbox, as_user: AsUser, hookbox: HookBox, pull: str
) -> None:
    made = (await as_user("ada")("POST", f"{pull}/reviews", json={"event": "COMMENT", "body": "/status"})).body
    path = f"{pull}/reviews/{made['id']}"
    assert (await as_user("rita")("PUT", path, json={"body": "mine"})).status == 403
    assert (await as_user("maria")("PUT", path, json={"body": "/approve"})).body["body"] == "/approve"
    assert (await as_user("rita")("GET", path)).body["body"] == "/approve"
    assert await heard(sandbox, hookbox) == ["pull_request_review.submitted", "pull_request_review.edited"]
    edited = hookbox.last("pull_request_review.edited")
    assert edited["changes"] == {"body": {"from": "/status"}}
    assert (edited["sender"]["login"], edited["review"]["user"]["login"]) == ("maria", "ada")


@pytest.mark.malformed
async def test_an_approval_is_dismissed_by_a_writer(
    sandbox: Sandbox, as_user: AsUser, hookbox: HookBox, pull: str
) -> None:
    made = (await as_user("ada")("POST", f"{pull}/reviews", json={"event": "APPROVE"})).body
    path = f"{pull}/reviews/{made['id']}/dismissals"
    assert (await as_user("rita")("PUT", path, json={"message": "no"})).status == 403
    assert (await as_user("maria")("PUT", path, json={})).status == 422
    assert (await as_user("maria")("PUT", path, json={"message": "too early"})).body["state"] == "DISMISSED"
    assert (await as_user("maria")("PUT", path, json={"message": "again"})).status == 422
    assert (await heard(sandbox, hookbox))[-1] == "pull_request_review.dismissed"
    assert hookbox.last("pull_request_review.dismissed")["review"]["state"] == "dismissed"


async def test_a_review_brings_comments_on_lines(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox, pull: str
) -> None:
    body = {"event": "REQUEST_CHANGES", "comments": [LINE, LINE | {"body": "/execute"}]}
    made = (await as_user("ada")("POST", f"{pull}/reviews", json=body)).body
    listed = (await as_bot("GET", f"{pull}/reviews/{made['id']}/comments")).body
    assert [one["body"] for one in listed] == ["Why?", "/execute"]
    assert [one["id"] for one in (await as_bot("GET", f"{pull}/comments")).body] == [one["id"] for one in listed]
    assert (await as_bot("GET", pull)).body["review_comments"] == 2
    assert await heard(sandbox, hookbox) == [
        "pull_request_review.submitted",
        *["pull_request_review_comment.created"] * 2,
    ]
    assert hookbox.last("pull_request_review_comment.created")["comment"]["diff_hunk"].startswith("@@ -0,0 +1,2 @@")
    wrong = {"event": "COMMENT", "comments": [LINE | {"path": "README.md"}]}
    assert (await as_user("ada")("POST", f"{pull}/reviews", json=wrong)).status == 422


@pytest.mark.malformed
async def test_a_lone_comment_is_answered_edited_and_deleted(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox, pull: str
) -> None:
    head = sandbox.repo("acme/shop").pull(1).head_sha
    ada = as_user("ada")
    for wrong in (LINE, LINE | {"commit_id": "0" * 40}, LINE | {"commit_id": head, "line": None}):
        assert (await ada("POST", f"{pull}/comments", json=wrong)).status == 422
    made = (await ada("POST", f"{pull}/comments", json=LINE | {"commit_id": head})).body
    path = f"{SHOP}/pulls/comments/{made['id']}"
    reply = await as_bot("POST", f"{pull}/comments/{made['id']}/replies", json={"body": "Noted"})
    assert (reply.status, reply.body["in_reply_to_id"], reply.body["line"]) == (201, made["id"], 2)
    again = await ada("POST", f"{pull}/comments", json={"body": "Thanks", "in_reply_to": reply.body["id"]})
    assert again.body["in_reply_to_id"] == made["id"]
    assert (await as_user("rita")("PATCH", path, json={"body": "x"})).status == 403
    assert (await as_user("maria")("PATCH", path, json={"body": "/pause"})).status == 200
    assert (await as_bot("GET", path)).body["body"] == "/pause"
    assert (await ada("DELETE", path)).status == 204
    assert (await as_bot("GET", path)).status == 404
    names = [name for name in await heard(sandbox, hookbox) if name.startswith("pull_request_review_comment")]
    assert names == [
        f"pull_request_review_comment.{what}" for what in ("created", "created", "created", "edited", "deleted")
    ]


@pytest.mark.malformed
async def test_reactions_to_comments_on_lines_come_once(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, pull: str
) -> None:
    head = sandbox.repo("acme/shop").pull(1).head_sha
    made = (await as_user("ada")("POST", f"{pull}/comments", json=LINE | {"commit_id": head})).body
    path = f"{SHOP}/pulls/comments/{made['id']}"
    left = [await as_bot("POST", f"{path}/reactions", json={"content": "eyes"}) for _ in range(2)]
    assert [one.status for one in left] == [201, 200]
    assert (await as_bot("POST", f"{path}/reactions", json={"content": "meh"})).status == 422
    assert (await as_bot("GET", path)).body["reactions"]["eyes"] == 1
    mine = f"{path}/reactions/{left[0].body['id']}"
    assert (await as_user("maria")("DELETE", mine)).status == 404
    assert (await as_bot("DELETE", mine)).status == 204
    assert (await as_bot("GET", f"{path}/reactions")).body == []
    installed = sandbox.installation()
    less = installed.permissions | {"pull_requests": "read"}
    as_bot.token = sandbox.hub.vault.issue(installed, less, None).token
    assert (await as_bot("POST", f"{path}/reactions", json={"content": "eyes"})).status == 403


async def test_an_app_without_the_permission_hears_no_reviews(
    sandbox: Sandbox, as_user: AsUser, hookbox: HookBox, pull: str
) -> None:
    del sandbox.installation().permissions["pull_requests"]
    await as_user("ada")("POST", f"{pull}/reviews", json={"event": "APPROVE"})
    assert await heard(sandbox, hookbox) == []
