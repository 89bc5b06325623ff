"""Closing out where the plan does not move: specs that are finished, sessions that are exported."""

from __future__ import annotations

import asyncio
import posixpath
from typing import Final

from bot.github import contents, trees
from bot.github.errors import UnexpectedAnswer
from bot.plans.spec_status import set_index_status, set_spec_status
from bot.runs.effects import CloseOut
from bot.service.record import text_of
from bot.service.target import Target

SPEC_DONE: Final = "Implemented"
EXPORT_FILES: Final = 500
EXPORT_BYTES: Final = 20 * 1024 * 1024


async def finished_spec(target: Target, effect: CloseOut, head: str) -> dict[str, bytes | None]:
    """PROGRESS.md goes, the spec's status and its row in the index follow; what is not there is left alone."""
    changes: dict[str, bytes | None] = {}
    if await text_at(target, head, effect.path) is not None:
        changes[effect.path] = None
    if effect.spec_path is None:
        return changes
    spec = await text_at(target, head, effect.spec_path)
    if spec is not None:
        after = await asyncio.to_thread(set_spec_status, spec, SPEC_DONE)
        if after != spec:
            changes[effect.spec_path] = after.encode()
    for index_path in _indexes_above(effect.spec_path):
        index = await text_at(target, head, index_path)
        if index is None:
            continue
        after = await asyncio.to_thread(set_index_status, index, index_path, effect.spec_path, SPEC_DONE)
        if after != index:
            changes[index_path] = after.encode()
        break
    return changes


def _indexes_above(spec_path: str) -> list[str]:
    """INDEX.md in the folders above the spec, the nearest first."""
    folder, found = posixpath.dirname(posixpath.dirname(spec_path)), []
    while folder:
        found.append(posixpath.join(folder, "INDEX.md"))
        folder = posixpath.dirname(folder)
    return found[:5]


async def exported(target: Target, session: str, folder: str, head: str) -> dict[str, bytes | None]:
    """The session's artifacts, copied below a folder. Raises UnexpectedAnswer where something stands in the way."""
    listing = await trees.whole_tree(target.client, target.repo, head)
    prefix = f"{session}/artifacts/" if session else "artifacts/"
    artifacts = [
        entry
        for entry in listing.entries
        if entry.path.startswith(prefix) and entry.mode in (trees.Mode.FILE, trees.Mode.EXECUTABLE)
    ]
    if len(artifacts) > EXPORT_FILES or sum(entry.size or 0 for entry in artifacts) > EXPORT_BYTES:
        raise UnexpectedAnswer(f"The session has more artifacts than can be exported ({EXPORT_FILES} files, 20 MiB)")
    if artifacts and not listing.complete:
        raise UnexpectedAnswer("GitHub does not list the whole repository, so that something might be overwritten")
    standing = {entry.path: entry for entry in listing.entries}
    changes: dict[str, bytes | None] = {}
    for entry in artifacts:
        goal = posixpath.join(folder, entry.path.removeprefix(prefix))
        there = standing.get(goal)
        if there is not None and there.sha == entry.sha and there.mode in (trees.Mode.FILE, trees.Mode.EXECUTABLE):
            continue
        if there is not None:
            raise UnexpectedAnswer(f"{goal} is there already and is another file: nothing is overwritten")
        # Git's trees take a file below the name of another file, or of a symlink, by dropping that one.
        blocked = next((path for path in _folders_of(goal) if _is_no_folder(standing.get(path))), None)
        if blocked is not None:
            raise UnexpectedAnswer(f"{blocked} is there already and is no folder: nothing is overwritten")
        changes[goal] = await trees.blob(target.client, target.repo, entry.sha)
    return changes


def _folders_of(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _is_no_folder(entry: trees.TreeEntry | None) -> bool:
    return entry is not None and entry.mode is not trees.Mode.DIRECTORY


async def text_at(target: Target, head: str, path: str) -> str | None:
    """The text of a file at a commit; None where there is none. Raises UnexpectedAnswer for what is no regular file."""
    file = await contents.file_at(target.client, target.repo, head, path)
    match file:
        case contents.FileAt(content=content):
            return text_of(content)
        case contents.Missing():
            return None
        case _:
            raise UnexpectedAnswer(f"{path} is no regular file")
