"""A memory-bank plan with parts that tests replace."""

from __future__ import annotations

from bot.plans.dialects import read
from bot.plans.model import Plan, Reading

PATH = "memory-bank/plan/2026-01-05_greeting.md"
FRONT = '---\ntitle: "Greeting – Plan"\nphase: Plan\ngit_branch: "feature/greeting"\n---\n\n'
GOAL = "## Goal\n\nGreet people by name.\n\n"
SECTION = "## Work Breakdown (Tasks)\n\n"
TASKS = """\
### T001: Add the endpoint

**Dependencies:** None
**Files/modules touched:**
- `src/hello.py` (new)
- `tests/test_hello.py:10-20`

**Acceptance Tests:**
- It answers

### T002: Greet by name

**Dependencies:** T001
**Files/modules touched:** `src/hello.py`, `docs/**`
"""


def plan_text(
    tasks: str = TASKS, *, front: str = FRONT, goal: str = GOAL, section: str = SECTION, rest: str = ""
) -> str:
    return f"{front}{goal}{section}{tasks}\n{rest}"


def reading_of(text: str) -> Reading:
    return read(PATH, text.encode())


def plan_of(text: str) -> Plan:
    found = reading_of(text).plan
    assert found is not None
    return found


def tasks_of(tasks: str, **parts: str) -> list[tuple[str, str]]:
    return [(block.id, block.title) for block in plan_of(plan_text(tasks, **parts)).blocks]


def codes_of(text: str) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.line) for finding in reading_of(text).findings]


def line_of(text: str, words: str) -> int:
    """The 1-based line of the first line that holds these words."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if words in line)
