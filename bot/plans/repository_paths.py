"""Paths inside a repository: what a reference in a document points to, and how one document refers to another."""

from __future__ import annotations

import posixpath
import re
from typing import Final
from urllib.parse import quote, unquote

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PATH_END: Final = re.compile(r"[#?]")
# What must not stand bare in a link destination; letters of any alphabet may.
_SPECIAL: Final = re.compile(r"""[\x00-\x20\x7f"#%&()<>?\[\\\]^`{|}]""")


def folder_of(path: str) -> str:
    return posixpath.dirname(path)


def split_anchor(destination: str) -> tuple[str, str]:
    """Split a link destination into its path and the `?query#anchor` behind it."""
    found = _PATH_END.search(destination)
    return (destination, "") if found is None else (destination[: found.start()], destination[found.start() :])


def is_local(destination: str) -> bool:
    """Say whether a link destination names a file of the repository (no URL, no bare anchor)."""
    path = split_anchor(destination)[0]
    return bool(path) and not path.startswith("//") and "\\" not in path and not _SCHEME.match(path)


def resolve(path: str, folder: str) -> str | None:
    """The repository path that `path`, written in a document of `folder`, means; None when it leads outside.

    A leading slash means the repository's root, as on GitHub.
    """
    joined = path.lstrip("/") if path.startswith("/") else posixpath.join(folder, path)
    normal = posixpath.normpath(joined)
    return None if not path or normal == ".." or normal.startswith(("../", "/")) else normal


def resolve_link(destination: str, folder: str) -> str | None:
    """The repository path of a link destination (percent-decoded, anchor dropped); None for URLs and bare anchors."""
    if not is_local(destination):
        return None
    return resolve(unquote(split_anchor(destination)[0]), folder)


def relative(path: str, folder: str) -> str:
    return posixpath.relpath(path, folder or ".")


def in_the_form_of(written: str, path: str, folder: str) -> str:
    """Write `path` the way `written` is: from the root (`/docs/x.md`), with a leading `./`, or plainly relative."""
    if written.startswith("/"):
        return "/" + path
    plain = relative(path, folder)
    return f"./{plain}" if written.startswith("./") and not plain.startswith("../") else plain


def quote_path(path: str, *, whole: bool = False) -> str:
    """Percent-encode what would break a Markdown link; `whole` encodes letters outside ASCII too."""
    if whole:
        return quote(path, safe="/-._~!$'+,;=:@")
    # A relative path whose first segment holds a colon would read as a URL with a scheme.
    head = "./" if _SCHEME.match(path) else ""
    return head + _SPECIAL.sub(lambda found: quote(found.group(), safe=""), path)
