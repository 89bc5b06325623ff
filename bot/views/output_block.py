"""The block of words that ends the execution of a spec-plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bot.views.words import code, short


def output_block(
    outcome: Literal["complete", "partial", "failed"],
    done: int,
    total: int,
    commits: Sequence[str],
    failures: int | None,
) -> str:
    """Four lines: outcome, tasks, commits as short hashes, test results; `failures` is None when no test was run."""
    shown = ", ".join(code(short(commit)) for commit in dict.fromkeys(commits)) or "none"
    return (
        f"**Execution**: {outcome}\n"
        f"**Tasks completed**: {done}/{total}\n"
        f"**Commits**: {shown}\n"
        f"**Test results**: {_results(failures)}\n"
    )


def _results(failures: int | None) -> str:
    if failures is None:
        return "not run"
    return f"{failures} failures" if failures else "all-pass"
