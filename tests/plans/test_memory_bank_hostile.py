"""Memory-bank plans made to hurt, and real ones cut, shuffled and spliced: read to the end, with lines that exist."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.dialects import read
from bot.plans.findings import FINDINGS_LIMIT, PATTERNS_LIMIT
from bot.plans.model import BLOCKS_LIMIT, Dialect, Reading
from tests.plans.memory_bank_text import PATH, plan_text, reading_of

SIZE: Final = 20_000
TASKS: Final = "## Goal\n\nx\n\n## Tasks\n\n"
HOSTILE: Final = {
    "headings": TASKS + "### T1: a\n" * (SIZE // 10),
    "parts": TASKS + "### T1: a\n## Files\n" * (SIZE // 19),
    "ids": TASKS + "- **ID:** T1\n" * (SIZE // 13),
    "sub-tasks": TASKS + "### T1: a\n" + "#### T1.1: a\n" * (SIZE // 13),
    "phases": "## Phase 1: a\n" * (SIZE // 14),
    "boxes": TASKS + "- [ ] a\n" * (SIZE // 8),
    "ranges": TASKS
    + "| ID | Task | Deps |\n|---|---|---|\n"
    + "".join(f"| T{n} | a | T1-T{n} |\n" for n in range(1, 1000)),
    "milestones": TASKS + "### M1: x\n" + "".join(f"- T{n}: a\n  - deps: M1\n" for n in range(1, 800)),
    "wide table": TASKS + "|ID" * 3000 + "|\n" + "|-" * 3000 + "|\n" + "|T1\n" * 50,
    "digits": TASKS + "### " + "1." * (SIZE // 2),
    "codes": TASKS + "### " + "T1-" * (SIZE // 3),
    "blanks": TASKS + "### T1" + " " * SIZE + "x",
    "parentheses": TASKS + "### T1: " + "(after " * (SIZE // 7),
    "none": TASKS + "### T1: a\n**Dependencies:** " + "none " * (SIZE // 5),
    "files": TASKS + "### T1: a\n**Files/modules touched:**\n" + "".join(f"- `src/{n}`\n" for n in range(SIZE // 12)),
    "slashes": TASKS + "### T1: a\n**Files:** " + "\\a" * (SIZE // 2),
    "goals": "# " + "goal & " * (SIZE // 7),
    "gates": "## Gates\n" * (SIZE // 9),
}


def is_within(found: Reading, text: str) -> bool:
    count = text.count("\n") + text.count("\r") + 1
    lines = [finding.line for finding in found.findings]
    if found.plan is not None:
        lines += [block.line for block in found.plan.blocks]
        lines += [box.line for box in found.plan.readiness]
        lines += [pattern.line for pattern in found.plan.scope.include]
    return all(line is None or 1 <= line <= count for line in lines)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_plan_is_read_to_the_end_and_bounded(name: str) -> None:
    found = reading_of(HOSTILE[name])
    assert found.plan is not None
    assert len(found.findings) <= FINDINGS_LIMIT + 1
    assert len(found.plan.blocks) <= BLOCKS_LIMIT
    assert len(found.plan.scope.include) <= PATTERNS_LIMIT
    assert is_within(found, HOSTILE[name])


LINES: Final = (
    *plan_text().splitlines(keepends=True),
    "### M1: Base\n",
    "- [ ] T003: Box (depends on T001)\n",
    "**T004**: bold\n",
    "| ID | Task | Deps |\n",
    "|---|---|---|\n",
    "| T005 | cell | T001-T004 |\n",
    "| T006 |\n",
    "- **ID:** T007\n",
    "```\n",
    "> ### T8: quote\n",
    "## Readiness\n",
    "- ✅ ready\n",
    "## Files\n",
    "Phase 0\n---\n",
    "**Dependencies:** T9-T1\n",
    "### Task 1 (M1): x\n",
    "1. one\n",
    "\t- x\n",
    "\u2028",
    "任务1：x\n",
    "\r",
)


@given(st.data())
def test_a_plan_cut_shuffled_or_spliced_is_read_without_failing(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.sampled_from(LINES), max_size=60) | st.just(LINES) | st.permutations(LINES))
    cut = data.draw(st.integers(0, len(lines)))
    noise = data.draw(st.text(max_size=40))
    text = "".join(lines[:cut]) + noise + "".join(lines[cut:])
    found = read(PATH, text.encode("utf-8", "replace"))
    assert is_within(found, text)
    if found.plan is not None:
        known = {block.id for block in found.plan.blocks}
        assert all(set(block.depends_on or ()) <= known for block in found.plan.blocks)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    found = read("any.md", content, Dialect.MEMORY_BANK)
    assert found.plan is None or found.plan.dialect is Dialect.MEMORY_BANK


@given(st.text(alphabet="#-*|[]x `T1.M:()\n0a—", max_size=200))
def test_no_markup_makes_the_reader_fail(words: str) -> None:
    text = plan_text(words)
    assert is_within(reading_of(text), text)
