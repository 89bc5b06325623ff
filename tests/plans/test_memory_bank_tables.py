"""Tables of tasks with their columns in any order, and tables of other things."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.plans.memory_bank_text import codes_of, line_of, plan_of, plan_text, tasks_of

COLUMNS = {
    "ID": ("T1", "T2"),
    "Task": ("a", "b"),
    "Deps": ("-", "T1"),
    "Files": ("`a.py:1-2`", "None"),
    "Est": ("1h", "2h"),
}


def table(names: tuple[str, ...]) -> str:
    rows = [names, tuple("---" for _ in names), *(tuple(COLUMNS[name][row] for name in names) for row in (0, 1))]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


@pytest.mark.parametrize("names", list(permutations(COLUMNS)))
def test_columns_may_stand_in_any_order(names: tuple[str, ...]) -> None:
    first, second = plan_of(plan_text(table(names))).blocks
    assert (first.id, first.title, first.depends_on, first.files) == ("T1", "a", (), ("a.py",))
    assert (second.id, second.title, second.depends_on, second.files) == ("T2", "b", ("T1",), ())


@pytest.mark.parametrize(
    "header",
    [
        "| Task | Summary |",
        "| Task ID | Summary |",
        "| ID | Title |",
        "| # | Task |",
        "| ID | Description |",
        "| Task | Change |",
        "| T# | What |",
        "| Step | Action |",
        "| **ID** | **Task** |",
        "| id | summary |",
        "| 编号 | 任务 |",
        "| 번호 | 작업 |",
        "| Task | Component |",
    ],
)
def test_columns_have_many_names(header: str) -> None:
    assert tasks_of(f"{header}\n|---|---|\n| T1 | a |\n| T2 | b |\n") == [("T1", "a"), ("T2", "b")]


def test_a_column_of_one_constant_is_not_the_column_of_ids() -> None:
    rows = "| Task | ID | Summary |\n|---|---|---|\n| T1 | tk-new | a |\n| T2 | tk-new | b |\n| T3 | tk-new | c |\n"
    assert [each for each, _ in tasks_of(rows)] == ["T1", "T2", "T3"]


def test_ids_of_trackers_and_single_letters_and_numbers_are_ids_in_a_column_for_them() -> None:
    assert tasks_of("| ID | Title |\n|---|---|\n| shop-3dt | a |\n| shop-ssk | b |\n") == [
        ("shop-3dt", "a"),
        ("shop-ssk", "b"),
    ]
    assert tasks_of("| ID | Task |\n|---|---|\n| A | a |\n| B | b |\n") == [("A", "a"), ("B", "b")]
    assert tasks_of("| # | Task |\n|---|---|\n| 1 | a |\n| 2 | b |\n") == [("1", "a"), ("2", "b")]
    assert tasks_of("| Task | Description |\n|---|---|\n| Task 1 | a |\n| Task 2 | b |\n") == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    "other",
    [
        "| ID | Test | Expected |\n|---|---|---|\n| T1 | x | y |\n| T9 | x | y |\n",
        "| Test ID | Description |\n|---|---|\n| T8 | x |\n| T9 | y |\n",
        "| ID | Risk | Mitigation |\n|---|---|---|\n| R1 | x | y |\n",
        "| Ticket ID | Title | Status |\n|---|---|---|\n| tun-1 | x | open |\n",
        "| # | Ticket | Title |\n|---|---|---|\n| 8 | tun-1 | x |\n| 9 | tun-2 | y |\n",
        "| ID | Milestone | Description |\n|---|---|---|\n| M1 | x | y |\n",
        "| File | Lines | Status |\n|---|---|---|\n| `a.py` | 10 | DEAD |\n",
        "| Item | Value |\n|---|---|\n| Tasks | 2 |\n",
        "| Task | Acceptance Criteria |\n|---|---|\n| T1 | fine |\n| T2 | fine |\n",
        "| Metric | Target |\n|---|---|\n| T9 | 3 |\n",
    ],
)
def test_tables_of_other_things_are_no_tasks(other: str) -> None:
    assert tasks_of(f"| ID | Task |\n|---|---|\n| T1 | a |\n| T2 | b |\n\n{other}") == [("T1", "a"), ("T2", "b")]


def test_a_table_inside_a_task_belongs_to_the_task() -> None:
    tasks = "### T1: a\n\n| ID | Task |\n|---|---|\n| T8 | x |\n| T9 | y |\n\n### T2: b\n"
    assert tasks_of(tasks) == [("T1", "a"), ("T2", "b")]


@pytest.mark.parametrize("heading", ["### T{0}: {1}\n\n", ""])
def test_vertical_tables_say_the_terms_of_one_task(heading: str) -> None:
    one = (
        heading
        + "| Field | Value |\n|---|---|\n| ID | T{0} |\n| Summary | {1} |\n| Deps | {2} |\n| Files | `{1}.py` |\n\n"
    )
    blocks = plan_of(plan_text(one.format(1, "a", "None") + one.format(2, "b", "T1"))).blocks
    assert [(block.id, block.title, block.depends_on, block.files) for block in blocks] == [
        ("T1", "a", (), ("a.py",)),
        ("T2", "b", ("T1",), ("b.py",)),
    ]


def test_several_tables_are_one_list() -> None:
    first = "### M1: x\n\n| Task | Summary | Files |\n|---|---|---|\n| T1.1 | a | - |\n\n"
    tasks = first + "### M2: y\n\n| Task | Summary |\n|---|---|\n| T2.1 | b |\n"
    assert [(block.id, block.milestone) for block in plan_of(plan_text(tasks)).blocks] == [
        ("T1.1", "M1"),
        ("T2.1", "M2"),
    ]


def test_rows_with_missing_cells_are_said_and_the_others_read() -> None:
    text = plan_text(
        "| ID | Task | Deps |\n|---|---|---|\n| T1 | one |\n| | two | T1 |\n| T3 | | T1 |\n| T4 | four | T3\n"
    )
    first = line_of(text, "| T1 | one")
    assert codes_of(text) == [("SW323", first), ("SW322", first + 1), ("SW324", first + 2)]
    assert [block.id for block in plan_of(text).blocks] == ["T1", "T3", "T4"]


def test_rows_that_total_or_group_are_passed_over() -> None:
    text = plan_text("| ID | Task | Est |\n|---|---|---|\n| **M1** | | |\n| T1 | a | 1h |\n| **Total** | | 1h |\n")
    assert codes_of(text) == [] and [block.id for block in plan_of(text).blocks] == ["T1"]


def test_a_template_row_is_no_task() -> None:
    text = plan_text("| ID | Task |\n|---|---|\n| TXXX | <summary> |\n")
    assert [code for code, _ in codes_of(text)] == ["SW320"]


def test_an_escaped_pipe_is_part_of_its_cell() -> None:
    text = plan_text("| ID | Task | Deps |\n|---|---|---|\n| T1 | a \\| b | - |\n")
    assert codes_of(text) == [] and plan_of(text).blocks[0].title == "a | b"
