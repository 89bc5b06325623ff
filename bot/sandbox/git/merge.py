"""Three-way merges of trees, for merging pull requests and testing whether they can be merged."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.git.store import EMPTY_TREE, GITLINK, SYMLINK, GitStore


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged tree, or the paths that conflict."""

    tree: str | None
    conflicts: list[str]


def merge_commits(store: GitStore, ours: str, theirs: str) -> Merged:
    """Merge two commits over their best common ancestor."""
    base = store.merge_base(ours, theirs)
    base_tree = store.tree_of(base) if base is not None else EMPTY_TREE
    return merge_trees(store, base_tree, store.tree_of(ours), store.tree_of(theirs))


def merge_trees(store: GitStore, base: str, ours: str, theirs: str) -> Merged:
    """Take each path from the side that changed it; a path that both changed is merged by line."""
    if ours == theirs or theirs == base:
        return Merged(ours, [])
    if ours == base:
        return Merged(theirs, [])
    before, left, right = store.flat(base), store.flat(ours), store.flat(theirs)
    merged: dict[str, tuple[int, str]] = {}
    conflicts: list[str] = []
    for path in sorted(before.keys() | left.keys() | right.keys()):
        b, o, t = before.get(path), left.get(path), right.get(path)
        chosen = o if o == t or t == b else t if o == b else _merge_file(store, b, o, t)
        if chosen is not None:
            merged[path] = chosen
        elif (o is not None and t is not None and o != t) or (o != t and b not in (o, t)):
            conflicts.append(path)
    return Merged(None, conflicts) if conflicts else Merged(store.add_tree(merged), [])


def _merge_file(
    store: GitStore, base: tuple[int, str] | None, ours: tuple[int, str] | None, theirs: tuple[int, str] | None
) -> tuple[int, str] | None:
    """Merge one file by line; None is a conflict (also when one side deleted what the other changed)."""
    if ours is None or theirs is None or {ours[0], theirs[0]} & {GITLINK, SYMLINK}:
        return None
    contents = [store.blob(side[1]) or b"" if side is not None else b"" for side in (ours, base, theirs)]
    with tempfile.TemporaryDirectory(prefix="sandbox-merge-") as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        command = ["git", "merge-file", "-p", "--quiet", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    mode = theirs[0] if base is not None and ours[0] == base[0] else ours[0]
    return (mode, store.add_blob(done.stdout)) if done.returncode == 0 else None
