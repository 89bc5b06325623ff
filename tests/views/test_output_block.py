"""The words that end the execution of a plan of tasks."""

from __future__ import annotations

from bot.views.output_block import output_block

A, B = "a" * 40, "b1" * 20


def test_a_complete_execution() -> None:
    assert output_block("complete", 2, 2, [A, B, A], 0) == (
        "**Execution**: complete\n"
        "**Tasks completed**: 2/2\n"
        "**Commits**: `aaaaaaa`, `b1b1b1b`\n"
        "**Test results**: all-pass\n"
    )


def test_a_partial_execution_counts_the_failures() -> None:
    assert output_block("partial", 1, 3, [A], 4).endswith("**Commits**: `aaaaaaa`\n**Test results**: 4 failures\n")


def test_an_execution_without_commits_or_tests_says_so() -> None:
    assert output_block("failed", 0, 3, [], None).endswith("**Commits**: none\n**Test results**: not run\n")


def test_a_commit_is_no_more_than_a_code_span() -> None:
    assert "\n# x" not in output_block("failed", 0, 1, ["`\n# x"], None)
