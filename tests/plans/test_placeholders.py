"""The template's text is told from values."""

from __future__ import annotations

import pytest

from bot.plans.placeholders import filled, has_placeholder, is_placeholder


@pytest.mark.parametrize(
    "text",
    [
        "<one-sentence objective>",
        "`BXX`",
        "`BXX` or `BXX-BYY`",
        "`SXX`",
        "`<must match planning branch>`",
        "...",
        "`...`",
        "…",
        "`stepwise` (default) or `autonomous` (explicit only)",
        "`PASS | PASS_WITH_NOTES | FAIL`",
        "`medium | high`",
        "`yes | no`",
        "`done | blocked | pending`",
        "`<none | list approved grouped blocks>`",
        "TBD",
        "todo",
        "`<yes/no>`",
        "Execution Session Plan Template",
    ],
)
def test_template_text_is_not_filled_in(text: str) -> None:
    assert is_placeholder(text)
    assert filled(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "stepwise",
        "`PASS`",
        "high",
        "yes",
        "none",
        "feature/x",
        "B01",
        "B01 or B02",
        "a < b and c > d",
        "<b>bold</b>",
        "10 | 20",
    ],
)
def test_values_are_filled_in(text: str) -> None:
    assert not is_placeholder(text)
    assert filled(text) is not None


def test_a_part_in_angle_brackets_leaves_a_path_open() -> None:
    assert has_placeholder("docs/exec-plans/active/<active-plan>.md")
    assert not has_placeholder("docs/exec-plans/active/plan.md")
