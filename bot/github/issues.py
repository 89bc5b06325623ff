"""Issues, and the labels of issues and pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bot.github.answers import Json, field, optional, records
from bot.github.client import Client
from bot.github.errors import NotFound
from bot.github.repos import Repo


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, or a pull request seen as one; `app_id` is the App it was written through, None for people."""

    number: int
    title: str
    body: str
    state: Literal["open", "closed"]
    labels: tuple[str, ...]
    is_pull_request: bool
    html_url: str
    user_id: int | None = None
    user_is_bot: bool = False
    app_id: int | None = None


async def get(client: Client, repo: Repo, number: int) -> Issue:
    """One issue. Raises NotFound, or Gone when it was deleted or issues are switched off."""
    return issue(
        await client.get("/repos/{owner}/{repo}/issues/{number}", owner=repo.owner, repo=repo.name, number=number)
    )


async def create(client: Client, repo: Repo, *, title: str, body: str, labels: Sequence[str] = ()) -> Issue:
    """Open an issue. Raises Gone when the repository has issues switched off."""
    wanted = {"title": title, "body": body, "labels": list(labels)}
    return issue(await client.post("/repos/{owner}/{repo}/issues", wanted, owner=repo.owner, repo=repo.name))


async def update(
    client: Client,
    repo: Repo,
    number: int,
    *,
    title: str | None = None,
    body: str | None = None,
    state: Literal["open", "closed"] | None = None,
    state_reason: Literal["completed", "not_planned", "reopened"] | None = None,
) -> Issue:
    """Change, close or reopen an issue; what is None stays."""
    given = {"title": title, "body": body, "state": state, "state_reason": state_reason}
    wanted = {name: value for name, value in given.items() if value is not None}
    return issue(
        await client.patch(
            "/repos/{owner}/{repo}/issues/{number}", wanted, owner=repo.owner, repo=repo.name, number=number
        )
    )


async def close(
    client: Client, repo: Repo, number: int, *, reason: Literal["completed", "not_planned"] = "completed"
) -> Issue:
    """Close an issue; one that is closed already stays so."""
    return await update(client, repo, number, state="closed", state_reason=reason)


async def find_own(
    client: Client,
    repo: Repo,
    *,
    marker: str,
    app_id: int,
    bot_user_id: int | None = None,
    state: Literal["open", "closed", "all"] = "open",
    since: datetime | None = None,
) -> Issue | None:
    """The newest issue with this marker that the App itself opened; anybody can paste the marker.

    With `since` only those that changed at that time or later are looked at, which keeps busy repositories cheap.
    """
    async for page in client.each(
        "/repos/{owner}/{repo}/issues{?state,since,per_page}",
        owner=repo.owner,
        repo=repo.name,
        state=state,
        since=None if since is None else since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    ):
        # GitHub lists pull requests as issues, too.
        for found in map(issue, page):
            if not found.is_pull_request and marker in found.body and _is_own(found, app_id, bot_user_id):
                return found
    return None


async def add_labels(client: Client, repo: Repo, number: int, labels: Sequence[str]) -> tuple[str, ...]:
    """Add labels to an issue or pull request; all that it has then."""
    value = await client.post(
        "/repos/{owner}/{repo}/issues/{number}/labels",
        {"labels": list(labels)},
        owner=repo.owner,
        repo=repo.name,
        number=number,
    )
    return _label_names(value)


async def remove_label(client: Client, repo: Repo, number: int, label: str) -> None:
    """Remove a label; one that is not there is as good as removed."""
    try:
        await client.delete(
            "/repos/{owner}/{repo}/issues/{number}/labels/{label}",
            owner=repo.owner,
            repo=repo.name,
            number=number,
            label=label,
        )
    except NotFound as error:
        # GitHub says "Label does not exist" then; any other 404 means that the issue or repository is gone.
        if "label" not in error.message.lower():
            raise


def issue(value: Json) -> Issue:
    """An issue from an answer or a payload."""
    of = "the issue"
    return Issue(
        number=field(value, "number", int, of),
        title=field(value, "title", str, of),
        body=optional(value, "body", str, of) or "",
        state="open" if field(value, "state", str, of) == "open" else "closed",
        labels=_label_names(optional(value, "labels", list, of) or []),
        is_pull_request=optional(value, "pull_request", dict, of) is not None,
        html_url=optional(value, "html_url", str, of) or "",
        user_id=optional(value, "user.id", int, of),
        user_is_bot=optional(value, "user.type", str, of) == "Bot",
        app_id=optional(value, "performed_via_github_app.id", int, of),
    )


def _is_own(found: Issue, app_id: int, bot_user_id: int | None) -> bool:
    # What people write with a token of this App names the App too, but the user then is that person.
    if bot_user_id is not None:
        return found.user_id == bot_user_id
    return found.user_is_bot and found.app_id == app_id


def _label_names(value: Json) -> tuple[str, ...]:
    return tuple(field(label, "name", str, "a label") for label in records(value, "the labels"))
