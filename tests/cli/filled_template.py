"""Templates with their parts filled in, as somebody would who starts a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping

_EXEC_PLAN = {
    "document that this plan belongs to": "docs/PLANS.md",
    "one-sentence objective": "Customers see exact totals.",
    "sprint": "S04",
    "block-ids": "B01",
    "task-id-or-title-list": "totals",
    "active-plan": "totals",
    "branch-name": "feature/totals",
    "ids of blocks, or none": "none",
    "command": "pytest -q",
    "commands in backticks, or none": "none",
    "folder-or-file": "src/...",
    "sensitive-paths": "infra/...",
}
_MEMORY_BANK = {
    "topic": "Totals",
    "date": "2026-01-31",
    "owner": "Maria",
    "short-sha": "ab12cd3",
    "ids of tasks, or None": "None",
    "path": "src/totals.py",
    "command": "pytest -q",
}
_SPEC_PLAN = {
    "Feature Name": "Totals",
    "feature": "totals",
    "date": "2026-01-31",
    "file": "src/cart.py",
    "file1": "src/totals.py",
    "file2": "tests/test_totals.py",
}
_TEAM_SESSION = {
    "slug": "totals",
    "date": "2026-01-31",
    "team": "shop",
    "role": "writer",
    "PREFIX": "DRAFT",
    "prefix": "draft",
    "responsibility": "synthesis",
    "path": "src/totals.py",
    "created-at": "2026-01-31T10:00:00+00:00",
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "exec-plan": _EXEC_PLAN,
    "memory-bank": _MEMORY_BANK,
    "spec-plan": _SPEC_PLAN,
    "team-session": _TEAM_SESSION,
}


def filled(dialect: str, template: str) -> str:
    """The template with every part filled in: with a value of its own, else with some plain words."""
    part = r"\{([^{}\n\"]+)\}" if dialect == "spec-plan" else r"<(?!!--)([^<>\n]+)>"
    text = re.sub(part, lambda match: VALUES[dialect].get(match[1], f"words about {len(match[1])} things"), template)
    return re.sub(r"\bTNNN\b", "T001", re.sub(r"\bBXX\b", "B01", text))
