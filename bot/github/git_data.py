"""Commits through the Git Data API: on top of an exact head, never forced, as the App so that they are verified."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.github import urls
from bot.github.answers import Json, field, records
from bot.github.client import Client
from bot.github.errors import AlreadyExists, HeadMoved, NotAFile, NotFound, UnexpectedAnswer, Unprocessable
from bot.github.repos import Repo
from bot.github.trees import Mode, TreeEntry, blob, blob_sha, keep_blob, tree

MOST_BYTES: Final = 1024 * 1024
# Larger files go into blobs of their own, so that one request does not grow without a bound.
_MOST_INLINE_BYTES = 256 * 1024
# Actions does not run for a commit whose message has one of these, and its required checks then block the merge.
_SKIPS_CI = re.compile(r"\[\s*(skip ci|ci skip|no ci|skip actions|actions skip)\s*\]", re.IGNORECASE)
_SKIPS_CHECKS = re.compile(r"^([ \t]*(?:skip|request))-checks([ \t]*:)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit as git has it."""

    sha: str
    tree_sha: str
    parents: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class CommitResult:
    """The branch's head after a commit, and the blob of each file written; not `created` when nothing differed."""

    sha: str
    blob_shas: Mapping[str, str]
    created: bool


async def read_ref(client: Client, repo: Repo, branch: str) -> str:
    """The SHA at the head of a branch. Raises NotFound."""
    value = await client.get(
        "/repos/{owner}/{repo}/git/ref/heads/{+branch}", owner=repo.owner, repo=repo.name, branch=branch
    )
    if field(value, "ref", str, "the ref") != f"refs/heads/{branch}":
        raise UnexpectedAnswer(f"GitHub answered with another ref than {branch!r}")
    return field(value, "object.sha", str, "the ref")


async def create_branch(client: Client, repo: Repo, branch: str, sha: str) -> None:
    """Create a branch at a commit. Raises AlreadyExists, Conflict for an empty repository."""
    urls.repository_path(branch)
    try:
        await client.post(
            "/repos/{owner}/{repo}/git/refs",
            {"ref": f"refs/heads/{branch}", "sha": sha},
            owner=repo.owner,
            repo=repo.name,
        )
    except Unprocessable as error:
        if "already exists" in error.message.lower():
            raise AlreadyExists(error.message, error.call) from error
        raise


async def delete_branch(client: Client, repo: Repo, branch: str) -> None:
    """Delete a branch. Raises Unprocessable when it is gone."""
    await client.delete(
        "/repos/{owner}/{repo}/git/refs/heads/{+branch}", owner=repo.owner, repo=repo.name, branch=branch
    )


async def commit(client: Client, repo: Repo, sha: str) -> GitCommit:
    """A commit by its SHA. Raises NotFound."""
    value = await client.get_forever(
        "/repos/{owner}/{repo}/git/commits/{sha}", owner=repo.owner, repo=repo.name, sha=urls.full_sha(sha)
    )
    of = "the commit"
    parents = records(field(value, "parents", list, of), "the parents")
    return GitCommit(
        sha=field(value, "sha", str, of),
        tree_sha=field(value, "tree.sha", str, of),
        parents=tuple(field(parent, "sha", str, "a parent") for parent in parents),
        message=field(value, "message", str, of),
    )


async def read_file(client: Client, repo: Repo, commit_sha: str, path: str) -> bytes | None:
    """A file of a commit, None where there is none; through the trees that a commit on top of it needs as well.

    Raises NotAFile as `commit_files` does, UnexpectedAnswer for a file that is too large to be rewritten.
    """
    entry = await _find(client, repo, (await commit(client, repo, commit_sha)).tree_sha, path)
    if entry is not None and (entry.size or 0) > MOST_BYTES:
        raise UnexpectedAnswer(f"{path} is {entry.size} bytes long; the limit is {MOST_BYTES}")
    return None if entry is None else await blob(client, repo, entry.sha)


async def commit_files(
    client: Client,
    repo: Repo,
    branch: str,
    head: str,
    changes: Mapping[str, bytes | None],
    message: str,
    on_prepared: Callable[[str], Awaitable[None]] | None = None,
) -> CommitResult:
    """Write (bytes) and delete (None) files of a branch in one commit; files that are as wanted already are left out.

    `head` is where the branch was when the caller read it. GitHub refuses to move the branch when it has got other
    commits meanwhile, but not when commits were taken back from it, and would bring those back with ours: so it is
    read once more right before it is moved.

    `on_prepared` is told the commit's SHA before the branch moves to it: who keeps it knows after a crash which
    commit to look for.

    Raises HeadMoved when the branch has moved; NotAFile for a path through or onto a symlink, submodule or directory;
    Unprocessable with GitHub's words for a protected branch.
    """
    base_tree = (await commit(client, repo, head)).tree_sha
    blob_shas = {path: blob_sha(content) for path, content in changes.items() if content is not None}
    entries = await _entries(client, repo, base_tree, changes, blob_shas)
    if not entries:
        return CommitResult(head, blob_shas, created=False)
    new_tree = await _create_tree(client, repo, base_tree, entries)
    new_commit = await _create_commit(client, repo, new_tree, head, message)
    if on_prepared is not None:
        await on_prepared(new_commit)
    live = await read_ref(client, repo, branch)
    if live != head:
        raise HeadMoved(branch, head, live)
    await _move_branch(client, repo, branch, head, new_commit)
    for content in changes.values():
        if content is not None and len(content) <= MOST_BYTES:
            keep_blob(client, repo, content)
    return CommitResult(new_commit, blob_shas, created=True)


async def commit_tree(
    client: Client,
    repo: Repo,
    branch: str,
    expected_head: str,
    tree_sha: str,
    message: str,
    on_prepared: Callable[[str], Awaitable[None]] | None = None,
) -> CommitResult:
    """Put a commit with the whole of an existing tree on top of a branch, as a rollback does. Raises HeadMoved."""
    head = await read_ref(client, repo, branch)
    if head != expected_head:
        raise HeadMoved(branch, expected_head, head)
    if (await commit(client, repo, head)).tree_sha == tree_sha:
        return CommitResult(head, {}, created=False)
    new_commit = await _create_commit(client, repo, tree_sha, head, message)
    if on_prepared is not None:
        await on_prepared(new_commit)
    await _move_branch(client, repo, branch, head, new_commit)
    return CommitResult(new_commit, {}, created=True)


async def _entries(
    client: Client, repo: Repo, base_tree: str, changes: Mapping[str, bytes | None], blob_shas: Mapping[str, str]
) -> list[dict[str, Json]]:
    """What the new tree has other than the old one."""
    entries: list[dict[str, Json]] = []
    for path, content in sorted(changes.items()):
        there = await _find(client, repo, base_tree, path)
        if content is None:
            # GitHub refuses to delete what is not there.
            if there is not None:
                entries.append({"path": path, "mode": there.mode.value, "type": "blob", "sha": None})
        elif there is None or there.sha != blob_shas[path]:
            mode = Mode.FILE if there is None else there.mode
            entries.append({"path": path, "mode": mode.value, "type": "blob", **await _content(client, repo, content)})
    return entries


async def _find(client: Client, repo: Repo, base_tree: str, path: str) -> TreeEntry | None:
    """The file at a path, or None; trees are kept by SHA, so files of one directory share the calls."""
    *above, name = urls.repository_path(path).split("/")
    sha = base_tree
    for part in above:
        entry = await _entry(client, repo, sha, part)
        if entry is None:
            return None
        if entry.mode is not Mode.DIRECTORY:
            raise NotAFile(f"{path} leads through {part}, which is no directory (git mode {entry.mode.value})")
        sha = entry.sha
    entry = await _entry(client, repo, sha, name)
    if entry is not None and entry.mode not in (Mode.FILE, Mode.EXECUTABLE):
        raise NotAFile(f"{path} is not a regular file (git mode {entry.mode.value})")
    return entry


async def _entry(client: Client, repo: Repo, tree_sha: str, name: str) -> TreeEntry | None:
    found = await tree(client, repo, tree_sha)
    entry = next((entry for entry in found.entries if entry.path == name), None)
    if entry is None and not found.complete:
        raise UnexpectedAnswer(f"GitHub cut off the list of a directory, so {name!r} may be in it or not")
    return entry


async def _content(client: Client, repo: Repo, content: bytes) -> dict[str, Json]:
    """A file's part of a tree entry: its text, or the SHA of a blob for what is binary or large."""
    if len(content) <= _MOST_INLINE_BYTES and b"\0" not in content:
        try:
            return {"content": content.decode("utf-8")}
        except UnicodeDecodeError:
            pass
    value = await client.post(
        "/repos/{owner}/{repo}/git/blobs",
        {"content": base64.b64encode(content).decode("ascii"), "encoding": "base64"},
        owner=repo.owner,
        repo=repo.name,
    )
    return {"sha": field(value, "sha", str, "the blob")}


async def _create_tree(client: Client, repo: Repo, base_tree: str, entries: list[dict[str, Json]]) -> str:
    # Without `base_tree` the new tree would hold these entries and nothing else.
    wanted = {"base_tree": base_tree, "tree": entries}
    value = await client.post("/repos/{owner}/{repo}/git/trees", wanted, owner=repo.owner, repo=repo.name)
    return field(value, "sha", str, "the tree")


async def _create_commit(client: Client, repo: Repo, tree_sha: str, parent: str, message: str) -> str:
    # GitHub signs what an App commits only if the App names no author and no committer.
    wanted = {"message": without_skip_markers(message), "tree": tree_sha, "parents": [parent]}
    value = await client.post("/repos/{owner}/{repo}/git/commits", wanted, owner=repo.owner, repo=repo.name)
    return field(value, "sha", str, "the commit")


async def _move_branch(client: Client, repo: Repo, branch: str, old: str, new: str) -> None:
    try:
        await client.patch(
            "/repos/{owner}/{repo}/git/refs/heads/{+branch}",
            {"sha": new, "force": False},
            owner=repo.owner,
            repo=repo.name,
            branch=branch,
        )
    except Unprocessable as error:
        # GitHub's words, of which some servers in its place write "fast-forward".
        said = error.message.lower().replace("-", " ")
        if "not a fast forward" in said or "reference does not exist" in said:
            raise HeadMoved(branch, old, await _head_now(client, repo, branch), error.call) from error
        raise


async def _head_now(client: Client, repo: Repo, branch: str) -> str | None:
    try:
        return await read_ref(client, repo, branch)
    except NotFound:
        return None


def without_skip_markers(message: str) -> str:
    """The message with every marker that would keep CI or checks from running made harmless; titles may hold them."""
    return _SKIPS_CHECKS.sub(r"\1 checks\2", _SKIPS_CI.sub(r"(\1)", message))
