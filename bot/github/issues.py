"""Issues, and the labels of issues and pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.github.answers import Json, field, optional, records
from bot.github.client import Client
from bot.github.errors import NotFound
from bot.github.repos import Repo


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, or a pull request seen as one."""

    number: int
    title: str
    body: str
    state: Literal["open", "closed"]
    labels: tuple[str, ...]
    is_pull_request: bool
    html_url: str


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
    )


def _label_names(value: Json) -> tuple[str, ...]:
    return tuple(field(label, "name", str, "a label") for label in records(value, "the labels"))
