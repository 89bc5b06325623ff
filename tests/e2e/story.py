"""The seeded plan cut short, and a policy that gives people time."""

from __future__ import annotations

import re

from tests.e2e.scenario import PLAN, PLAN_FILES, Scenario

POLICY = ".github/stepwise.yml"
THIRD_BLOCK = re.compile(r"- \*\*Block ID:\*\* `B03`\n(?:- .*\n)+\n")
TWO_BLOCKS = THIRD_BLOCK.sub("", PLAN_FILES[PLAN])


async def patient(github: Scenario) -> None:
    """A policy under which no amount of waiting makes a commit without checks approvable."""
    await github.push({POLICY: "gates:\n  patience_minutes: 1440\n"}, branch="main", by="maria", message="Policy")
