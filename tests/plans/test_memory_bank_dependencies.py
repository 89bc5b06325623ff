"""What tasks wait for, and ids that cannot be told apart."""

from __future__ import annotations

import pytest

from tests.plans.memory_bank_text import codes_of, line_of, plan_of, plan_text


def row_of_tasks(name: str, last: str, count: int = 11) -> str:
    """Tasks 1 to `count`; the last one says what it depends on."""
    heads = [f"### {name.format(number)}: Do {number}\n\n" for number in range(1, count + 1)]
    return "".join(heads) + f"**Dependencies:** {last}\n"


def last_of(text: str) -> tuple[str, ...] | None:
    return plan_of(text).blocks[-1].depends_on


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("None", []),
        ("none (can start at once)", []),
        ("-", []),
        ("—", []),
        ("N/A", []),
        ("No dependencies", []),
        ("없음", []),
        ("无", []),
        ("T1", [1]),
        ("T10", [10]),
        ("T1, T10", [1, 10]),
        ("`T1`, `T2`", [1, 2]),
        ("[T1, T2]", [1, 2]),
        ("T1 and T2", [1, 2]),
        ("T1; T2", [1, 2]),
        ("T1/T2", [1, 2]),
        ("T1 + T2", [1, 2]),
        ("T3-T5", [3, 4, 5]),
        ("T3–T5", [3, 4, 5]),
        ("T3 to T5", [3, 4, 5]),
        ("T3..T5", [3, 4, 5]),
        ("T1, T3-T5 & T9", [1, 3, 4, 5, 9]),
        ("Task T1", [1]),
        ("T1 (hard), T2 (soft)", [1, 2]),
        ("T1 must be merged", [1]),
        ("All previous tasks", list(range(1, 11))),
        ("t1", [1]),
        ("1, 2", [1, 2]),
        ("Tasks 1-3", [1, 2, 3]),
    ],
)
def test_dependencies_are_read_in_every_spelling(written: str, expected: list[int]) -> None:
    text = plan_text(row_of_tasks("T{}", written))
    assert last_of(text) == tuple(f"T{number}" for number in expected)
    assert codes_of(text) == []


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("Task {}", "Task 1", ["1"]),
        ("Task {}", "Tasks 1-3", ["1", "2", "3"]),
        ("Task {}", "Task 1, Task 2", ["1", "2"]),
        ("Task {}", "1, 2", ["1", "2"]),
        ("Task {}", "T1", ["1"]),
        ("Step {}", "Step 1", ["Step 1"]),
        ("Step {}", "Steps 1-2", ["Step 1", "Step 2"]),
        ("Phase {}", "Phase 1", ["Phase 1"]),
        ("Phase {}", "Phases 1-2", ["Phase 1", "Phase 2"]),
        ("M1.{}", "M1.1", ["M1.1"]),
        ("M1-T{}", "M1-T1, M1-T2", ["M1-T1", "M1-T2"]),
        ("shop-{}xx", "shop-1xx", ["shop-1xx"]),
        ("작업 {}", "작업 1", ["1"]),
        ("任务{}", "任务1", ["1"]),
    ],
)
def test_dependencies_are_read_for_every_kind_of_id(name: str, written: str, expected: list[str]) -> None:
    text = plan_text(row_of_tasks(name, written))
    assert list(last_of(text) or ()) == expected
    assert codes_of(text) == []


def test_a_silent_plan_says_nothing_about_dependencies() -> None:
    assert last_of(plan_text("### T1: a\n\n### T2: b\n")) is None


def test_a_milestone_stands_for_all_its_tasks() -> None:
    tasks = "### M1: x\n\n- T1: a\n- T2: b\n\n### M2: y\n\n- T3: c\n  - Dependencies: M1\n"
    assert last_of(plan_text(tasks)) == ("T1", "T2")


def test_dependencies_in_a_title_are_read_and_left_out_of_it() -> None:
    block = plan_of(plan_text("- T1: a\n- T2: b (depends on T1)\n")).blocks[1]
    assert (block.title, block.depends_on) == ("b", ("T1",))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("T99", "SW304"),
        ("T1, T99", "SW304"),
        ("M9", "SW304"),
        ("T5-T1", "SW309"),
        ("T1-T9999", "SW309"),
        ("the API keys", "SW311"),
        ("PR #12", "SW311"),
    ],
)
def test_what_cannot_be_resolved_is_said_with_its_line(written: str, code: str) -> None:
    text = plan_text(row_of_tasks("T{}", written))
    assert codes_of(text) == [(code, line_of(text, "**Dependencies"))]


def test_a_cycle_is_an_error_and_the_rest_is_read() -> None:
    text = plan_text("### T1: a\n\nDependencies: T2\n\n### T2: b\n\nDependencies: T1\n\n### T3: c\n")
    assert codes_of(text) == [("SW305", line_of(text, "Dependencies: T2"))]
    assert [block.id for block in plan_of(text).blocks] == ["T1", "T2", "T3"]


def test_a_task_that_waits_for_itself_is_a_cycle() -> None:
    assert [code for code, _ in codes_of(plan_text("### T1: a\n\nDependencies: T1\n"))] == ["SW305"]


@pytest.mark.parametrize(
    "tasks",
    [
        "### T1: one\n\n### T1: two\n",
        "- T1: one\n- T1: two\n",
        "- T1: one\n- T1: one\n- two\n",
        "**T1:** one\n\n**T1:** two\n",
        "| ID | Task |\n|---|---|\n| T1 | one |\n| T1 | two |\n",
        "| ID | Task |\n|---|---|\n| T1 | one |\n\n| ID | Task |\n|---|---|\n| T1 | two |\n",
    ],
)
def test_an_id_that_is_defined_twice_is_an_error(tasks: str) -> None:
    assert [code for code, _ in codes_of(plan_text(tasks))] == ["SW302"]


@pytest.mark.parametrize(
    "tasks", ["### T1: one\n\n### t1: two\n", "| ID | Task |\n|---|---|\n| T1 | one |\n| t1 | two |\n"]
)
def test_ids_that_differ_by_case_are_an_error(tasks: str) -> None:
    text = plan_text(tasks)
    assert codes_of(text) == [("SW303", line_of(text, "two"))]
