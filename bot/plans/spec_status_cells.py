"""Writing a value in the manner of the one it replaces, and into one cell of a Markdown table."""

from __future__ import annotations

import re
from typing import Final

from bot.plans.edit import Splice
from bot.plans.inert import inert_code, inert_text
from bot.plans.inline import Text

_CODE: Final = re.compile(r"`[^`\n]+`")
_BOLD: Final = re.compile(r"(?P<mark>\*\*|__|\*|_)(?P<words>[^*_\n]+)(?P=mark)")


def in_cell(words: str) -> str:
    """Inert Markdown made fit for a cell: a pipe would end it, in a code span too."""
    return re.sub(r"(?<!\\)\|", r"\\|", words)


def cell_splice(text: str, cell: Text, words: str) -> Splice | None:
    """Put inert `words` into a cell of `text`; None when they stand there or the row has no such cell."""
    # The content of a cell has its pipes without the backslash that stands before each in the file.
    start, end = cell.start, cell.start + len(cell.content) + cell.content.count("|")
    written = text[start:end]
    if written.replace("\\|", "|") != cell.content or written == in_cell(words):
        return None
    is_missing = not cell.content and text[start : start + 1] in ("", "\n", "\r")
    if is_missing:
        return None
    before, behind = text[start - 1 : start], text[end : end + 1]
    left = " " if not written and before == "|" else ""
    right = " " if not written and behind == "|" else ""
    return Splice(start, end, f"{left}{in_cell(words)}{right}")


def written_like(old: str, status: str) -> str:
    """A status in the manner of the one it replaces: lower case stays lower case, bold stays bold, code stays code."""
    words = " ".join(status.split())
    words = words.lower() if old.islower() else words
    bold = _BOLD.fullmatch(old)
    if bold is not None:
        return f"{bold['mark']}{inert_text(words)}{bold['mark']}"
    return inert_code(words) if _CODE.fullmatch(old) else inert_text(words)


def first_line(text: Text) -> Text:
    """A value without the lines below it: what stands there in the same paragraph is somebody else's."""
    return text.slice(0, text.content.index("\n")) if "\n" in text.content else text
