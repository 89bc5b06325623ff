"""How much CPU scope matching takes."""

from __future__ import annotations

import re
from collections.abc import Callable

from bench.parsing import best_of
from bot.plans.patterns import ScopeRules


def judging(files: int, patterns: int) -> Callable[[], object]:
    """The work: compile so many patterns, half of them excludes, and judge so many files."""
    include = [f"src/area_{number}/..." for number in range(patterns // 2)]
    exclude = [f"**/generated_{number}/*.{{py,ts,sql}}" for number in range(patterns - patterns // 2)]
    paths = [f"src/area_{number % 37}/module_{number % 11}/file_{number}.py" for number in range(files)]

    def work() -> None:
        # Python remembers some hundred compiled expressions; the first look at a plan has none of them.
        re.purge()
        ScopeRules.compile(include, exclude, []).judge_all(paths)

    return work


def main() -> None:
    print("scope: CPU time to compile the patterns and judge every changed file (budget: 100 ms for 3,000 and 40)")
    for files, patterns in ((300, 10), (3000, 10), (3000, 40), (3000, 200)):
        print(f"  {files:5d} files, {patterns:3d} patterns … {1000 * best_of(judging(files, patterns)):.1f} ms")
