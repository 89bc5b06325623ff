"""A team session's folder at a commit: what lies in it, and the files of it that say what is to be done."""

from __future__ import annotations

import posixpath
from collections.abc import MutableMapping
from typing import Final

from bot.github import contents, trees
from bot.plans.model import PLAN_BYTES_LIMIT
from bot.plans.session_files import wanted
from bot.service.target import Target

_FOLDERS: Final = ("role-specs", "artifacts")
FOLDER_BYTES: Final = 8 * PLAN_BYTES_LIMIT
"""More than a session's files may have together that can be executed; what is beyond is not fetched."""


async def read_folder(
    target: Target, head: str, path: str, blobs: MutableMapping[str, bytes]
) -> tuple[dict[str, str], dict[str, bytes | None]]:
    """The files below the session's folder (path to blob SHA), and the bytes of those that are read.

    `blobs` keeps what was read before, by its SHA. None stands for a file that is too large to be read, symlinks and
    submodules are left out. Raises GitHubError.
    """
    folder = posixpath.dirname(path)
    listing: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for place in (folder, *(posixpath.join(folder, name) for name in _FOLDERS)):
        found = await contents.directory(target.client, target.repo, head, place)
        if isinstance(found, contents.Directory):
            listing |= {entry.path: entry.sha for entry in found.entries if entry.type == "file"}
            sizes |= {entry.path: entry.size for entry in found.entries}
    files: dict[str, bytes | None] = {}
    left = FOLDER_BYTES
    for name in wanted(path, sorted(listing)):
        size = sizes.get(name, 0)
        # GitHub says how large a file is before it is asked for it; anybody may bring any number of large ones.
        is_taken = name in listing and size <= min(PLAN_BYTES_LIMIT, left)
        files[name] = await _content(target, listing[name], blobs) if is_taken else None
        left -= size if is_taken else 0
    return listing, files


async def _content(target: Target, sha: str, blobs: MutableMapping[str, bytes]) -> bytes | None:
    if sha not in blobs:
        content = await trees.blob(target.client, target.repo, sha)
        if len(content) > PLAN_BYTES_LIMIT:
            return None
        blobs[sha] = content
    return blobs[sha]
