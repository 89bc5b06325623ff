"""Differences between two trees, with renames and patches, as GitHub lists files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from dulwich.diff_tree import RenameDetector, tree_changes

from bot.sandbox.git.store import GITLINK, GitStore

PATCH_LINES = 20_000
PATCH_BYTES = 500_000
RENAME_SIMILARITY = 50

Status = Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file; `sha` is the blob after the change (before it, for a removal)."""

    filename: str
    previous_filename: str | None
    status: Status
    sha: str
    additions: int
    deletions: int
    patch: str | None


def diff_trees(store: GitStore, old_tree: str, new_tree: str) -> list[FileChange]:
    """List what differs, sorted by name. GitHub finds renames at half similarity; a mode change is `changed`."""
    known = store.differences.get((old_tree, new_tree))
    if known is None:
        known = store.differences[old_tree, new_tree] = _diff(store, old_tree, new_tree)
    return known


def _diff(store: GitStore, old_tree: str, new_tree: str) -> list[FileChange]:
    objects = store.repo.object_store
    detector = RenameDetector(objects, rename_threshold=RENAME_SIMILARITY, max_files=1000)
    one, other = cast("Any", old_tree.encode()), cast("Any", new_tree.encode())
    changes = tree_changes(objects, one, other, rename_detector=detector)
    return sorted((_file_change(store, change) for change in changes), key=lambda change: change.filename)


def _file_change(store: GitStore, change: Any) -> FileChange:
    old = change.old if change.old is not None and change.old.path is not None else None
    new = change.new if change.new is not None and change.new.path is not None else None
    side = new if new is not None else old
    assert side is not None
    old_text = _content(store, old)
    new_text = _content(store, new)
    additions, deletions, patch = _patch(old_text, new_text)
    return FileChange(
        filename=side.path.decode("utf-8", "replace"),
        previous_filename=old.path.decode("utf-8", "replace")
        if old is not None and change.type in ("rename", "copy")
        else None,
        status=_status(change.type, old, new),
        sha=side.sha.decode(),
        additions=additions,
        deletions=deletions,
        patch=patch,
    )


def _status(kind: str, old: Any, new: Any) -> Status:
    if kind == "modify":
        return "changed" if old.sha == new.sha else "modified"
    names: dict[str, Status] = {"add": "added", "delete": "removed", "rename": "renamed", "copy": "copied"}
    return names[kind]


def _content(store: GitStore, side: Any) -> bytes:
    if side is None:
        return b""
    if side.mode == GITLINK:
        return b"Subproject commit " + cast("bytes", side.sha) + b"\n"
    return store.blob(side.sha.decode()) or b""


@lru_cache(maxsize=8192)
def _patch(old: bytes, new: bytes) -> tuple[int, int, str | None]:
    """Count lines and write the hunks; no patch for binary or large files, nor when only the mode or name changed."""
    if b"\0" in old[:8000] or b"\0" in new[:8000]:
        return 0, 0, None
    before = old.decode("utf-8", "replace").split("\n")
    after = new.decode("utf-8", "replace").split("\n")
    if max(len(before), len(after)) > PATCH_LINES or max(len(old), len(new)) > PATCH_BYTES:
        return len(after), len(before), None
    hunks = list(difflib.unified_diff(_lines(before), _lines(after), n=3, lineterm=""))[2:]
    additions = sum(line.startswith("+") for line in hunks)
    deletions = sum(line.startswith("-") for line in hunks)
    return additions, deletions, "\n".join(hunks) if hunks else None


def _lines(split: list[str]) -> list[str]:
    """Undo what `split` does at the end: a file that ends in a newline has no line after it."""
    if split and split[-1] == "":
        return split[:-1]
    return [*split[:-1], split[-1] + "\n\\ No newline at end of file"]
