"""`python -m tests.attacks`: try every attack and print the table as Markdown, with what came of each.

`--only D01,N` tries some (ids, or their beginnings), `--list` tries none, `--undefended` takes the defences away one by
one and shows that the tests notice. Further arguments go to pytest.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.attacks.attack import Attack
from tests.attacks.table import PARTS
from tests.attacks.undefended import report as undefended

TESTS = Path(__file__).parents[1]


@dataclass(eq=False)
class Outcomes:
    """What came of each test, by its name without the case: a pytest plugin."""

    of: dict[str, Counter[str]] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # A test that was set up and torn down well counts once, by its own call.
        if report.when == "call" or report.outcome != "passed":
            name = report.nodeid.partition("[")[0].removeprefix("tests/")
            self.of.setdefault(name, Counter())[report.outcome] += 1

    def of_row(self, attack: Attack) -> Counter[str]:
        found = Counter[str]()
        for name in attack.shown_by:
            found.update(self.of.get(name, Counter(missing=1)))
        return found


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    arguments.add_argument("--only", default="", help="ids or their beginnings, with commas between them")
    arguments.add_argument("--list", action="store_true", help="print the table without trying anything")
    arguments.add_argument("--undefended", action="store_true", help="take the defences away and see the tests fail")
    chosen, for_pytest = arguments.parse_known_args()
    begins = tuple(part for part in chosen.only.split(",") if part)
    if chosen.undefended:
        return undefended(begins)
    parts = {name: [one for one in rows if one.id.startswith(begins or ("",))] for name, rows in PARTS.items()}
    outcomes = Outcomes()
    if not chosen.list:
        tests = sorted({str(TESTS / name) for rows in parts.values() for one in rows for name in one.shown_by})
        pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *for_pytest, *tests], plugins=[outcomes])
    sys.stdout.write("\n".join(_lines(parts, None if chosen.list else outcomes)) + "\n")
    rows = [one for part in parts.values() for one in part]
    return int(not chosen.list and any(_is_lost(outcomes.of_row(one)) for one in rows))


def _is_lost(found: Counter[str]) -> bool:
    return set(found) != {"passed"}


def _lines(parts: dict[str, list[Attack]], outcomes: Outcomes | None) -> Iterator[str]:
    for name, rows in parts.items():
        if rows:
            yield f"\n## {name} ({len(rows)})\n"
            yield "| | who | tries | holds | shown by | cases |"
            yield "| --- | --- | --- | --- | --- | --- |"
            yield from (_row(one, outcomes.of_row(one) if outcomes else None) for one in rows)
    rows = [one for part in parts.values() for one in part]
    if outcomes is None:
        yield f"\n{len(rows)} attacks, shown by {len({name for one in rows for name in one.shown_by})} tests."
        return
    all_cases = sum((found for found in outcomes.of.values()), Counter[str]())
    lost = [one.id for one in rows if _is_lost(outcomes.of_row(one))]
    yield f"\nAttacks: {len(rows)} tried, {len(lost)} failed{': ' + ', '.join(lost) if lost else ''}."
    yield (
        f"Test cases behind them: {all_cases.total()} tried, {all_cases.total() - all_cases['passed']} failed "
        f"({len(outcomes.of)} tests)."
    )


def _row(attack: Attack, found: Counter[str] | None) -> str:
    shown = "<br>".join(f"`{name}`" for name in attack.shown_by)
    cases = "" if found is None else str(found["passed"]) if not _is_lost(found) else f"FAILED {dict(found)}"
    return f"| {attack.id} | {attack.who} | {attack.does} | {attack.holds} | {shown} | {cases} |"


if __name__ == "__main__":
    sys.exit(main())
