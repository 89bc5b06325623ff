"""Plans made to hurt: each is read to its end, with a bounded number of findings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.dialects import read
from bot.plans.findings import FINDINGS_LIMIT, PATTERNS_LIMIT
from bot.plans.model import BLOCKS_LIMIT
from tests.plans.plan_text import PATH, plan_text

SIZE = 60_000

HOSTILE = {
    "brackets": "[" * SIZE,
    "stars": "*a " * (SIZE // 3),
    "quotes": "> " * (SIZE // 2),
    "nested lists": "".join("  " * depth + "- a\n" for depth in range(400)),
    "wide table": "|a" * 5000 + "|\n" + "|-" * 5000 + "|\n" + "|\n" * 50,
    "one long line": "a" * SIZE,
    "fields": "**Key:** v | " * (SIZE // 13),
    "field lines": "Key: v\n" * (SIZE // 7),
    "ids": "## Proposed Next Block\n\n- **Block ID:** " + "B1, " * (SIZE // 4),
    "ranges": "## Proposed Next Block\n\n- **Block ID:** " + "B1-B499, " * (SIZE // 9),
    "blocks": "## Proposed Next Block\n\n" + "- **Block ID:** `B1`\n" * (SIZE // 22),
    "headings": "## Status\n### Slice 1: a\n" * (SIZE // 24),
    "patterns": "## File Scope Contract\n\n### Include\n\n" + "- `src/**`\n" * (SIZE // 11),
    "prose": "## File Scope Contract\n\n### Include\n\n" + "- x\n" * (SIZE // 4),
    "parentheses": "# a" + " (" * (SIZE // 2),
    "front matter": "---\na: " + "[" * SIZE + "\n---\n",
    "groups": "## Executor Handoff\n\n- **Block Grouping:** " + "B1+" * (SIZE // 3),
    "assignments": "# Validation\n\n`" + "A=b " * (SIZE // 4) + "`",
    "blank key": "- **a" + " " * SIZE + ":** x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_plan_is_refused_and_bounded(name: str) -> None:
    found = read(PATH, HOSTILE[name].encode())
    assert not found.is_executable
    assert len(found.findings) <= FINDINGS_LIMIT + 1
    assert found.plan is not None
    assert len(found.plan.blocks) <= BLOCKS_LIMIT
    assert len(found.plan.scope.include) <= PATTERNS_LIMIT + 1


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    assert not read(PATH, content).is_executable


LINES = plan_text().splitlines(keepends=True)


@given(st.data())
def test_a_plan_cut_shuffled_or_spliced_is_read_without_failing(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.sampled_from(LINES), max_size=60) | st.just(LINES))
    cut = data.draw(st.integers(0, len(lines)))
    noise = data.draw(st.text(max_size=40))
    text = "".join(lines[:cut]) + noise + "".join(lines[cut:])
    found = read(PATH, text.encode("utf-8", "replace"))
    count = len(text.splitlines()) + 1
    assert all(finding.line is None or 1 <= finding.line <= count for finding in found.findings)
