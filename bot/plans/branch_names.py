"""Which names git accepts for a branch."""

from __future__ import annotations

import re
from typing import Final

BYTES_LIMIT: Final = 244

_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")


def branch_problem(name: str) -> str | None:
    """Why git would refuse a branch of this name (the rules of git-check-ref-format), or None."""
    if not name:
        return "it is empty"
    if len(name.encode("utf-8", "surrogatepass")) > BYTES_LIMIT:
        return f"it is longer than {BYTES_LIMIT} bytes"
    forbidden = _FORBIDDEN.search(name)
    if forbidden is not None:
        character = forbidden.group()
        return "it has a blank in it" if character in " \t" else f"it has the character {character!r} in it"
    if name.startswith("-"):
        return "it begins with a dash"
    if ".." in name or "@{" in name or "//" in name:
        return 'it has "..", "//" or "@{" in it'
    if name.startswith("/") or name.endswith(("/", ".")):
        return "it begins with a slash, or ends with a slash or a dot"
    if name == "@" or name == "HEAD":
        return "git uses this name itself"
    if any(part.startswith(".") or part.endswith(".lock") for part in name.split("/")):
        return 'a part of it begins with a dot or ends with ".lock"'
    return None
