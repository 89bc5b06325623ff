"""What is said when an execution begins and ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plans.document import read_document
from bot.views.execution_report import ExecutionReport, Outcome, end_block, final_report, start_block
from bot.views.words import BODY_LIMIT, length

REPORT = ExecutionReport(
    topic="Greeting",
    date="2026-11-20",
    plan="memory-bank/plan/2026-11-20_greeting.md",
    log="memory-bank/execute/2026-11-20_09-15-00_greeting.md",
    environment="local",
    start="0e5c473aaaaaaaaaa",
    end="bcd7d87bbbbbbbbbb",
    duration=timedelta(hours=25, minutes=7, seconds=59),
    branch="feature/greeting",
    attempted=3,
    completed=2,
    total=4,
    outcome="Failure",
    gates=(("Linters", "pass"), ("Type checks", "pass"), ("tests", "11/12 passed"), ("test (3.11)", "fail")),
    files=("src/hello.py", "src/__init__.py"),
    next_steps=("Ask jo about #12", "Write the docs"),
)


def test_the_start_block_says_plan_branch_rollback_point_and_counts() -> None:
    assert start_block(REPORT.plan, "feature/greeting", "0e5c473aaaaaaaaaa", 4, 2) == (
        "Executing plan: `memory-bank/plan/2026-11-20_greeting.md`\n"
        "Branch: `feature/greeting`\n"
        "Rollback point: `0e5c473`\n"
        "Tasks: 4\n"
        "Milestones: 2"
    )


@pytest.mark.parametrize("outcome", ["Success", "Failure", "Blocked"])
def test_the_end_block_says_the_outcome_and_the_next_command(outcome: Outcome) -> None:
    assert end_block(replace(REPORT, outcome=outcome)) == (
        f"Execution complete: {outcome}\n"
        "Tasks completed: 2/4\n"
        "Log: `memory-bank/execute/2026-11-20_09-15-00_greeting.md`\n"
        'Next: `/use qa-from-execute "memory-bank/execute/2026-11-20_09-15-00_greeting.md"`'
    )


def test_the_final_report_has_every_section() -> None:
    assert final_report(REPORT) == (
        "# Execution Report – Greeting\n\n"
        "**Date:** 2026-11-20\n"
        "**Plan:** `memory-bank/plan/2026-11-20_greeting.md`\n"
        "**Log:** `memory-bank/execute/2026-11-20_09-15-00_greeting.md`\n\n"
        "## Overview\n\n"
        "- Environment: local\n- Start: `0e5c473`\n"
        "- End: `bcd7d87`\n- Duration: 25h 7m\n- Branch: `feature/greeting`\n\n"
        "## Outcomes\n\n"
        "- Tasks attempted: 3\n- Tasks completed: 2\n- Final status: Failure\n\n"
        "## Gate Results\n\n"
        "- Tests: 11/12 passed\n- Coverage: not known\n- Type checks: pass\n- Security: not known\n"
        "- Linters: pass\n- test (3.11): fail\n\n"
        "## What Was Touched\n\n"
        "- `src/hello.py`\n- `src/__init__.py`\n\n"
        "## Next Steps\n\n"
        "- [ ] Ask jo about #\u200b12\n- [ ] Write the docs\n"
    )


def test_what_nobody_knows_is_called_so() -> None:
    unknown = replace(
        REPORT, environment="", end="", branch=" ", gates=(), files=(), next_steps=(), duration=timedelta(seconds=-1)
    )
    body = final_report(unknown)
    assert "- Environment: not known\n" in body
    assert "- End: not known\n- Duration: not known\n- Branch: not known\n" in body
    assert "- Tests: not known\n- Coverage: not known\n- Type checks: not known\n- Security: not known\n\n" in body
    assert "## What Was Touched\n\n- none\n\n## Next Steps\n\n- none\n" in body


def test_no_gate_of_the_same_name_hides_another() -> None:
    body = final_report(replace(REPORT, gates=(("Tests", "pass"), ("Tests", "fail"))))
    assert "- Tests: pass\n- Tests: fail\n- Coverage" in body


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60) | st.sampled_from(["x\n# y", "@octocat", "<!-- x", "```", "- [x] y", "[a](b)", "`"]))
def test_words_of_a_plan_open_nothing(words: str) -> None:
    hostile = ExecutionReport(
        words, words, words, words, words, words, words, timedelta(), words, 1, 1, 1, "Success",
        ((words, words),), (words,), (words,),
    )  # fmt: skip
    for body in (final_report(hostile), end_block(hostile), start_block(words, words, words, 1, 1)):
        assert "<!--" not in body
        assert "@octocat" not in body.replace("`@octocat`", "").replace('"@octocat"', "")
        assert len(body.splitlines()) == len(body.split("\n")) - body.endswith("\n")
    titles = [section.title for section in read_document(final_report(hostile)).sections]
    assert titles[1:] == ["Overview", "Outcomes", "Gate Results", "What Was Touched", "Next Steps"]
    assert len(end_block(hostile).split("\n")) == 4
    assert len(start_block(words, words, words, 1, 1).split("\n")) == 5


def test_a_report_longer_than_a_comment_is_cut_at_a_line_end() -> None:
    many = tuple("*" * 300 for _ in range(1000))
    body = final_report(replace(REPORT, files=many, next_steps=many, gates=tuple((one, one) for one in many)))
    assert length(body) <= BODY_LIMIT
    assert "- … and 950 more" in body
