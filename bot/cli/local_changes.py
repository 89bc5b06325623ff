"""What differs between the local branch and its base, asked from git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SECONDS: Final = 120


class GitError(Exception):
    """git refused or is not there; the message is one line."""


@dataclass(frozen=True, slots=True)
class Change:
    """A changed file: git's status letter, its path, and the name it had before a rename."""

    status: str
    path: str
    previous: str | None
    is_committed: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (self.path,) if self.previous is None else (self.path, self.previous)


def git(root: Path, *arguments: str) -> str:
    """What git prints. File names that are no UTF-8 come back with surrogates. Raises GitError."""
    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
            ["git", "-C", str(root), "--no-pager", *arguments],  # noqa: S607 - the git that the person uses
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            env=environment,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {arguments[0]} took longer than {_SECONDS} seconds") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitError(said[0] if said else f"git {arguments[0]} failed")
    return done.stdout.decode("utf-8", "surrogateescape")


def root_of(folder: Path) -> Path:
    """The top folder of the work tree. Raises GitError outside of one."""
    return Path(git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))


def current_branch(root: Path) -> str | None:
    """The branch that is checked out; None on a detached head."""
    try:
        return git(root, "symbolic-ref", "--quiet", "--short", "HEAD").strip()
    except GitError:
        return None


def commit_of(root: Path, *names: str) -> str | None:
    """The commit of the first of these names that there is."""
    for name in names:
        try:
            return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
        except GitError:
            continue
    return None


def default_branch(root: Path) -> str | None:
    """The default branch as far as this clone knows it: origin's head, else main or master."""
    try:
        return git(root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD").strip()
    except GitError:
        return next((name for name in ("main", "master") if commit_of(root, f"origin/{name}", name)), None)


def merge_base(root: Path, base: str) -> str:
    """The commit where the branch left its base. Raises GitError where the two have nothing in common."""
    try:
        return git(root, "merge-base", base, "HEAD").strip()
    except GitError as error:
        raise GitError("the branch and its base have no commit in common") from error


def changes_since(root: Path, commit: str, *, with_uncommitted: bool = True) -> list[Change]:
    """Every change from a commit to the head, then what is not committed: changed, staged and untracked files."""
    found = list(_diff(root, f"{commit}..HEAD", is_committed=True))
    if with_uncommitted:
        found += _diff(root, "HEAD", is_committed=False)
        others = git(root, "ls-files", "--others", "--exclude-standard", "-z")
        found += [Change("?", path, None, False) for path in others.split("\0") if path]
    return found


def _diff(root: Path, revisions: str, *, is_committed: bool) -> Iterator[Change]:
    options = ("--name-status", "-z", "-M", "--no-ext-diff", "--ignore-submodules=dirty", "--no-relative")
    fields = iter(git(root, "diff", *options, revisions, "--").split("\0"))
    for status in fields:
        if not status:
            continue
        first = next(fields)
        if status[0] in "RC":
            # Both names of a rename are changes; a copy leaves its source as it was.
            yield Change(status[0], next(fields), first if status[0] == "R" else None, is_committed)
        else:
            yield Change(status[0], first, None, is_committed)
