"""The spellings in which teams write execution logs."""

from __future__ import annotations

import pytest

from bot.plans.execution_log import read_log
from bot.plans.execution_log_gates import Result


@pytest.mark.parametrize(
    ("heading", "id", "title"),
    [
        ("T001 – Add it", "T001", "Add it"),
        ("Task T1.1: Remove `x`", "T1.1", "Remove x"),
        ("Task 2 (M1): Clean", "Task 2", "Clean"),
        ("M1-T1 - Wire", "M1-T1", "Wire"),
        ("✅ T3 -- Ship", "T3", "Ship"),
        ("M2: Wiring (T2.1-T2.5)", "T2.1-T2.5", "M2: Wiring"),
        ("`odd – id` – Title", "odd – id", "Title"),
    ],
)
def test_a_task_is_a_heading_with_an_id(heading: str, id: str, title: str) -> None:
    tasks = read_log(f"## Task Execution\n\n### {heading}\n- Status: DONE (at last)\n").tasks
    assert [(task.id, task.title, task.status) for task in tasks] == [(id, title, "DONE")]


@pytest.mark.parametrize(
    "heading", ["Milestone 1: Setup", "Quality Gate Fixes", "1. Overview", "2026-01-02 Log", "M1: Setup"]
)
def test_other_headings_are_no_tasks(heading: str) -> None:
    assert read_log(f"## Progress\n\n### {heading}\n- Commit on hold\n").tasks == ()


def test_a_row_is_a_task_where_no_heading_is_one() -> None:
    head = "| Task | Title | Status | Commit |\n|---|---|---|---|\n"
    text = f"## Tasks\n\n{head}| T1 | Add | ✅ Done | `abcdefa` |\n| T2 | Cut | open | |\n"
    tasks = [(task.id, task.title, task.status, task.commits) for task in read_log(text).tasks]
    assert tasks == [("T1", "Add", "Done", ("abcdefa",)), ("T2", "Cut", "open", ())]


@pytest.mark.parametrize(
    ("words", "result"),
    [
        ("PASS (182 passed)", "PASS"),
        ("12 passed, 0 failed", "PASS"),
        ("11 passed, 1 failed", "FAIL"),
        ("❌", "FAIL"),
        ("pass/fail", None),
        ("not known", None),
        ("not run", None),
        ("85% (target 80%)", None),
    ],
)
def test_a_gate_passed_only_where_the_log_says_so(words: str, result: Result | None) -> None:
    assert [gate.result for gate in read_log(f"## Gate Results\n- Tests: {words}\n").gates] == [result]


def test_a_gate_with_a_heading_fails_with_any_of_its_lines() -> None:
    text = "## Gate Results\n\n### Gate A\n- x: PASS\n- y: FAIL\n\n### Gate B\n- x: PASS\n- [ ] later\n"
    assert [(gate.name, gate.result) for gate in read_log(text).gates] == [("Gate A", "FAIL"), ("Gate B", None)]


def test_a_hostile_heading_is_read_in_no_time() -> None:
    text = ("### " + "`" * 900 + "\n") * 300 + ("### T1" + "-1" * 400 + " (T1" + "-T1" * 200 + "\n") * 300
    assert read_log(text).tasks == ()
