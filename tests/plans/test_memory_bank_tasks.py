"""Tasks in every form and every spelling of ids, told from everything that only looks like a task."""

from __future__ import annotations

from itertools import product

import pytest

from bot.plans import block_ids
from bot.plans.memory_bank_ids import Rank, read_name, spoken
from tests.plans.memory_bank_text import GOAL, codes_of, line_of, plan_of, plan_text, tasks_of

# How ids are written, and what they are called.
SPELLINGS = {
    "T001:": "T001",
    "T1:": "T1",
    "T1.1:": "T1.1",
    "T-001:": "T-001",
    "TASK-001:": "TASK-001",
    "Task 1:": "1",
    "Task #1:": "1",
    "Task 1.1:": "1.1",
    "Task T1.1:": "T1.1",
    "M1.1:": "M1.1",
    "M1-T1:": "M1-T1",
    "A1.": "A1",
    "Task 1 (M1):": "1",
    "T1 (M1):": "T1",
    "T1 --": "T1",
    "T1 —": "T1",
    "T1 -": "T1",
    "[T1]": "T1",
    "AUTH-12:": "AUTH-12",
    "Step 1:": "Step 1",
    "작업 1:": "1",
    "任务1：": "1",
    "T1：": "T1",
}
FORMS = {
    "headings": "### {id} Add the page\n\n**Owner:** x\n",
    "bold paragraphs": "**{id} Add the page**\n- Owner: x\n",
    "half bold paragraphs": "**{id}** Add the page\n- Owner: x\n",
    "bullets": "- {id} Add the page\n  - Owner: x\n",
    "bold bullets": "- **{id}** Add the page\n  - Owner: x\n",
    "all bold bullets": "- **{id} Add the page**\n",
    "checkboxes": "- [ ] {id} Add the page\n",
    "numbered items": "1. {id} Add the page\n",
    "numbered headings": "### 1. {id} Add the page\n",
    "cells": "| Task | Owner |\n|---|---|\n| {id} Add the page | x |\n",
}


@pytest.mark.parametrize(("form", "spelling"), list(product(FORMS, SPELLINGS)))
def test_every_spelling_of_an_id_is_read_in_every_form(form: str, spelling: str) -> None:
    text = plan_text(FORMS[form].format(id=spelling))
    assert [(block.id, block.title) for block in plan_of(text).blocks] == [(SPELLINGS[spelling], "Add the page")]
    assert codes_of(text) == []
    assert plan_of(text).blocks[0].line == line_of(text, "Add the page")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_id_can_be_named_in_one_word(spelling: str) -> None:
    assert block_ids.id_problem(spoken(SPELLINGS[spelling])) is None


SECTIONS = [
    "## Work Breakdown (Tasks)",
    "## Work Breakdown",
    "## 5. Work Breakdown (Tasks)",
    "# Work Breakdown (Tasks)",
    "## Tasks",
    "## Task Breakdown",
    "## Task List",
    "## Work Plan (Phased)",
    "## Implementation Plan (v2)",
    "## Implementation Steps",
    "## Streamlined Implementation Plan",
    "## Action Items",
    "## WBS",
    "## 📋 Tasks",
    "## 작업 분해",
    "## 任务分解",
    "## タスク",
    "Work Breakdown (Tasks)\n---",
]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_section_of_the_tasks_has_many_names(section: str) -> None:
    assert tasks_of("### T1: a\n\n### T2: b\n", section=f"{section}\n\n") == [("T1", "a"), ("T2", "b")]


def test_tasks_are_found_without_a_section_of_their_own() -> None:
    assert tasks_of("## Task 1: a\n\nx\n\n## Task 2: b\n", section="") == [("1", "a"), ("2", "b")]
    phases = "## Phase 1: Base\n\n- [ ] one\n\n## Phase 2: More\n\n- [x] two\n"
    assert tasks_of(phases, section="") == [("Phase 1", "Base"), ("Phase 2", "More")]


def test_a_list_of_titles_above_the_tasks_themselves_is_not_the_list() -> None:
    assert tasks_of("1. one\n2. two\n\n## Task 1: a\n\n## Task 2: b\n") == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    "tasks",
    [
        "### M1: Base\n\n- T1: a\n\n### M2: More\n\n- T2: b\n",
        "- **M1: Base**\n  - T1: a\n- **M2: More**\n  - T2: b\n",
        "**M1: Base**\n\n- T1: a\n\n**M2: More**\n\n- T2: b\n",
        "### T1: a (M1)\n\n### T2: b (M2)\n",
        "### T1 (M1): a\n\n### T2 (M2): b\n",
        "### T1 -- a [M1]\n\n### T2 -- b [M2]\n",
        "### T1: a\n\n**Target Milestone:** M1\n\n### T2: b\n\n- **Milestone**: M2 - More\n",
        "| ID | Task | Milestone |\n|---|---|---|\n| T1 | a | M1 |\n| T2 | b | M2 |\n",
        "| ID | Task |\n|---|---|\n| **M1** | |\n| T1 | a |\n| **M2** | |\n| T2 | b |\n",
    ],
)
def test_a_task_belongs_to_the_milestone_that_is_said_anywhere(tasks: str) -> None:
    blocks = plan_of(plan_text(tasks)).blocks
    assert [(block.id, block.title, block.milestone) for block in blocks] == [("T1", "a", "M1"), ("T2", "b", "M2")]


def test_m1_1_is_a_task_and_m1_its_milestone() -> None:
    blocks = plan_of(
        plan_text("### M1.1: a\n\n### M1.2: b\n", rest="## Milestones\n\n### M1: Base\n\n- **M1.1**: x\n")
    ).blocks
    assert [(block.id, block.title, block.milestone) for block in blocks] == [("M1.1", "a", "M1"), ("M1.2", "b", "M1")]


def test_parentheses_that_name_no_milestone_stay_in_the_title() -> None:
    assert tasks_of("### T1: Fix a (6 -> 4)\n") == [("T1", "Fix a (6 -> 4)")]


def test_code_in_a_title_keeps_its_underscores() -> None:
    assert tasks_of("### T1: Add `x` to `__init__`\n") == [("T1", "Add x to __init__")]
    assert tasks_of("| ID | Task |\n|---|---|\n| T1 | Add `__init__` |\n") == [("T1", "Add __init__")]


def test_an_explicit_id_beats_the_heading() -> None:
    tasks = "### Task 1: a\n\n**ID:** T001\n\n### Task 2: b\n\n- **Task ID:** T002\n- **Dependencies:** T001\n"
    blocks = plan_of(plan_text(tasks)).blocks
    assert [(block.id, block.title, block.depends_on) for block in blocks] == [
        ("T001", "a", None),
        ("T002", "b", ("T001",)),
    ]


def test_an_explicit_id_names_a_heading_that_has_none() -> None:
    assert tasks_of("### Add a\n\n**ID:** T1\n\n### Add b\n\n**ID:** T2\n") == [("T1", "Add a"), ("T2", "Add b")]


def test_one_constant_id_names_nothing() -> None:
    assert tasks_of("### T1: a\n\n**ID:** tk-new\n\n### T2: b\n\n**ID:** tk-new\n") == [("T1", "a"), ("T2", "b")]


@pytest.mark.parametrize(
    "tasks",
    [
        "- **ID:** T1\n- **Summary:** a\n\n- **ID:** T2\n- **Summary:** b\n- **Deps:** T1\n",
        "- **ID:** T1\n  **Summary:** a\n- **ID:** T2\n  **Summary:** b\n  **Deps:** T1\n",
        "**Task:** T1\n**Summary:** a\n\n**Task:** T2\n**Summary:** b\n**Deps:** T1\n",
        "### M1\n\n- **Task ID**: T1\n- **Summary**: a\n\n- **Task ID**: T2\n- **Summary**: b\n- **Deps**: T1\n",
    ],
)
def test_groups_of_fields_are_tasks(tasks: str) -> None:
    blocks = plan_of(plan_text(tasks)).blocks
    assert [(block.id, block.title, block.depends_on) for block in blocks] == [("T1", "a", None), ("T2", "b", ("T1",))]


def test_details_elsewhere_are_added_to_the_task_and_defined_only_once() -> None:
    table = "| ID | Task |\n|---|---|\n| T1 | a |\n| T2 | b |\n\n"
    inside = "### Task Details\n\n**T1 - In words (`x.py`)**\n- Deps: none\n\n**T2 - More**\n- Files: `b.py`\n"
    behind = "## Task Details\n\n### T1: In other words\n\n**Dependencies:** None\n\n### T2\n\n**Files:** `b.py`\n"
    numbered = "### Task 1: In other words\n\n**Dependencies:** none\n\n### Task 2: More\n\n**Files:** `b.py`\n"
    for details in (inside, behind, numbered):
        first, second = plan_of(plan_text(table + details)).blocks
        assert (first.id, first.title, first.depends_on) == ("T1", "a", ())
        assert (second.id, second.title, second.files) == ("T2", "b", ("b.py",))


def test_tasks_repeated_in_summaries_are_not_counted_again() -> None:
    rest = (
        "## Strategy\n\n1. a\n2. b\n\n## Test Strategy\n\n- **T1**: look\n- **T9**: none\n\n"
        "## Summary\n\n| Task | Status |\n|---|---|\n| T1 | open |\n| T8 | open |\n\n## Final Gate\n\n- T7: x\n"
    )
    assert tasks_of("### T1: a\n\n### T2: b\n", rest=rest) == [("T1", "a"), ("T2", "b")]


def test_steps_below_a_task_are_its_steps() -> None:
    tasks = "### Task 1: a\n\n#### Step 1: x\n\n#### Step 2: y\n\n### Task 2: b\n\n- [ ] T2.1: look\n- [ ] T2.2: go\n"
    assert tasks_of(tasks) == [("1", "a"), ("2", "b")]
    assert plan_of(plan_text(tasks)).blocks[1].steps == ("T2.1: look", "T2.2: go")
    items = plan_of(plan_text("- [ ] T1: a\n  - [ ] T1.1: x\n- [ ] T2: b\n")).blocks
    assert [(block.id, block.steps) for block in items] == [("T1", ("T1.1: x",)), ("T2", ())]


def test_sub_tasks_are_tasks_where_the_heading_above_says_nothing_itself() -> None:
    tasks = "### T1: a\n\n#### T1.1: x\n\n#### T1.2: y\n\n### T2: b\n\n**Dependencies:** T1.1\n\n#### T2.1: z\n"
    assert [each for each, _ in tasks_of(tasks)] == ["T1.1", "T1.2", "T2"]


@pytest.mark.parametrize(
    "noise",
    [
        "```bash\n# T9: no heading\n## Goal\n```\n",
        "   ```\n   ### T9: indented\n   ```\n",
        "````md\n```\n### T9: nested\n```\n````\n",
        "~~~\n```\n### T9: x\n~~~\n",
        "    ### T9: indented code\n",
        "<!--\n### T9: comment\n-->\n",
        "> ### T9: quoted\n> - T8: quoted\n",
        "T9 is mentioned, and Task 8 too.\n",
        "### Task Acceptance Tests\n\n**T1-T2 (both):**\n- fine\n\n**T9 (x):**\n- fine\n",
        "### Dependency Graph\n\n- T1 -> T9\n",
    ],
)
def test_what_only_looks_like_a_task_is_none(noise: str) -> None:
    text = plan_text(f"### T1: a\n\n{noise}\n### T2: b\n")
    assert [(block.id, block.line) for block in plan_of(text).blocks] == [
        ("T1", line_of(text, "### T1")),
        ("T2", line_of(text, "### T2: b")),
    ]


def test_words_that_end_in_a_digit_are_no_ids() -> None:
    assert tasks_of("### Python3 support\n\n### OAuth2 flow\n") == []
    assert read_name("Phase out the old flag") is None


def test_a_heading_for_several_tasks_is_said() -> None:
    text = plan_text("### T1-T3: all of it\n\n### T4: b\n")
    assert codes_of(text) == [("SW328", line_of(text, "T1-T3"))]


@pytest.mark.parametrize(
    "tasks", ["1. one\n2. two\n", "- [ ] one\n- [ ] two\n", "- one\n- two\n", "### 1. one\n\n### 2. two\n"]
)
def test_tasks_without_ids_are_counted_and_that_is_said(tasks: str) -> None:
    assert tasks_of(tasks) == [("1", "one"), ("2", "two")]
    assert codes_of(plan_text(tasks)) == [("SW325", line_of(plan_text(tasks), "one"))]


def test_numbered_steps_outside_a_list_of_tasks_are_shown_and_refused() -> None:
    text = plan_text("1. **Red**\n   - fail\n2. **Green**\n", section="## 4. Execution Timeline (TDD)\n\n")
    assert [(block.id, block.title) for block in plan_of(text).blocks] == [("1", "Red"), ("2", "Green")]
    assert codes_of(text) == [("SW320", line_of(text, "Red"))]


@pytest.mark.parametrize(
    ("tasks", "done"),
    [
        ("- [x] T1: a\n- [ ] T2: b\n", [True, False]),
        ("### ✅ T1: a\n\n### T2: b\n", [True, False]),
        ("### T1: a ✅\n\n### ⏳ T2: b\n", [True, False]),
        ("| ID | Task | Status |\n|---|---|---|\n| T1 | a | Completed |\n| T2 | b | Not done |\n", [True, False]),
        ("### T1: a\n\n**Status:** Done\n\n### T2: b\n\n**Status:** Open\n", [True, False]),
        ("### T1: a\n\n- [x] one\n- [x] two\n\n### T2: b\n\n- [x] one\n- [ ] two\n", [True, False]),
    ],
)
def test_a_task_that_the_plan_marks_as_done_is_shown_so(tasks: str, done: list[bool]) -> None:
    assert [block.is_done for block in plan_of(plan_text(tasks)).blocks] == done


def test_terms_of_a_task_come_from_fields_and_from_sections() -> None:
    fields = "**Acceptance:**\n- works\n\n**Files:** `a.py:3-4`, `b/`\n\n**Steps:**\n1. go\n"
    sections = "#### Acceptance\n\n- works\n\n#### Files\n\n- `a.py:3-4`\n- `b/`\n\n#### Steps\n\n1. go\n"
    for terms in (fields, sections):
        block = plan_of(plan_text(f"### T1: a\n\n{terms}\n### T2: b\n")).blocks[0]
        assert (block.acceptance, block.files, block.steps) == (("works",), ("a.py", "b/"), ("go",))


def test_parts_of_tasks_under_headings_of_too_high_a_level_stay_with_their_task() -> None:
    one = "### shop-{0}: Do {0}\n\n**Dependencies:** None\n\n## Summary\n\nx\n\n## Files\n\n- `{0}.py`\n\n"
    text = GOAL + "## Bead Details\n\n" + one.format("3dt") + one.format("ssk") + "## Notes\n\nx\n"
    blocks = plan_of(text).blocks
    assert [(block.id, block.title, block.files) for block in blocks] == [
        ("shop-3dt", "Do 3dt", ("3dt.py",)),
        ("shop-ssk", "Do ssk", ("ssk.py",)),
    ]


def test_ids_of_phases_are_named_as_one_word_and_ranked_behind_tasks() -> None:
    name = read_name("Phase 0 — Baseline")
    assert name is not None and (name.id, name.rank, spoken(name.id)) == ("Phase 0", Rank.PHASE, "Phase-0")


@pytest.mark.parametrize(
    "tasks",
    [
        "### 1. Setup\n\n- [ ] 1.1 one\n- [x] 1.2 two\n\n### 2. More\n\n- [ ] 2.1 three\n",
        "### Phase 1: Setup\n\n#### 1.1 one\n\n#### 1.2 two\n\n### Phase 2: More\n\n#### 2.1 three\n",
    ],
)
def test_numbers_of_two_parts_below_a_group_are_ids(tasks: str) -> None:
    assert tasks_of(tasks) == [("1.1", "one"), ("1.2", "two"), ("2.1", "three")]
    assert codes_of(plan_text(tasks)) == []


def test_terms_below_numbered_headings_are_read() -> None:
    blocks = plan_of(plan_text("### 1. one\n\n**Files:** `a.py`\n\n### 2. two\n\n**Dependencies:** 1\n")).blocks
    assert [(block.files, block.depends_on) for block in blocks] == [(("a.py",), None), ((), ("1",))]


def test_milestones_with_nothing_but_bullets_are_the_tasks() -> None:
    assert tasks_of("### M1: Base\n\n- x\n- y\n\n### M2: More\n\n- z\n") == [("M1", "Base"), ("M2", "More")]


def test_ids_of_another_kind_in_another_form_are_no_tasks() -> None:
    table = "| ID | Task |\n|---|---|\n| T1 | a |\n| T2 | b |\n\n"
    assert tasks_of(table + "**D1:** a decision\n\n- R1: a risk\n\n**T3:** c\n") == [
        ("T1", "a"),
        ("T2", "b"),
        ("T3", "c"),
    ]
