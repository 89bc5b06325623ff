"""Pull requests: what they are, what they change, and opening one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.github import urls
from bot.github.answers import Json, field, moment, optional, records
from bot.github.client import Client
from bot.github.comparison import ChangedFile, Commit, changed_file, commit
from bot.github.repos import Repo

# GitHub lists no more than these, however many there are.
_MOST_FILES = 3000
_MOST_COMMITS = 250


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request; the head repository is None when the fork was deleted, the counts in lists."""

    id: int
    number: int
    title: str
    body: str
    state: Literal["open", "closed"]
    is_draft: bool
    is_merged: bool
    merge_commit_sha: str | None
    user_login: str
    user_id: int | None
    head_sha: str
    head_ref: str
    head_repository_id: int | None
    head_full_name: str | None
    base_sha: str
    base_ref: str
    base_repository_id: int
    base_full_name: str | None
    labels: tuple[str, ...]
    changed_files: int | None
    commits: int | None
    html_url: str
    updated_at: datetime

    @property
    def is_from_fork(self) -> bool:
        return self.head_repository_id != self.base_repository_id


async def get(client: Client, repo: Repo, number: int) -> PullRequest:
    """One pull request. Raises NotFound."""
    return pull_request(
        await client.get("/repos/{owner}/{repo}/pulls/{number}", owner=repo.owner, repo=repo.name, number=number)
    )


async def listed(
    client: Client,
    repo: Repo,
    *,
    state: Literal["open", "closed", "all"] = "open",
    head_owner: str | None = None,
    head_branch: str | None = None,
) -> tuple[list[PullRequest], bool]:
    """Pull requests, newest first, and whether these are all.

    A head branch is looked for in the repository of `head_owner` (default: this one).
    """
    head = None if head_branch is None else f"{head_owner or repo.owner}:{head_branch}"
    items, complete = await client.pages(
        "/repos/{owner}/{repo}/pulls{?state,head,per_page}", owner=repo.owner, repo=repo.name, state=state, head=head
    )
    found = [pull_request(item) for item in items]
    # GitHub ignores a head filter that it does not understand and lists everything.
    return [pull for pull in found if head_branch is None or pull.head_ref == head_branch], complete


async def files(client: Client, repo: Repo, number: int, changed_files: int) -> tuple[list[ChangedFile], bool]:
    """The changed files (3,000 at most), and whether these are all of the `changed_files` the pull request counts."""
    items, complete = await client.pages(
        "/repos/{owner}/{repo}/pulls/{number}/files{?per_page}",
        limit=_MOST_FILES,
        owner=repo.owner,
        repo=repo.name,
        number=number,
    )
    return [changed_file(item) for item in items], complete and len(items) == changed_files


async def commits(client: Client, repo: Repo, number: int) -> tuple[list[Commit], bool]:
    """The commits, oldest first, and whether these are all (GitHub lists 250 at most)."""
    items, complete = await client.pages(
        "/repos/{owner}/{repo}/pulls/{number}/commits{?per_page}", owner=repo.owner, repo=repo.name, number=number
    )
    return [commit(item) for item in items], complete and len(items) < _MOST_COMMITS


async def of_commit(client: Client, repo: Repo, sha: str) -> list[PullRequest]:
    """The pull requests that hold this commit, those from forks included, which `pull_requests` in payloads lacks."""
    items, _ = await client.pages(
        "/repos/{owner}/{repo}/commits/{sha}/pulls{?per_page}",
        owner=repo.owner,
        repo=repo.name,
        sha=urls.commit_sha(sha),
    )
    return [pull_request(item) for item in items]


async def create(
    client: Client, repo: Repo, *, title: str, body: str, head: str, base: str, draft: bool = False
) -> PullRequest:
    """Open a pull request from branch `head` (or `owner:branch`). Raises Unprocessable when there is one already."""
    wanted = {"title": title, "body": body, "head": head, "base": base, "draft": draft}
    return pull_request(await client.post("/repos/{owner}/{repo}/pulls", wanted, owner=repo.owner, repo=repo.name))


async def update(
    client: Client,
    repo: Repo,
    number: int,
    *,
    title: str | None = None,
    body: str | None = None,
    state: Literal["open", "closed"] | None = None,
) -> PullRequest:
    """Change title, body or state; what is None stays."""
    wanted = {name: value for name, value in (("title", title), ("body", body), ("state", state)) if value is not None}
    return pull_request(
        await client.patch(
            "/repos/{owner}/{repo}/pulls/{number}", wanted, owner=repo.owner, repo=repo.name, number=number
        )
    )


def pull_request(value: Json) -> PullRequest:
    """A pull request from an answer or a payload."""
    of = "the pull request"
    state = field(value, "state", str, of)
    labels = records(optional(value, "labels", list, of) or [], "the labels")
    return PullRequest(
        id=field(value, "id", int, of),
        number=field(value, "number", int, of),
        title=field(value, "title", str, of),
        body=optional(value, "body", str, of) or "",
        state="open" if state == "open" else "closed",
        is_draft=optional(value, "draft", bool, of) or False,
        # Lists have no `merged`, only the time of it.
        is_merged=optional(value, "merged_at", str, of) is not None,
        merge_commit_sha=optional(value, "merge_commit_sha", str, of),
        # A deleted account is null.
        user_login=optional(value, "user.login", str, of) or "ghost",
        user_id=optional(value, "user.id", int, of),
        head_sha=field(value, "head.sha", str, of),
        head_ref=field(value, "head.ref", str, of),
        head_repository_id=optional(value, "head.repo.id", int, of),
        head_full_name=optional(value, "head.repo.full_name", str, of),
        base_sha=field(value, "base.sha", str, of),
        base_ref=field(value, "base.ref", str, of),
        base_repository_id=field(value, "base.repo.id", int, of),
        base_full_name=optional(value, "base.repo.full_name", str, of),
        labels=tuple(field(label, "name", str, "a label") for label in labels),
        changed_files=optional(value, "changed_files", int, of),
        commits=optional(value, "commits", int, of),
        html_url=optional(value, "html_url", str, of) or "",
        updated_at=moment(value, "updated_at", of),
    )
