"""Files at a commit, as git has them: a symlink is a symlink, never the file it points to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.github import trees, urls
from bot.github.answers import Json, field, optional, record, records
from bot.github.client import Client
from bot.github.errors import NotFound
from bot.github.repos import Repo

EntryType = Literal["file", "dir", "symlink", "submodule"]

_TYPES: dict[trees.Mode, EntryType] = {
    trees.Mode.DIRECTORY: "dir",
    trees.Mode.SUBMODULE: "submodule",
    trees.Mode.SYMLINK: "symlink",
}

# GitHub lists no more entries of a directory than these.
_MOST_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class FileAt:
    """A regular file."""

    path: str
    blob_sha: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symlink stands there, or a directory above is one; it is not followed."""

    path: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule stands there."""

    path: str


@dataclass(frozen=True, slots=True)
class IsDirectory:
    """A directory stands there."""

    path: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The file is longer, in bytes, than the caller wants to read."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing stands there."""

    path: str


NotReadable = Symlink | Submodule | IsDirectory | TooLarge | Missing


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a directory, `path` from the repository's root."""

    path: str
    type: EntryType
    sha: str
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The entries of a directory, and whether these are all."""

    path: str
    entries: tuple[Entry, ...]
    complete: bool


async def file_at(
    client: Client, repo: Repo, commit_sha: str, path: str, *, max_bytes: int = 1024 * 1024
) -> FileAt | NotReadable:
    """The file at a path of a commit: its directory's listing, then its blob (which is kept by SHA).

    GitHub answers the path of a symlink with the text of its target, so the path itself is never asked for.
    """
    parent = urls.repository_path(path).rpartition("/")[0]
    listing = await directory(client, repo, commit_sha, parent)
    match listing:
        case Directory():
            pass
        case Symlink() | Submodule():
            return listing
        case _:
            return Missing(path)
    entry = next((entry for entry in listing.entries if entry.path == path), None)
    if entry is None and not listing.complete:
        entry = await _entry_in_trees(client, repo, commit_sha, path)
    if entry is None:
        return Missing(path)
    match entry.type:
        case "symlink":
            return Symlink(path)
        case "submodule":
            return Submodule(path)
        case "dir":
            return IsDirectory(path)
        case "file":
            if entry.size > max_bytes:
                return TooLarge(path, entry.size)
            return FileAt(path, entry.sha, await trees.blob(client, repo, entry.sha))


async def directory(client: Client, repo: Repo, commit_sha: str, path: str = "") -> Directory | NotReadable:
    """The entries of a directory of a commit; an empty path is the root.

    Raises NotFound when there is no such commit; a path that is not there is Missing.
    """
    template = "/repos/{owner}/{repo}/contents/{+path}{?ref}" if path else "/repos/{owner}/{repo}/contents{?ref}"
    try:
        value = await client.get(template, owner=repo.owner, repo=repo.name, path=path, ref=urls.commit_sha(commit_sha))
    except NotFound as error:
        # The same status says that the path is not there and that the commit is not.
        if error.message.lower().startswith("no commit found"):
            raise
        return Missing(path)
    if isinstance(value, list):
        entries = tuple(_entry(item) for item in records(value, "the directory"))
        return Directory(path, entries, complete=len(entries) < _MOST_ENTRIES)
    match _type(record(value, "the content")):
        case "symlink":
            return Symlink(path)
        case "submodule":
            return Submodule(path)
        case _:
            # A file, or a symlink that GitHub resolved: no directory in either case.
            return Missing(path)


async def _entry_in_trees(client: Client, repo: Repo, commit_sha: str, path: str) -> Entry | None:
    """The same from the git database, whose trees have no such limit, one call per directory on the way."""
    found: trees.TreeEntry | None = None
    for part in path.split("/"):
        within = await trees.tree(client, repo, commit_sha if found is None else found.sha)
        found = next((entry for entry in within.entries if entry.path == part), None)
        if found is None:
            return None
    return None if found is None else Entry(path, _TYPES.get(found.mode, "file"), found.sha, found.size or 0)


def _entry(value: Json) -> Entry:
    of = "the directory entry"
    return Entry(
        path=field(value, "path", str, of),
        type=_type(value),
        sha=field(value, "sha", str, of),
        size=optional(value, "size", int, of) or 0,
    )


def _type(value: Json) -> EntryType:
    kind = field(value, "type", str, "the content")
    if kind in ("dir", "symlink", "submodule"):
        return kind  # type: ignore[return-value]  # mypy does not narrow a str by a tuple of literals
    # The 2022-11-28 version calls a submodule a file, but one that has nothing to download and no blob.
    git_url = optional(value, "git_url", str, "the content") or ""
    is_file = optional(value, "download_url", str, "the content") is not None and "/git/trees/" not in git_url
    return "file" if is_file else "submodule"
