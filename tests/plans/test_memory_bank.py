"""What a memory-bank plan says beside its tasks, and what makes it one that cannot be executed."""

from __future__ import annotations

import pytest

from bot.plans.dialects import dialect_of, read
from bot.plans.lint import lint
from bot.plans.model import Box, Dialect, Mode
from tests.plans.memory_bank_text import FRONT, PATH, TASKS, codes_of, line_of, plan_of, plan_text, reading_of


def test_a_plan_is_read_with_everything_it_says() -> None:
    found = reading_of(plan_text())
    assert found.is_executable and found.findings == ()
    plan = plan_of(plan_text())
    assert (plan.dialect, plan.path) == (Dialect.MEMORY_BANK, PATH)
    assert (plan.title, plan.objective) == ("Greeting – Plan", "Greet people by name.")
    assert (plan.branch, plan.status, plan.mode, plan.weight) == ("feature/greeting", None, None, None)
    assert plan.sections_missing == ()
    first, second = plan.blocks
    assert (first.id, first.title, first.depends_on) == ("T001", "Add the endpoint", ())
    assert first.files == ("src/hello.py", "tests/test_hello.py")
    assert first.acceptance == ("It answers",)
    assert (second.id, second.depends_on, second.line) == ("T002", ("T001",), line_of(plan_text(), "T002: Greet"))


@pytest.mark.parametrize(
    ("path", "is_plan"),
    [
        ("memory-bank/plan/2026-01-05_x.md", True),
        ("memory-bank/plan/index.md", False),
        ("memory-bank/plan/README.md", False),
        ("memory-bank/plan/_template.md", False),
        ("memory-bank/plan/old/x.md", False),
        ("memory-bank/execute/x.md", False),
        ("other/memory-bank/plan/x.md", False),
    ],
)
def test_plans_are_kept_in_one_folder(path: str, is_plan: bool) -> None:
    assert (dialect_of(path) is Dialect.MEMORY_BANK) == is_plan


def test_lint_reads_the_dialect_from_the_path() -> None:
    report = lint(f"work/{PATH}", plan_text().encode())
    assert (report["dialect"], report["executable"]) == ("memory-bank", True)
    assert [block["id"] for block in report["blocks"]] == ["T001", "T002"]


def test_a_plan_without_a_task_list_is_refused() -> None:
    text = plan_text("", section="## The change\n\nOne line.\n")
    found = reading_of(text)
    assert not found.is_executable
    assert [(error.code, bool(error.hint)) for error in found.errors] == [("SW320", True)]
    assert plan_of(text).sections_missing == ("Work Breakdown (Tasks)",)


def test_a_plan_without_a_goal_is_refused() -> None:
    text = plan_text(goal="## Overview\n\nMuch.\n\n### Non-Goals\n\n- Nothing\n")
    assert codes_of(text) == [("SW321", None)]
    assert plan_of(text).sections_missing == ("Goal",)


def test_a_goal_that_is_the_templates_is_none() -> None:
    text = plan_text(goal="## Goal\n\n<one sentence>\n\n")
    assert codes_of(text) == [("SW321", line_of(text, "## Goal"))]


def test_both_reasons_are_given_at_once() -> None:
    assert [code for code, _ in codes_of("# Notes\n\nT2 is next.\n")] == ["SW320", "SW321"]


@pytest.mark.parametrize(
    "goal",
    [
        "## 1. Objective & Success Criteria\n\n- Do it.\n\n",
        "## Target Outcomes\n\n1. Do it.\n\n",
        "# Goals\n\nDo it.\n\n",
        "### Goal (one sentence)\n\n**Do it.**\n\n",
        "**Goal:** Do it.\n\n",
        "## 목표\n\nDo it.\n\n",
        "## 目标\n\nDo it.\n\n",
        "## 目的\n\n> quoted\n\nDo it.\n\n",
    ],
)
def test_the_goal_has_many_spellings(goal: str) -> None:
    assert plan_of(plan_text(goal=goal)).objective is not None


def test_the_goal_of_a_phase_is_not_the_goal_of_the_plan() -> None:
    tasks = "### Phase 1: Base\n\n#### Goal\n\nBase.\n\n#### T1: a\n"
    assert plan_of(plan_text(tasks, goal="")).objective is None


@pytest.mark.parametrize(
    ("front", "status"),
    [
        ("# P\n\n**Status:** Draft\n\n", "Draft"),
        ("# P\n\nStatus: Draft\n\n", "Draft"),
        ("# P\n\n- **Status**: Draft\n\n", "Draft"),
        ("---\ntitle: P\nstatus: Draft\n---\n\n", "Draft"),
        ("# P\n\n## Status\n\nDraft\n\n", "Draft"),
        ("---\ntitle: P\n---\n\n**Status: Draft, see PR 3**\n\n", "Draft, see PR 3"),
        ("# P\n\n| Field | Value |\n|---|---|\n| Status | Draft |\n\n", "Draft"),
        ("---\ntitle: P\nphase: Plan\n---\n\n", None),
    ],
)
def test_the_status_has_many_spellings_and_a_phase_is_none(front: str, status: str | None) -> None:
    assert plan_of(plan_text(front=front)).status == status


def test_a_status_of_done_above_open_tasks_is_said() -> None:
    assert ("SW327", None) in codes_of(plan_text(front="# P\n\n**Status:** COMPLETED\n\n"))
    assert codes_of(plan_text("- [x] T1: a\n- [x] T2: b\n", front="# P\n\n**Status:** COMPLETED\n\n")) == []


@pytest.mark.parametrize(
    ("front", "branch"),
    [
        ("---\ntitle: P\nbranch: feature/a\n---\n\n", "feature/a"),
        ("---\ntitle: P\nexecution_branch: `feature/a`\n---\n\n", None),
        ("---\ntitle: P\ngit_branch: null\n---\n\n", None),
        ("---\ntitle: P\ngit_branch: <branch>\n---\n\n", None),
        ("# P\n\n**Branch:** `feature/a` (from main)\n\n", "feature/a"),
        ("# P\n\n", None),
    ],
)
def test_the_branch_is_taken_where_the_plan_names_one(front: str, branch: str | None) -> None:
    assert plan_of(plan_text(front=front)).branch == branch


def test_a_branch_in_prose_is_only_a_mention() -> None:
    text = plan_text(front="# P\n\n", rest="## Readiness\n\n- [x] Current branch: `textual`\n")
    assert plan_of(text).branch is None


def test_a_branch_that_git_would_refuse_is_reported_with_its_line() -> None:
    text = plan_text(front="---\ntitle: P\ngit_branch: a b\n---\n\n")
    assert codes_of(text) == [("SW205", line_of(text, "git_branch"))]


def test_the_mode_is_taken_only_where_one_is_stated() -> None:
    assert plan_of(plan_text(front="# P\n\n**Execution Mode:** autonomous\n\n")).mode is Mode.AUTONOMOUS
    assert plan_of(plan_text(front="# P\n\n**Execution Mode:** stepwise or autonomous\n\n")).mode is None


def test_broken_front_matter_is_said_and_the_rest_read() -> None:
    text = plan_text(front="---\ntitle: [P\n---\n\n# Greeting\n\n")
    assert [code for code, _ in codes_of(text)] == ["SW108"]
    assert plan_of(text).title == "Greeting"


def test_front_matter_that_is_no_mapping_is_text() -> None:
    text = plan_text(front="---\n- a\n- b\n---\n\n")
    assert [block.id for block in plan_of(text).blocks] == ["T001", "T002"]


def test_readiness_is_read_from_boxes_and_marks_and_plain_bullets_are_none() -> None:
    rest = "## Readiness (DoR)\n\n- [x] Research\n- [ ] Fixtures\n- ✅ Access\n- ⏳ Data\n- A remark\n"
    text = plan_text(rest=rest)
    first = line_of(text, "Research")
    assert plan_of(text).readiness == (
        Box("Research", True, first),
        Box("Fixtures", False, first + 1),
        Box("Access", True, first + 2),
        Box("Data", False, first + 3),
    )


@pytest.mark.parametrize(
    ("rest", "gates"),
    [
        ("## Quality Gates\n\n- Gate A: tests\n- Gate B: lint\n", ("Gate A: tests", "Gate B: lint")),
        ("## Quality Gates\n\n### Gate C - Code\n\nx\n\n### Gate D - Docs\n", ("Gate C - Code", "Gate D - Docs")),
        ("## Final Gate\n\n- **Gates:** tests, lint\n", ("tests, lint",)),
        ("## Final Gate\n\n| Item | Value |\n|---|---|\n| Gates | tests |\n", ("tests",)),
        ("", ()),
    ],
)
def test_gates_are_read_in_order(rest: str, gates: tuple[str, ...]) -> None:
    assert plan_of(plan_text(rest=rest)).gates == gates


def test_success_criteria_are_a_section_or_the_deliverables() -> None:
    assert plan_of(plan_text(rest="## Success Criteria\n\n- Fast\n- Right\n")).success_criteria == ("Fast", "Right")
    assert plan_of(plan_text(rest="## Deliverables (DoD)\n\n1. A page\n")).success_criteria == ("A page",)


@pytest.mark.parametrize(
    "rest",
    [
        "## Milestones\n\n- **M1: Base** - the start\n- **M2:** More\n",
        "## Milestones\n\n| ID | Milestone | Note |\n|---|---|---|\n| M1 | Base - the start | x |\n| M2 | More | y |\n",
        "## Milestones\n\n### M1: Base - the start\n\n- x\n\n### M2: More\n",
        "## Milestones\n\n| # | Milestone |\n|---|---|\n| M1 | Base - the start |\n| M2 | More |\n",
    ],
)
def test_milestones_have_ids_and_titles(rest: str) -> None:
    assert plan_of(plan_text(rest=rest)).milestones == ("M1: Base - the start", "M2: More")


def test_commands_of_validation_sections_are_read_and_those_of_single_tasks_are_not() -> None:
    tasks = "### T1: Validation\n\n- Run `pytest tests/a.py`\n\n### T2: b\n"
    rest = "## Test Strategy\n\n- `ruff check .`\n- `tests/test_a.py`\n\n## Execution Checklist\n\n- [ ] `mypy src`\n"
    assert plan_of(plan_text(tasks, rest=rest)).validation_commands == ("ruff check .", "mypy src")


def test_the_scope_is_the_union_of_what_the_tasks_say_they_touch() -> None:
    text = plan_text()
    scope = plan_of(text).scope
    assert [(pattern.text, pattern.note) for pattern in scope.include] == [
        ("src/hello.py", "new"),
        ("tests/test_hello.py", None),
        ("docs/**", None),
    ]
    assert scope.include[0].line == line_of(text, "(new)")


def test_other_lists_of_files_state_no_scope() -> None:
    plan = plan_of(plan_text("### T1: a\n\n**Files/Interfaces:** `src/a.py`\n"))
    assert plan.scope.include == () and plan.blocks[0].files == ("src/a.py",)


def test_prose_negated_and_windows_patterns_are_not_guessed_into_the_scope() -> None:
    tasks = "### T1: a\n\n**Files/modules touched:**\n- the docs\n- `!x`\n- `src\\a.py`\n- None\n- `b/**`\n"
    text = plan_text(tasks)
    plan = plan_of(text)
    assert [pattern.text for pattern in plan.scope.include] == ["b/**"]
    assert [prose.text for prose in plan.scope.unparsed] == ["the docs"]
    first = line_of(text, "the docs")
    assert codes_of(text) == [("SW405", first), ("SW402", first + 1), ("SW404", first + 2)]


def test_windows_paths_in_lists_of_files_are_said_and_left_out() -> None:
    text = plan_text("### T1: a\n\n**Files:** `src\\a.py`, `src/b.py`\n")
    assert codes_of(text) == [("SW326", line_of(text, "**Files"))]
    assert plan_of(text).blocks[0].files == ("src/b.py",)


def test_an_empty_file_is_refused() -> None:
    assert [finding.code for finding in read(PATH, b"\n").findings] == ["SW101"]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_and_a_byte_order_mark_change_nothing(end: str) -> None:
    found = reading_of("\ufeff" + plan_text().replace("\n", end))
    assert found.is_executable and found.plan is not None
    assert [(block.id, block.line) for block in found.plan.blocks] == [
        (block.id, block.line) for block in plan_of(plan_text()).blocks
    ]


def test_a_title_without_front_matter_is_the_first_heading() -> None:
    assert plan_of(plan_text(front="# Greeting\n\n")).title == "Greeting"
    assert codes_of(plan_text(front="")) == [("SW210", 1)]
    assert plan_of(plan_text(TASKS, front=FRONT.replace("Greeting – Plan", "<topic> – Plan"))).title is not None
