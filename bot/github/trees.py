"""Git objects by SHA: trees with the true mode of each entry, and blobs."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.github import urls
from bot.github.answers import Json, field, optional, records
from bot.github.client import Client
from bot.github.errors import UnexpectedAnswer
from bot.github.repos import Repo

_BLOB = "/repos/{owner}/{repo}/git/blobs/{sha}"


class Mode(StrEnum):
    """What git says an entry is."""

    FILE = "100644"
    EXECUTABLE = "100755"
    DIRECTORY = "040000"
    SUBMODULE = "160000"
    SYMLINK = "120000"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """An entry of a tree; `path` is relative to the tree that was asked for, `size` is in bytes and for files only."""

    path: str
    mode: Mode
    sha: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Tree:
    """The entries of a tree, and whether these are all."""

    sha: str
    entries: tuple[TreeEntry, ...]
    complete: bool


async def tree(client: Client, repo: Repo, sha: str) -> Tree:
    """The direct entries of a tree, by its own SHA or that of a commit. Raises NotFound."""
    return await _tree(client, repo, sha, recursive=None)


async def whole_tree(client: Client, repo: Repo, sha: str, *, most_calls: int = 200) -> Tree:
    """All entries below a tree (of a commit, or a tree's own SHA), directories included.

    GitHub cuts a recursive answer off after 100,000 entries or 7 MB; its sub-trees are then asked for one by one,
    with at most `most_calls` requests. `complete` is false when that was not enough.
    """
    entries: list[TreeEntry] = []
    waiting = [("", sha)]
    calls = 0
    complete = True
    first_sha = sha
    while waiting:
        if calls >= most_calls:
            return Tree(first_sha, tuple(entries), complete=False)
        prefix, next_sha = waiting.pop()
        found = await _tree(client, repo, next_sha, recursive="1")
        calls += 1
        first_sha = first_sha if prefix else found.sha
        if not found.complete:
            found = await tree(client, repo, next_sha)
            calls += 1
            complete = complete and found.complete
            waiting += [(f"{prefix}{e.path}/", e.sha) for e in found.entries if e.mode is Mode.DIRECTORY]
        entries += [replace(entry, path=prefix + entry.path) for entry in found.entries]
    return Tree(first_sha, tuple(sorted(entries, key=lambda entry: entry.path)), complete)


async def blob(client: Client, repo: Repo, sha: str) -> bytes:
    """The bytes of a blob. Raises NotFound, AnswerTooLarge for more than some 20 MB."""
    value = await client.get_forever(_BLOB, owner=repo.owner, repo=repo.name, sha=urls.full_sha(sha))
    if field(value, "encoding", str, "the blob") != "base64":
        raise UnexpectedAnswer("The blob is not in base64")
    try:
        content = base64.b64decode("".join(field(value, "content", str, "the blob").split()), validate=True)
    except (binascii.Error, ValueError):
        raise UnexpectedAnswer("The content of the blob is not valid base64") from None
    if len(content) != field(value, "size", int, "the blob"):
        raise UnexpectedAnswer("The blob is not as long as GitHub says it is")
    return content


def keep_blob(client: Client, repo: Repo, content: bytes) -> None:
    """Note a file that was just written, so that reading it costs no call."""
    value: Json = {
        "encoding": "base64",
        "content": base64.b64encode(content).decode("ascii"),
        "size": len(content),
    }
    client.keep_forever(_BLOB, value, owner=repo.owner, repo=repo.name, sha=blob_sha(content))


def blob_sha(content: bytes) -> str:
    """The SHA that git gives a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


async def _tree(client: Client, repo: Repo, sha: str, *, recursive: str | None) -> Tree:
    value = await client.get_forever(
        "/repos/{owner}/{repo}/git/trees/{sha}{?recursive}",
        owner=repo.owner,
        repo=repo.name,
        sha=urls.full_sha(sha),
        recursive=recursive,
    )
    entries = tuple(_entry(item) for item in records(field(value, "tree", list, "the tree"), "the tree"))
    return Tree(
        sha=field(value, "sha", str, "the tree"),
        entries=entries,
        complete=not field(value, "truncated", bool, "the tree"),
    )


def _entry(value: Json) -> TreeEntry:
    of = "the tree entry"
    mode = field(value, "mode", str, of)
    try:
        # Old repositories have files that the group could write; git treats them as plain ones.
        known = Mode.FILE if mode == "100664" else Mode(mode)
    except ValueError:
        raise UnexpectedAnswer(f"A tree entry has the unknown mode {mode[:20]!r}") from None
    return TreeEntry(
        path=field(value, "path", str, of),
        mode=known,
        sha=field(value, "sha", str, of),
        size=optional(value, "size", int, of),
    )
