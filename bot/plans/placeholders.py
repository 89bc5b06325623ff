"""Template text that was left in: it counts as not filled in, never as a value."""

from __future__ import annotations

import re
from typing import Final

from bot.plans.inline import plain

TEMPLATE_TITLES: Final = frozenset({"execution session plan template"})

_LONGEST: Final = 300
_ANGLED: Final = re.compile(r"<(?![a-zA-Z/][^<>]*=)[^<>`]{1,200}>")
_TEMPLATE_ID: Final = re.compile(r"[A-Za-z]{0,8}(?:XX|YY|NN|NNN)(?![A-Za-z0-9])")
_WORDS: Final = frozenset(
    {"...", "…", "tbd", "todo", "tba", "fixme", "???", "xxx", "to be defined", "to be determined"}
)
_OPTIONS: Final = (
    frozenset({"stepwise", "autonomous"}),
    frozenset({"pass", "pass_with_notes", "fail"}),
    frozenset({"medium", "high"}),
    frozenset({"yes", "no"}),
    frozenset({"done", "blocked", "pending"}),
    frozenset({"pass", "fail", "notes"}),
    frozenset({"none", "list approved grouped blocks"}),
)


def is_placeholder(value: str) -> bool:
    """Say whether a value (Markdown) is the template's own text: `<name>`, `BXX`, `...`, or all options at once."""
    if len(value) > _LONGEST:
        return False
    words = plain(value)
    words = words if words in ("...", "…") else words.strip(" .")
    folded = words.casefold()
    if folded in _WORDS or folded in TEMPLATE_TITLES:
        return True
    if _ANGLED.fullmatch(words):
        return True
    if is_template_id(words.split(" or ", 1)[0]):
        return True
    return _lists_all_options(folded)


def has_placeholder(value: str) -> bool:
    """Say whether a name or path still has a `<part>` to be filled in, or is a placeholder as a whole."""
    return bool(_ANGLED.search(value)) or is_placeholder(value)


def is_template_id(text: str) -> bool:
    """`BXX`, `SXX`, `BXX-BYY`: the template's ids."""
    parts = re.split(r"\s*[-–,]\s*", text.strip().strip("`"))
    return all(_TEMPLATE_ID.fullmatch(part) for part in parts)


def _lists_all_options(folded: str) -> bool:
    without_notes = re.sub(r"\([^()]*\)", " ", folded)
    options = {part.strip() for part in re.split(r"\||/|\bor\b|,", without_notes)} - {""}
    return len(options) > 1 and any(options <= known and len(options) == len(known) for known in _OPTIONS)


def filled(value: str) -> str | None:
    """The plain words of a value, or None if it is empty or the template's."""
    words = plain(value)
    return None if not words or is_placeholder(value) else words
