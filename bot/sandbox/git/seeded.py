"""Repositories with a history that is known beforehand: the same history has the same bytes, made once per process."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.sandbox.git.store import EMPTY_TREE, GitStore, Person


@dataclass(frozen=True, slots=True)
class Step:
    """A commit on a branch, which begins at `start` if it is not there yet; the files are added to what is there."""

    branch: str
    start: str | None
    author: Person
    message: str
    files: tuple[tuple[str, bytes], ...]


def create_with(path: Path, default_branch: str, steps: tuple[Step, ...]) -> GitStore:
    """Make a bare repository with these commits. Raises KeyError for a start that no step before has made."""
    for name, content in _made(default_branch, steps):
        beside = path / name
        if content is None:
            beside.mkdir(parents=True)
        else:
            beside.write_bytes(content)
    return GitStore(path)


@lru_cache(maxsize=16)
def _made(default_branch: str, steps: tuple[Step, ...]) -> tuple[tuple[str, bytes | None], ...]:
    """The repository's folders (without content) and files, each folder before what it holds."""
    with tempfile.TemporaryDirectory(prefix="sandbox-seed-") as folder:
        git = GitStore.create(Path(folder) / "seed.git", default_branch)
        try:
            for step in steps:
                _take(git, step)
        finally:
            git.close()
        found = [git.path, *sorted(git.path.rglob("*"))]
        return tuple((str(one.relative_to(git.path)), None if one.is_dir() else one.read_bytes()) for one in found)


def _take(git: GitStore, step: Step) -> None:
    before = git.branch(step.branch)
    if before is None and step.start is not None:
        before = git.branch(step.start)
        if before is None:
            raise KeyError(step.start)
    blobs = {path: (0o100644, git.add_blob(content)) for path, content in step.files}
    known = git.flat(git.tree_of(before) or EMPTY_TREE) if before is not None else {}
    tree = git.add_tree(known | blobs)
    parents = [] if before is None else [before]
    git.set_ref(f"refs/heads/{step.branch}", git.add_commit(tree, parents, step.message, step.author, step.author))
