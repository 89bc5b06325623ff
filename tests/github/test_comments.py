from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.github import comments, issues
from bot.github.client import Client
from bot.github.errors import Gone, NotFound, Unprocessable
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

LIST = "/repos/octo/plans/issues/3/comments"
MARKER = "<!-- stepwise:run -->"
APP, BOT = 17, 99


def comment(number: int, body: str | None = MARKER, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "body": body,
        "user": {"login": "stepwise[bot]", "id": BOT, "type": "Bot"},
        "performed_via_github_app": {"id": APP},
        "created_at": "2026-05-01T12:00:00Z",
        "updated_at": "2026-05-01T12:00:00Z",
        "html_url": f"https://github.example/c/{number}",
        **more,
    }


PERSON = {"login": "mallory", "id": 4, "type": "User"}
PASTED = comment(1, user=PERSON, performed_via_github_app=None)
THROUGH_THE_APP = comment(2, user=PERSON)
OTHER_BOT = comment(3, user={"login": "x[bot]", "id": 5, "type": "Bot"}, performed_via_github_app={"id": 18})


@pytest.mark.parametrize("bot_user_id", [None, BOT])
async def test_a_marker_is_trusted_only_from_the_app_itself(
    github: FakeGitHub, client: Client, repo: Repo, bot_user_id: int | None
) -> None:
    pasted_only = [PASTED, THROUGH_THE_APP, OTHER_BOT, comment(4, "no marker"), comment(5, None)]
    github.on("GET", LIST, Reply(pasted_only), Reply([*pasted_only, comment(6)]))
    for expected in (None, 6):
        found = await comments.find_own(client, repo, 3, marker=MARKER, app_id=APP, bot_user_id=bot_user_id)
        assert (found and found.id) == expected


async def test_an_own_comment_is_looked_for_on_every_page_but_no_further(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    for page, body in ((1, "x"), (2, MARKER), (3, MARKER)):
        query = "per_page=100" if page == 1 else f"page={page}"
        link = {"link": f'<{LIST}?page={page + 1}>; rel="next"'}
        github.on("GET", f"{LIST}?{query}", Reply([comment(page, body)], headers=link))
    found = await comments.find_own(client, repo, 3, marker=MARKER, app_id=APP)
    assert found is not None
    assert found.id == 2
    assert client.calls == 2


async def test_comments_since_a_time_are_asked_for_in_utc(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", LIST, Reply([comment(1, user=None)]))
    found, complete = await comments.listed(client, repo, 3, since=datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert (found[0].user_login, found[0].user_id, complete) == ("ghost", None, True)
    assert github.requests()[0].query == "since=2026-05-01T12%3A00%3A00Z&per_page=100"


async def test_a_comment_is_written_changed_read_and_deleted(github: FakeGitHub, client: Client, repo: Repo) -> None:
    one = "/repos/octo/plans/issues/comments/8"
    github.on("POST", LIST, Reply(comment(8), 201))
    github.on("PATCH", one, Reply(comment(8, "new")))
    github.on("GET", one, Reply(comment(8, "new")))
    github.on("DELETE", one, Reply(status=204))
    assert (await comments.create(client, repo, 3, "hello")).id == 8
    assert (await comments.update(client, repo, 8, "new")).body == "new"
    assert (await comments.get(client, repo, 8)).app_id == APP
    await comments.delete(client, repo, 8)
    assert [seen.body for seen in github.requests()] == [{"body": "hello"}, {"body": "new"}, None, None]


async def test_a_comment_that_somebody_deleted_is_not_found(github: FakeGitHub, client: Client, repo: Repo) -> None:
    with pytest.raises(NotFound):
        await comments.update(client, repo, 8, "new")


async def test_a_body_that_is_too_long_is_refused_in_githubs_words(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    words = "Body is too long (maximum is 65536 characters)"
    error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": words}
    github.on("POST", LIST, Reply({"message": "Validation Failed", "errors": [error]}, 422))
    with pytest.raises(Unprocessable) as refusal:
        await comments.create(client, repo, 3, "x")
    assert refusal.value.message == f"Validation Failed: {words}"


@pytest.mark.parametrize("status", [200, 201])
async def test_reacting_twice_is_as_good_as_once(github: FakeGitHub, client: Client, repo: Repo, status: int) -> None:
    github.on("POST", "/repos/octo/plans/issues/comments/8/reactions", Reply({"id": 1}, status))
    await comments.react(client, repo, 8, "+1")
    assert github.requests()[0].body == {"content": "+1"}


ISSUE = {"number": 4, "title": "t", "body": None, "state": "open", "labels": [{"name": "a"}]}


async def test_an_issue_is_opened_and_closed(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("POST", "/repos/octo/plans/issues", Reply(ISSUE, 201))
    github.on("PATCH", "/repos/octo/plans/issues/4", Reply({**ISSUE, "state": "closed"}))
    assert (await issues.create(client, repo, title="t", body="b", labels=["a"])).number == 4
    assert (await issues.update(client, repo, 4, state="closed", state_reason="completed")).state == "closed"
    assert [seen.body for seen in github.requests()] == [
        {"title": "t", "body": "b", "labels": ["a"]},
        {"state": "closed", "state_reason": "completed"},
    ]


async def test_issues_that_are_switched_off_are_gone(github: FakeGitHub, client: Client, repo: Repo) -> None:
    words = "Issues has been disabled in this repository."
    github.on("POST", "/repos/octo/plans/issues", Reply({"message": words}, 410))
    with pytest.raises(Gone, match="disabled"):
        await issues.create(client, repo, title="t", body="b")


async def test_a_pull_request_is_told_from_an_issue(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", "/repos/octo/plans/issues/4", Reply(ISSUE), Reply({**ISSUE, "pull_request": {"url": "x"}}))
    assert not (await issues.get(client, repo, 4)).is_pull_request
    assert (await issues.get(client, repo, 4)).is_pull_request


async def test_labels_are_added_and_one_that_is_absent_is_as_good_as_removed(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    labels = "/repos/octo/plans/issues/4/labels"
    github.on("POST", labels, Reply([{"name": "a"}, {"name": "b/c"}]))
    github.on("DELETE", f"{labels}/b%2Fc%3F%23", Reply({"message": "Label does not exist"}, 404))
    assert await issues.add_labels(client, repo, 4, ["b/c"]) == ("a", "b/c")
    await issues.remove_label(client, repo, 4, "b/c?#")


async def test_a_label_of_an_issue_that_is_gone_is_not_as_good_as_removed(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    with pytest.raises(NotFound):
        await issues.remove_label(client, repo, 4, "a")
