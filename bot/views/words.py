"""The words that every view shares: markers, names, and how untrusted text is shown."""

from __future__ import annotations

import re
from typing import Final

from bot.plans.inert import inert_code, inert_text
from bot.plans.model import Dialect

CHECKLIST_MARKER: Final = "<!-- stepwise:checklist -->"
BODY_LIMIT: Final = 65_000
"""GitHub refuses bodies over 65,536 characters; what is counted is not said, so some room is left."""

CHECK_PLAN: Final = "stepwise/plan"
CHECK_SCOPE: Final = "stepwise/scope"
CHECK_GATES: Final = "stepwise/gates"
CHECK_PROGRESS: Final = "stepwise/progress"
CHECK_NAMES: Final = (CHECK_PLAN, CHECK_SCOPE, CHECK_GATES, CHECK_PROGRESS)

_REFERENCE: Final = re.compile(r"#(?=\d)|(?<=:)(?=//)|(?<=GH)-(?=\d)|(?<=www)(?=\.)", re.IGNORECASE)


def plain(text: str, limit: int = 300) -> str:
    """Untrusted text as one line that is no Markdown, no HTML, no mention and no reference to another issue."""
    return _REFERENCE.sub(lambda found: found.group() + "\u200b", inert_text(text, limit))


def code(text: str, limit: int = 300) -> str:
    """Untrusted text as one code span."""
    return inert_code(text, limit)


def bare(text: str, limit: int = 120) -> str:
    """Untrusted text for a place that GitHub does not render, such as a check's title: one printable line."""
    line = "".join(one if one.isprintable() else " " for one in text[: 4 * limit])
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


_CALLS: Final = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=GH)(?=-\d)|(?<=://)", re.IGNORECASE)


def subject(text: str, limit: int = 200) -> str:
    """Untrusted text for a commit's subject or a title: nobody is mentioned, and no issue is closed when it is merged.

    GitHub reads both in commit messages, and the title of a pull request becomes one.
    """
    return _CALLS.sub("\u200b", bare(text, limit))


NAMED: Final = 12
"""Digits of a commit where somebody vouches for it: of seven, a second commit with the same ones can be made."""


def short(sha: str) -> str:
    return sha[:7]


def commit(sha: str) -> str:
    return f"`{short(sha)}`"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def noun(dialect: Dialect) -> str:
    """What a dialect calls a piece of work."""
    return "block" if dialect is Dialect.EXEC_PLAN else "task"


def listed(items: tuple[str, ...], limit: int = 10) -> str:
    """Items as code spans in one line, the rest counted."""
    shown = ", ".join(code(item, 120) for item in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")


def bullets(items: tuple[str, ...], limit: int = 30) -> str:
    lines = [f"- {plain(item, 400)}" for item in items[:limit]]
    if len(items) > limit:
        lines.append(f"- … and {len(items) - limit} more")
    return "\n".join(lines)


def length(body: str) -> int:
    """The length in UTF-16 units, the larger of the two ways in which GitHub could count."""
    return len(body.encode("utf-16-le")) // 2


def clipped(body: str, limit: int) -> str:
    """The text cut at a line end so that it fits, with a closing line that says so."""
    if length(body) <= limit:
        return body
    note = "\n\n_Cut here: the text is longer than GitHub takes._"
    kept: list[str] = []
    room = limit - length(note)
    for line in body.splitlines(keepends=True):
        room -= length(line)
        if room < 0:
            break
        kept.append(line)
    return "".join(kept).rstrip() + note
