from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.github import issues, reviews
from bot.github.client import Client
from bot.github.errors import Gone, NotFound
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

LIST = "/repos/octo/plans/issues"
MARKER = "<!-- stepwise:planning -->"


def issue(number: int, **more: Any) -> dict[str, Any]:
    return {
        "number": number,
        "title": "Plan again",
        "body": f"Blocked.\n{MARKER}",
        "state": "open",
        "labels": [{"name": "planning"}],
        "html_url": f"https://github.example/octo/plans/issues/{number}",
        "user": {"login": "stepwise[bot]", "id": 9, "type": "Bot"},
        "performed_via_github_app": {"id": 17},
        **more,
    }


async def test_an_issue_is_opened_changed_and_closed(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("POST", LIST, Reply(issue(4), 201))
    github.on("PATCH", f"{LIST}/4", Reply(issue(4, title="Plan anew")), Reply(issue(4, state="closed")))
    opened = await issues.create(client, repo, title="Plan again", body="Blocked.", labels=["planning"])
    assert (opened.number, opened.app_id, opened.user_is_bot, opened.is_pull_request) == (4, 17, True, False)
    assert (await issues.update(client, repo, 4, title="Plan anew")).title == "Plan anew"
    assert (await issues.close(client, repo, 4, reason="not_planned")).state == "closed"
    assert [seen.body for seen in github.requests()] == [
        {"title": "Plan again", "body": "Blocked.", "labels": ["planning"]},
        {"title": "Plan anew"},
        {"state": "closed", "state_reason": "not_planned"},
    ]


async def test_switched_off_issues_are_an_error_of_their_own(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("POST", LIST, Reply({"message": "Issues has been disabled in this repository."}, 410))
    with pytest.raises(Gone):
        await issues.create(client, repo, title="t", body="b")


NOT_OWN: dict[str, dict[str, Any]] = {
    "a person pasted the marker": {"user": {"login": "eve", "id": 6, "type": "User"}, "performed_via_github_app": None},
    "a person wrote it through the App": {"user": {"login": "eve", "id": 6, "type": "User"}},
    "another App wrote it": {"performed_via_github_app": {"id": 18}, "user": {"id": 10, "type": "Bot"}},
    "it has another marker": {"body": "<!-- stepwise:other -->"},
    "it has no text": {"body": None},
    "it is a pull request": {"pull_request": {"url": "https://api.example"}},
}


@pytest.mark.parametrize("bot_user_id", [None, 9])
@pytest.mark.parametrize("case", NOT_OWN)
async def test_only_the_bots_own_issue_with_the_marker_is_found(
    github: FakeGitHub, client: Client, repo: Repo, case: str, bot_user_id: int | None
) -> None:
    link = {"link": f'<{LIST}?page=2>; rel="next"'}
    github.on("GET", LIST, Reply([issue(8, **NOT_OWN[case])], headers=link))
    github.on("GET", f"{LIST}?page=2", Reply([issue(4)]))
    found = await issues.find_own(client, repo, marker=MARKER, app_id=17, bot_user_id=bot_user_id)
    assert found is not None
    assert found.number == 4
    assert github.requests()[0].query == "state=open&per_page=100"


async def test_the_search_can_leave_out_what_has_long_been_at_rest(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", LIST, Reply([]))
    since = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert await issues.find_own(client, repo, marker=MARKER, app_id=17, state="all", since=since) is None
    assert github.requests()[0].query == "state=all&since=2026-05-01T12%3A00%3A00Z&per_page=100"


async def test_a_comment_on_a_line_of_the_diff_gets_its_reaction(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    path = "/repos/octo/plans/pulls/comments/8/reactions"
    github.on("POST", path, Reply({"id": 1, "content": "+1"}, 201), Reply({"id": 1, "content": "+1"}, 200))
    await reviews.react(client, repo, 8, "+1")
    await reviews.react(client, repo, 8, "+1")
    assert [seen.body for seen in github.requests()] == [{"content": "+1"}, {"content": "+1"}]
    with pytest.raises(NotFound):
        await reviews.react(client, repo, 9, "+1")
