"""Comments on issues and pull requests, and reactions to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bot.github.answers import Json, field, moment, optional
from bot.github.client import Client
from bot.github.repos import Repo

Reaction = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]
MOST_CHARACTERS = 65_536


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; `app_id` is the App it was written through, None for people."""

    id: int
    body: str
    user_login: str
    user_id: int | None
    user_is_bot: bool
    app_id: int | None
    created_at: datetime
    updated_at: datetime
    html_url: str


async def create(client: Client, repo: Repo, issue: int, body: str) -> Comment:
    """Comment on an issue or pull request. Raises Unprocessable for more than 65,536 characters."""
    return comment(
        await client.post(
            "/repos/{owner}/{repo}/issues/{issue}/comments",
            {"body": body},
            owner=repo.owner,
            repo=repo.name,
            issue=issue,
        )
    )


async def update(client: Client, repo: Repo, comment_id: int, body: str) -> Comment:
    """Replace a comment's text. Raises NotFound when somebody deleted it, as anybody who may write can."""
    return comment(
        await client.patch(
            "/repos/{owner}/{repo}/issues/comments/{comment_id}",
            {"body": body},
            owner=repo.owner,
            repo=repo.name,
            comment_id=comment_id,
        )
    )


async def get(client: Client, repo: Repo, comment_id: int) -> Comment:
    """One comment. Raises NotFound."""
    return comment(
        await client.get(
            "/repos/{owner}/{repo}/issues/comments/{comment_id}",
            owner=repo.owner,
            repo=repo.name,
            comment_id=comment_id,
        )
    )


async def delete(client: Client, repo: Repo, comment_id: int) -> None:
    """Delete a comment. Raises NotFound when it is gone."""
    await client.delete(
        "/repos/{owner}/{repo}/issues/comments/{comment_id}",
        owner=repo.owner,
        repo=repo.name,
        comment_id=comment_id,
    )


async def listed(
    client: Client, repo: Repo, issue: int, *, since: datetime | None = None, limit: int = 10_000
) -> tuple[list[Comment], bool]:
    """Comments by ascending id, those changed since a time only if it is given, and whether these are all."""
    items, complete = await client.pages(
        _LIST, limit=limit, owner=repo.owner, repo=repo.name, issue=issue, since=_iso(since)
    )
    return [comment(item) for item in items], complete


async def find_own(
    client: Client, repo: Repo, issue: int, *, marker: str, app_id: int, bot_user_id: int | None = None
) -> Comment | None:
    """The first comment with this marker that the App itself wrote; anybody can paste the marker."""
    async for page in client.each(_LIST, owner=repo.owner, repo=repo.name, issue=issue, since=None):
        own = _own(map(comment, page), marker, app_id, bot_user_id)
        if own is not None:
            return own
    return None


async def react(client: Client, repo: Repo, comment_id: int, reaction: Reaction) -> None:
    """React to a comment; doing it twice changes nothing."""
    await client.post(
        "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
        {"content": reaction},
        owner=repo.owner,
        repo=repo.name,
        comment_id=comment_id,
    )


_LIST = "/repos/{owner}/{repo}/issues/{issue}/comments{?since,per_page}"


def comment(value: Json) -> Comment:
    """A comment from an answer or a payload."""
    of = "the comment"
    return Comment(
        id=field(value, "id", int, of),
        body=optional(value, "body", str, of) or "",
        user_login=optional(value, "user.login", str, of) or "ghost",
        user_id=optional(value, "user.id", int, of),
        user_is_bot=optional(value, "user.type", str, of) == "Bot",
        app_id=optional(value, "performed_via_github_app.id", int, of),
        created_at=moment(value, "created_at", of),
        updated_at=moment(value, "updated_at", of),
        html_url=optional(value, "html_url", str, of) or "",
    )


def _own(comments: Iterable[Comment], marker: str, app_id: int, bot_user_id: int | None) -> Comment | None:
    for candidate in comments:
        # What people write with a token of this App names the App too, but the user then is that person.
        by_app = candidate.user_is_bot and candidate.app_id == app_id
        is_own = by_app if bot_user_id is None else candidate.user_id == bot_user_id
        if is_own and marker in candidate.body:
            return candidate
    return None


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
