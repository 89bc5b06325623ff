"""What a plan is about: its title without the words that only say that it is one."""

from __future__ import annotations

import re
from typing import Final

from bot.plans.model import Dialect, Plan

_BEFORE: Final = re.compile(r"(?:implementation\s)?plan\s?[:–—]\s+", re.IGNORECASE)
_BEHIND: Final = re.compile(r"\s[:–—-]\s(?:implementation\s)?plan$", re.IGNORECASE)


def title_of(plan: Plan) -> str:
    """`Totals` for memory-bank's `Totals – Plan` and spec-plan's `Plan: Totals`; the path where there is no title.

    What a session is about is a sentence: its full stop goes.
    """
    title = (plan.title or plan.path)[:1000].strip()
    if plan.dialect is Dialect.TEAM_SESSION:
        return title.rstrip(".") or title
    if plan.dialect not in {Dialect.MEMORY_BANK, Dialect.SPEC_PLAN}:
        return title
    opening = _BEFORE.match(title)
    bare = title[opening.end() :] if opening is not None else _BEHIND.sub("", title)
    return bare or title
