"""Commits, and what lies between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from bot.github import urls
from bot.github.answers import Json, field, optional, records
from bot.github.client import Client
from bot.github.errors import NotFound, UnexpectedAnswer
from bot.github.repos import Repo

Standing = Literal["ahead", "behind", "diverged", "identical", "gone"]
FileStatus = Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]

_STANDINGS = ("ahead", "behind", "diverged", "identical")
_FILE_STATUSES = ("added", "removed", "modified", "renamed", "copied", "changed", "unchanged")
# GitHub gives the files of a comparison on its first page only, and no more than these.
_MOST_FILES = 300


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; the logins are None where GitHub knows no account for the address."""

    sha: str
    message: str
    parents: tuple[str, ...]
    author_login: str | None
    author_id: int | None
    committer_login: str | None
    committer_id: int | None
    is_verified: bool
    html_url: str


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that differs. A rename or copy has two names; `blob_sha` is null on GitHub for some entries."""

    path: str
    previous_path: str | None
    status: FileStatus
    blob_sha: str | None
    additions: int
    deletions: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a head stands to a base; the flags say whether the lists hold everything."""

    standing: Standing
    merge_base: str | None
    commits: tuple[Commit, ...]
    commits_complete: bool
    files: tuple[ChangedFile, ...]
    files_complete: bool


GONE = Comparison("gone", None, (), commits_complete=False, files=(), files_complete=False)


async def compare(client: Client, repo: Repo, base_sha: str, head_sha: str) -> Comparison:
    """What head has that base has not, in one call: at most 250 commits and 300 files.

    `standing` is `gone` when GitHub knows one of the commits no longer, as after a forced push.
    """
    return await _compare(client, repo, urls.commit_sha(base_sha), head_sha)


async def since_branch(client: Client, repo: Repo, branch: str, head_sha: str) -> Comparison:
    """What a commit would bring into a branch as it is now: the diff of a pull request, but of one exact head.

    The list of a pull request's files is always that of its newest head, whatever head one has just read; this one
    cannot be of another commit than was asked for.
    """
    return await _compare(client, repo, urls.repository_path(branch), head_sha)


async def _compare(client: Client, repo: Repo, base: str, head_sha: str) -> Comparison:
    try:
        value = await client.get(
            "/repos/{owner}/{repo}/compare/{base}...{head}",
            owner=repo.owner,
            repo=repo.name,
            base=base,
            head=urls.commit_sha(head_sha),
        )
    except NotFound:
        return GONE
    of = "the comparison"
    status = field(value, "status", str, of)
    if status not in _STANDINGS:
        raise UnexpectedAnswer(f"The comparison has the unknown status {status[:40]!r}")
    commits = tuple(commit(item) for item in records(field(value, "commits", list, of), "the commits"))
    files = tuple(changed_file(item) for item in records(optional(value, "files", list, of) or [], "the files"))
    return Comparison(
        standing=cast(Standing, status),
        merge_base=optional(value, "merge_base_commit.sha", str, of),
        commits=commits,
        commits_complete=len(commits) == field(value, "total_commits", int, of),
        files=files,
        files_complete=len(files) < _MOST_FILES,
    )


async def commit_by_sha(client: Client, repo: Repo, sha: str) -> Commit:
    """One commit. Raises NotFound, or Unprocessable when there is no such commit."""
    return commit(
        await client.get(
            "/repos/{owner}/{repo}/commits/{sha}{?per_page}",
            owner=repo.owner,
            repo=repo.name,
            sha=urls.commit_sha(sha),
            per_page=1,
        )
    )


def commit(value: Json) -> Commit:
    """A commit from an answer of the REST API (not of its git database)."""
    of = "the commit"
    parents = records(field(value, "parents", list, of), "the parents")
    return Commit(
        sha=field(value, "sha", str, of),
        message=field(value, "commit.message", str, of),
        parents=tuple(field(parent, "sha", str, "a parent") for parent in parents),
        author_login=optional(value, "author.login", str, of),
        author_id=optional(value, "author.id", int, of),
        committer_login=optional(value, "committer.login", str, of),
        committer_id=optional(value, "committer.id", int, of),
        is_verified=optional(value, "commit.verification.verified", bool, of) or False,
        html_url=optional(value, "html_url", str, of) or "",
    )


def changed_file(value: Json) -> ChangedFile:
    """A file of a pull request or comparison; not its patch, which GitHub leaves out for large and binary ones."""
    of = "the changed file"
    status = field(value, "status", str, of)
    if status not in _FILE_STATUSES:
        raise UnexpectedAnswer(f"A changed file has the unknown status {status[:40]!r}")
    return ChangedFile(
        path=field(value, "filename", str, of),
        previous_path=optional(value, "previous_filename", str, of),
        status=cast(FileStatus, status),
        blob_sha=optional(value, "sha", str, of),
        additions=optional(value, "additions", int, of) or 0,
        deletions=optional(value, "deletions", int, of) or 0,
    )
