"""Which files `stepwise lint` reads: the named ones, and those found below named folders."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from bot.plans import findings
from bot.plans.dialects import READABLE, Places, dialect_of, is_index
from bot.plans.lint import INDEX
from bot.plans.model import PLAN_BYTES_LIMIT, Dialect, Finding
from bot.plans.session_files import ANALYSIS_FILE, SESSION_FILE, TASKS_FILE, is_role_spec
from bot.runs.policy import POLICY_BYTES_LIMIT, POLICY_PATH, Policy, read_policy

_SKIPPED: Final = frozenset({".git", "node_modules", ".venv", "__pycache__"})
# Where a repository without a `.git` begins is told by these folders of its own.
_FOLDERS: Final = ("docs/exec-plans/", "memory-bank/plan/", "specs/")
# Opening a pipe that nobody writes to would wait for ever, and a link swapped in after the look would be followed.
_OPENING: Final = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)


class UsageError(Exception):
    """What was asked for cannot be done; the message is one line."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file to lint: where it lies, the root of its repository, its path from there, and the path to show."""

    file: Path
    root: Path
    path: str
    dialect: str | None
    shown: str


def known_dialects() -> tuple[str, ...]:
    """What `--dialect` takes."""
    dialects = dict.fromkeys((*READABLE, Dialect.TEAM_SESSION))
    return (*(dialect.value for dialect in dialects), INDEX)


def targets_of(paths: Sequence[str], dialect: str | None, *, allow_empty: bool) -> list[Target]:
    """The files to lint, each once, in order. Raises UsageError for what cannot be meant."""
    known = known_dialects()
    if dialect is not None and dialect not in known:
        raise UsageError(f'unknown dialect "{dialect}"; there are: {", ".join(known)}')
    found: dict[Path, Target] = {}
    for given in paths:
        for target in _targets_at(given, dialect, allow_empty=allow_empty):
            found.setdefault(target.file.parent.resolve() / target.file.name, target)
    return list(found.values())


def content_of(target: Target) -> bytes | Finding:
    """The bytes of a file, or why they are not read. Links are not followed; nothing but a plain file is opened."""
    try:
        # A pipe or a device is not even opened: opening some devices does something.
        if not stat.S_ISREG(target.file.lstat().st_mode):
            return _not_plain(target)
        with os.fdopen(os.open(target.file, _OPENING), "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                return _not_plain(target)
            content = opened.read(PLAN_BYTES_LIMIT + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return findings.SYMLINK.at(None, path=target.path)
        return findings.UNREADABLE.at(None, path=target.path, reason=error.strerror)
    if len(content) > PLAN_BYTES_LIMIT:
        return findings.TOO_LARGE.at(None, size=max(status.st_size, len(content)))
    return content


def _not_plain(target: Target) -> Finding:
    if target.file.is_symlink():
        return findings.SYMLINK.at(None, path=target.path)
    return findings.UNREADABLE.at(None, path=target.path, reason="it is not a plain file")


def _targets_at(given: str, dialect: str | None, *, allow_empty: bool) -> list[Target]:
    path = Path(given)
    try:
        if not os.path.lexists(path):
            raise UsageError(f"{given}: no such file or folder")
        if path.is_dir():
            return _below(given, path, dialect, allow_empty=allow_empty)
        if not path.is_symlink() and not path.is_file():
            raise UsageError(f"{given}: neither a file nor a folder")
    except (OSError, ValueError) as error:
        raise UsageError(f"{given}: {getattr(error, 'strerror', None) or error}") from error
    return [_named(path, dialect)]


def _named(path: Path, dialect: str | None) -> Target:
    session = _session_of(path)
    target = _target(session or path, dialect)
    if target.dialect is None:
        raise UsageError(f"{path} is not where a plan is kept; name a --dialect to read it anyway")
    return target


def _session_of(path: Path) -> Path | None:
    """The session file that a part of a team session belongs to: a hook names the parts that were changed."""
    if path.name in (ANALYSIS_FILE, TASKS_FILE):
        session = path.parent / SESSION_FILE
    elif is_role_spec(f"{path.parent.name}/{path.name}"):
        session = path.parent.parent / SESSION_FILE
    else:
        return None
    return session if session.is_file() else None


def _below(given: str, folder: Path, dialect: str | None, *, allow_empty: bool) -> list[Target]:
    found = [_target(file, dialect) for file in sorted(_files_below(folder)) if _is_meant(file, dialect)]
    if not found and not allow_empty:
        raise UsageError(f"{given}: there is no plan in this folder (--allow-empty accepts that)")
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    def cannot_be_read(error: OSError) -> None:
        raise UsageError(f"{error.filename}: {error.strerror}")

    # Linked folders are not walked into: what they hold is not part of this tree.
    for parent, folders, files in os.walk(folder, onerror=cannot_be_read, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in files:
            yield Path(parent, name)


def _is_meant(file: Path, dialect: str | None) -> bool:
    """Whether a file found in a folder is a plan or an index, by its path, or by its name if the dialect is said."""
    if dialect is None:
        return _by_path(file.parent.resolve() / file.name) is not None
    match dialect:
        case "index":
            return file.name == "index.md"
        case Dialect.TEAM_SESSION.value:
            return file.name == SESSION_FILE
        case Dialect.SPEC_PLAN.value:
            return file.name == "PLAN.md"
        case _:
            return file.suffix == ".md" and file.name not in ("index.md", "README.md") and file.name[0] != "_"


def _target(file: Path, dialect: str | None) -> Target:
    # The file's own name is not followed: a plan that is a link is refused, not read.
    absolute = file.parent.resolve() / file.name
    root = _root_of(absolute)
    path = absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else absolute.name
    dialect = dialect or _by_path(absolute)
    shown = path if absolute.is_relative_to(root) else file.as_posix()
    return Target(file, root, path, dialect, shown)


def _by_path(absolute: Path) -> str | None:
    """The dialect that a file is kept in where it lies, or "index"."""
    if is_index(absolute.as_posix(), anywhere=True):
        return INDEX
    if absolute.name == SESSION_FILE:
        return Dialect.TEAM_SESSION.value
    root = _root_of(absolute)
    places = _places_of(root)
    if places and absolute.is_relative_to(root):
        found = dialect_of(absolute.relative_to(root).as_posix(), places=places)
    else:
        found = dialect_of(absolute.as_posix(), anywhere=True)
    return found.value if found else None


@lru_cache(maxsize=64)
def _places_of(root: Path) -> Places:
    """Where the repository's own policy says that plans are kept; a policy that cannot be used says nothing here."""
    try:
        with (root / POLICY_PATH).open("rb") as file:
            policy = read_policy(file.read(POLICY_BYTES_LIMIT + 1))
    except OSError:
        return {}
    return policy.plans.stated() if isinstance(policy, Policy) else {}


def _root_of(absolute: Path) -> Path:
    """The repository's root: the nearest folder with a `.git`, else the one that holds the plans, else here."""
    for folder in absolute.parents:
        if (folder / ".git").exists():
            return folder
    for place in _FOLDERS:
        before, found, _ = absolute.as_posix().rpartition(f"/{place}")
        if found:
            return Path(before or "/")
    return Path.cwd().resolve()
