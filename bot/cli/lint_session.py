"""The files of a team session's folder, gathered for `stepwise lint`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from bot.cli.lint_targets import Target, content_of
from bot.plans.lint import Report, refusal, report_of
from bot.plans.model import Dialect, Finding
from bot.plans.team_session import read_session, wanted

# The session's own files and its artifacts are far fewer; the rest of a folder that holds more is not listed.
_FILES_LIMIT: Final = 5000


def session_report(target: Target) -> Report:
    """The report on the session whose team-session.json is the target; all of its parts are looked at."""
    first = content_of(target)
    if isinstance(first, Finding) and target.file.is_symlink():
        return refusal(target.path, Dialect.TEAM_SESSION.value, first)
    prefix = target.path.rpartition("/")[0]
    folder = target.file.parent
    listing = {f"{prefix}/{name}".lstrip("/"): folder / name for name in _names_below(folder)}
    contents = {path: _content(target, path, listing[path]) for path in wanted(target.path, listing)}
    return report_of(target.path, Dialect.TEAM_SESSION, read_session(target.path, contents, list(listing)))


def _content(target: Target, path: str, file: Path) -> bytes | None:
    """The bytes of one part; None for a link, and for what cannot be read."""
    found = content_of(Target(file, target.root, path, target.dialect, path))
    return None if isinstance(found, Finding) else found


def _names_below(folder: Path) -> list[str]:
    """The files below a folder, relative to it; linked folders are not walked into."""
    found: list[str] = []
    for parent, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        found += [Path(parent, name).relative_to(folder).as_posix() for name in sorted(files)]
        if len(found) > _FILES_LIMIT:
            break
    return found
