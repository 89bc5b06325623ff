"""Issues: opened, changed, closed for a reason, labelled, talked about; or switched off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from githubkit.webhooks import parse

from bot.sandbox import Sandbox
from tests.sandbox.conftest import Api, HookBox, open_pull

AsUser = Callable[[str], Api]
ISSUES = "/repos/acme/shop/issues"


async def opened(api: Api, **how: Any) -> int:
    answer = await api("POST", ISSUES, json={"title": "Plan again"} | how)
    assert answer.status == 201, answer.body
    number: int = answer.body["number"]
    return number


async def test_an_issue_lives(sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox) -> None:
    number = await opened(as_bot, labels=["follow-up"], body="b")
    path = f"{ISSUES}/{number}"
    changes: list[dict[str, Any]] = [
        {"title": "Plan anew"},
        {"labels": ["follow-up", "bug"]},
        {"state": "closed", "state_reason": "not_planned"},
        {"state": "open"},
    ]
    for change in changes:
        assert (await as_bot("PATCH", path, json=change)).status == 200
    await as_user("maria")("POST", f"{path}/comments", json={"body": "/execute"})
    await sandbox.settle()
    for hook in hookbox.got:
        parse(hook.event, hook.raw)
    told = ["opened", "edited", "labeled", "closed", "reopened"]
    assert hookbox.names() == [*(f"issues.{what}" for what in told), "issue_comment.created"]
    assert hookbox.last("issues.opened")["issue"]["labels"][0]["name"] == "follow-up"
    assert hookbox.last("issues.closed")["issue"]["state_reason"] == "not_planned"
    assert "pull_request" not in hookbox.last("issue_comment.created")["issue"]


@pytest.mark.malformed
@pytest.mark.parametrize("wrong", [{"state": "gone"}, {"state": "closed", "state_reason": "boredom"}])
async def test_states_and_reasons_are_githubs(as_bot: Api, wrong: dict[str, str]) -> None:
    assert (await as_bot("PATCH", f"{ISSUES}/{await opened(as_bot)}", json=wrong)).status == 422


async def test_issues_are_listed_by_state_label_author_and_time(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    sandbox.clock.freeze()
    first = await opened(as_bot, labels=["bug"])
    sandbox.clock.advance(60)
    since = sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    second = await opened(as_user("maria"), assignees=["ada"])
    await as_bot("PATCH", f"{ISSUES}/{first}", json={"state": "closed"})

    async def found(query: str) -> list[int]:
        return [one["number"] for one in (await as_bot("GET", f"{ISSUES}?{query}")).body]

    assert await found("") == await found("assignee=ada") == await found("creator=maria") == [second]
    assert await found("state=closed") == await found("state=all&labels=bug") == [first]
    assert await found("state=all&direction=asc") == await found("state=all&direction=asc&sort=updated")
    assert await found("assignee=*&state=all") == [second]
    assert await found(f"since={since}&state=all") == [second, first]
    assert await found("since=2999-01-01T00:00:00Z&state=all") == []


async def test_readers_open_issues_but_label_none(as_user: AsUser) -> None:
    number = await opened(as_user("rita"), labels=["bug"])
    assert (await as_user("rita")("GET", f"{ISSUES}/{number}")).body["labels"] == []
    assert (await as_user("oscar")("PATCH", f"{ISSUES}/{number}", json={"state": "closed"})).status == 403
    assert (await as_user("rita")("PATCH", f"{ISSUES}/{number}", json={"state": "closed"})).status == 200


async def test_an_app_needs_issues_write_for_plain_issues(sandbox: Sandbox, as_user: AsUser, as_bot: Api) -> None:
    number = await opened(as_user("maria"))
    installed = sandbox.installation()
    less = {name: level for name, level in installed.permissions.items() if name != "issues"}
    as_bot.token = sandbox.hub.vault.issue(installed, less, None).token
    assert (await as_bot("POST", ISSUES, json={"title": "t"})).status == 403
    assert (await as_bot("POST", f"{ISSUES}/{number}/comments", json={"body": "x"})).status == 403
    await open_pull(as_user("coda"))
    assert (await as_bot("POST", f"{ISSUES}/{number + 1}/comments", json={"body": "x"})).status == 201


async def test_where_issues_are_disabled_they_are_gone(as_user: AsUser, as_bot: Api) -> None:
    number = await opened(as_bot)
    await open_pull(as_user("coda"))
    assert (await as_user("olivia")("PATCH", "/repos/acme/shop", json={"has_issues": False})).status == 200
    gone = await as_bot("POST", ISSUES, json={"title": "t"})
    assert (gone.status, gone.body["message"]) == (410, "Issues are disabled for this repo")
    assert (await as_bot("GET", f"{ISSUES}/{number}")).status == 410
    assert (await as_bot("POST", f"{ISSUES}/{number + 1}/comments", json={"body": "x"})).status == 201


async def test_a_box_is_ticked_by_whoever_may_write(
    sandbox: Sandbox, as_user: AsUser, as_bot: Api, hookbox: HookBox
) -> None:
    number = await opened(as_bot)
    made = (await as_bot("POST", f"{ISSUES}/{number}/comments", json={"body": "- [ ] B01"})).body
    path = f"{ISSUES}/comments/{made['id']}"
    assert (await as_user("rita")("PATCH", path, json={"body": "- [x] B01"})).status == 403
    assert (await as_user("coda")("PATCH", path, json={"body": "- [x] B01"})).status == 200
    await sandbox.settle()
    told = hookbox.last("issue_comment.edited")
    assert told["changes"]["body"]["from"] == "- [ ] B01"
    assert (told["sender"]["login"], told["comment"]["user"]["login"]) == ("coda", "stepwise[bot]")
    assert told["comment"]["performed_via_github_app"]["slug"] == "stepwise"
