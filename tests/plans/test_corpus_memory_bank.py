"""Real memory-bank plans: what a careful reader finds in them, each difference named with its reason."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest

from bot.plans.dialects import dialect_of, read
from bot.plans.inline import plain
from bot.plans.model import Dialect, Plan, Reading
from tests.corpus import CORPUS, LABELS, NOT_HERE

PLANS = sorted(name for name in LABELS if name.startswith("memory-bank/"))
LINT = {"SW320": "no-task-list", "SW321": "no-goal"}

# Where the reader says something else than the label, on purpose: (file, what) and why.
DIFFERENT: Final = {
    ("memory-bank/baseurl-beads.md", "status"): (
        "the label takes it from a code fence under Ready Queue; a fence is no statement of the plan about itself, "
        "and the same file's Final Gate says that six tasks are ready for execution"
    ),
    ("memory-bank/prompt-toolkit-fuzzy.md", "done"): (
        "the label matches the words Red and Green of a progress note with the titles of steps"
    ),
}


@cache
def reading_of(name: str) -> Reading:
    return read(LABELS[name]["source"]["path"], (CORPUS / name).read_bytes())


def plan_of(name: str) -> Plan:
    found = reading_of(name).plan
    assert found is not None
    return found


def without_task(written: str) -> str:
    return written.removeprefix("Task ")


def labelled(name: str) -> dict[str, Any]:
    label = LABELS[name]
    tasks = label["tasks"]
    return {
        "ids": [without_task(task["id"]) for task in tasks],
        "titles": [plain(task["title"]) for task in tasks],
        "lines": [task["line"] for task in tasks],
        "task milestones": [task["milestone"] for task in tasks],
        "dependencies": [
            None if task["deps"] is None else {without_task(each) for each in task["deps"]} for task in tasks
        ],
        "done": [bool(task["done"]) for task in tasks],
        "title": label["title"],
        "status": label["status"],
        "branch": label["execution_branch"],
        "mode": label["execution_mode"],
        "patterns": label["include"] or [],
        "has goal": label["has_goal"],
        "milestones": [f"{each['id']}: {plain(each['title'])}" for each in label["milestones"]],
        "validation commands": label["validation_commands"],
        "missing": sorted(label.get("expected_lint", [])),
    }


def as_read(name: str) -> dict[str, Any]:
    found, plan = reading_of(name), plan_of(name)
    return {
        "ids": [block.id for block in plan.blocks],
        "titles": [block.title for block in plan.blocks],
        "lines": [block.line for block in plan.blocks],
        "task milestones": [block.milestone for block in plan.blocks],
        "dependencies": [None if block.depends_on is None else set(block.depends_on) for block in plan.blocks],
        "done": [block.is_done for block in plan.blocks],
        "title": plan.title,
        "status": plan.status,
        "branch": plan.branch,
        "mode": plan.mode,
        "patterns": [pattern.text for pattern in plan.scope.include],
        "has goal": plan.objective is not None,
        "milestones": list(plan.milestones),
        "validation commands": list(plan.validation_commands),
        "missing": sorted(LINT[finding.code] for finding in found.findings if finding.code in LINT),
    }


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_says_what_a_careful_reader_finds(name: str) -> None:
    expected, found = labelled(name), as_read(name)
    different = {what for what in expected if expected[what] != found[what]}
    assert different == {what for file, what in DIFFERENT if file == name}


@pytest.mark.skipif(not PLANS, reason=NOT_HERE)
@pytest.mark.parametrize("what", ["ids", "titles", "dependencies", "patterns", "branch", "status", "missing"])
def test_at_least_95_in_100_files_are_read_as_labelled(what: str) -> None:
    equal = [labelled(name)[what] == as_read(name)[what] for name in PLANS]
    assert sum(equal) / len(equal) >= 0.95


@pytest.mark.parametrize("name", PLANS)
def test_a_real_plan_is_executable_unless_its_goal_or_tasks_are_missing(name: str) -> None:
    assert dialect_of(LABELS[name]["source"]["path"]) is Dialect.MEMORY_BANK
    assert reading_of(name).is_executable == (not LABELS[name].get("expected_lint"))


@pytest.mark.parametrize(
    ("name", "gates"),
    [
        ("memory-bank/model-selection-persistence.md", ["Gate A", "Gate B", "Gate C", "Gate D", "Gate E"]),
        ("memory-bank/git-safety-removal.md", ["M1 Gate", "M2 Gate", "M3 Gate", "M4 Gate"]),
    ],
)
@pytest.mark.skipif(not PLANS, reason=NOT_HERE)
def test_gates_are_read_in_order(name: str, gates: list[str]) -> None:
    assert all(found.startswith(gate) for found, gate in zip(plan_of(name).gates, gates, strict=True))


@pytest.mark.skipif(not PLANS, reason=NOT_HERE)
def test_readiness_is_read_from_boxes_and_from_marks() -> None:
    by_box = plan_of("memory-bank/web-fetch-tool.md").readiness
    assert [box.is_ticked for box in by_box] == [True] * 5 + [False]
    by_mark = plan_of("memory-bank/model-selection-persistence.md").readiness
    assert [box.is_ticked for box in by_mark] == [True] * 3 + [False] * 2


@pytest.mark.skipif(not PLANS, reason=NOT_HERE)
def test_files_lose_the_lines_they_point_at_and_prose_is_no_file() -> None:
    files = {block.id: block.files for block in plan_of("memory-bank/release-automation.md").blocks}
    assert files["T2.1"] == ("scripts/release.py", "pyproject.toml", "src/tunacode/constants.py")
    assert plan_of("memory-bank/git-safety-removal.md").blocks[1].files == ()
