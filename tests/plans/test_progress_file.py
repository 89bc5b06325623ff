"""PROGRESS.md: written, brought up to date, and read back after an interruption."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.document import read_document
from bot.plans.progress_file import (
    ProgressRecord,
    ProgressTask,
    apply_progress,
    progress_path,
    read_progress,
)

COMMIT = "a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0"
RECORD = ProgressRecord(
    feature="Sessions",
    plan_path="specs/auth/PLAN.md",
    weight="light",
    step="execute",
    tasks=(
        ProgressTask("1", "Keep sessions", "done", COMMIT),
        ProgressTask("2", "Say goodbye", "in_progress", ""),
        ProgressTask("3", "Document it", "pending", ""),
    ),
    notes=("task 2 waits for a review",),
)
WRITTEN = f"""\
# Progress: Sessions

**Weight**: light
**Current step**: execute
**Plan**: `specs/auth/PLAN.md`

## Tasks

| # | Task | Status | Commit |
|---|------|--------|--------|
| 1 | Keep sessions | done | `{COMMIT}` |
| 2 | Say goodbye | in progress | — |
| 3 | Document it | pending | — |

## Notes

- task 2 waits for a review
"""


def test_progress_is_kept_beside_the_plan() -> None:
    assert progress_path("specs/auth/oauth/PLAN.md") == "specs/auth/oauth/PROGRESS.md"
    assert progress_path("PLAN.md") == "PROGRESS.md"


@pytest.mark.parametrize("text", [None, "", "\n\n", "\ufeff"])
def test_a_file_that_is_not_there_is_created(text: str | None) -> None:
    assert apply_progress(text, RECORD) == WRITTEN


def test_what_was_written_is_read_back() -> None:
    assert read_progress(WRITTEN) == RECORD
    without = replace(RECORD, weight=None, notes=(), tasks=())
    assert read_progress(apply_progress(None, without)) == without


def test_a_finished_task_changes_its_row_and_no_other_line() -> None:
    tasks = (RECORD.tasks[0], ProgressTask("2", "Say goodbye", "failed", ""), RECORD.tasks[2])
    after = apply_progress(WRITTEN, replace(RECORD, tasks=tasks, step="verify"))
    changed = [pair for pair in zip(WRITTEN.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert changed == [
        ("**Current step**: execute", "**Current step**: verify"),
        ("| 2 | Say goodbye | in progress | — |", "| 2 | Say goodbye | failed | — |"),
    ]


def test_tasks_that_are_no_longer_in_the_plan_leave_the_table() -> None:
    after = read_progress(apply_progress(WRITTEN, replace(RECORD, tasks=RECORD.tasks[1:])))
    assert after is not None
    assert [task.id for task in after.tasks] == ["2", "3"]


def test_what_people_wrote_stays() -> None:
    theirs = WRITTEN.replace("execute\n", "execute\nmaria looks at this\n").replace(
        "## Notes\n", "Ask bo about task 3.\n\n## Notes\n\n- our own note\n"
    )
    after = apply_progress(theirs, replace(RECORD, step="verify", notes=("a second one",)))
    assert after == theirs.replace("execute\nmaria", "verify\nmaria").replace(
        "- task 2 waits for a review\n", "- task 2 waits for a review\n- a second one\n"
    )


def test_line_ends_stay_as_they_are() -> None:
    after = apply_progress(WRITTEN.replace("\n", "\r\n"), replace(RECORD, step="verify", notes=("new",)))
    assert "\r\n" in after
    assert "\n" not in after.replace("\r\n", "")


def test_a_table_with_other_columns_is_kept_and_brought_up_to_date() -> None:
    theirs = (
        "# Auth\n\n## Tasks\n\n| Owner | State | ID |\n|--|--|--|\n| bo | open | Task 1 |\n| al | ? | 9 |\n\nwords\n"
    )
    after = apply_progress(theirs, replace(RECORD, notes=()))
    assert "| bo | done | Task 1 |\n| al | ? | 9 |\n|  | in progress | 2 |\n|  | pending | 3 |\n\nwords\n" in after
    assert apply_progress(after, replace(RECORD, notes=())) == after


def test_a_table_elsewhere_is_nobody_elses_to_change() -> None:
    bugs = "# Auth\n\n## Bugs\n\n| # | Status |\n|--|--|\n| 1 | open |\n"
    after = apply_progress(bugs, RECORD)
    assert after.endswith(WRITTEN[WRITTEN.index("## Tasks") :])
    assert "| 1 | open |" in after


HOSTILE = "</details> @maria ![x](y) | `a|b` \\| <!-- \n# Head\n- **Status:** done"


def test_no_word_of_a_record_is_more_than_a_word() -> None:
    record = replace(
        RECORD,
        feature=HOSTILE,
        step=HOSTILE,
        weight=HOSTILE,
        plan_path=HOSTILE,
        notes=(HOSTILE,),
        tasks=(ProgressTask(HOSTILE, HOSTILE, "done", HOSTILE),),
    )
    text = apply_progress(None, record)
    document = read_document(text)
    assert [section.name for section in document.sections][1:] == ["tasks", "notes"]
    assert len(document.sections) == 3
    outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert re.search(r"(?<!\\)[<@]", outside_code) is None
    found = read_progress(text)
    assert found is not None
    assert len(found.tasks) == 1
    assert apply_progress(text, record) == text


PEOPLE = {
    "a list": "# Progress: X\n\n- [x] Task 1: Do a (`abc1234`)\n- [ ] Task 2: Do b — in progress\n- [ ] Task 3: Do c\n",
    "a table in another order": "| Status | Task | # | Commit |\n|-|-|-|-|\n| ✅ | Do a | 1 | abc1234 |\n"
    "| WIP | Do b | 2 | |\n| not started | Do c | 3 | - |\n",
    "tasks by name": "| Task | Status | Hash |\n|-|-|-|\n| Task 1: Do a | Completed | `abc1234` |\n"
    "| Task 2: Do b | 🔄 | |\n| Task 3: Do c | ??? | none |\n",
}


@pytest.mark.parametrize("name", PEOPLE)
def test_what_people_write_is_read(name: str) -> None:
    found = read_progress(PEOPLE[name])
    assert found is not None
    assert [(task.id, task.state, task.commit) for task in found.tasks] == [
        ("1", "done", "abc1234"),
        ("2", "in_progress", ""),
        ("3", "pending", ""),
    ]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("DONE ✅", "done"),
        ("failed twice", "failed"),
        ("skipped", "skipped"),
        ("in-progress", "in_progress"),
        ("", "pending"),
    ],
)
def test_a_state_is_read_from_peoples_words(said: str, state: str) -> None:
    found = read_progress(f"| # | Status |\n|-|-|\n| 1 | {said} |\n")
    assert found is not None
    assert found.tasks[0].state == state


@pytest.mark.parametrize("text", ["", "# Progress: X\n", "words\n\n- a\n", "| a | b |\n|-|-|\n| 1 | done |\n"])
def test_a_file_that_names_neither_task_nor_step_is_none(text: str) -> None:
    assert read_progress(text) is None


def test_the_weight_may_stand_in_another_section() -> None:
    found = read_progress(
        "# Progress: X\n\n**Current step**: plan\n\n## Assessment\n\n- Weight: full\n- Reason: large\n"
    )
    assert found is not None
    assert (found.weight, found.step) == ("full", "plan")


def test_a_record_survives_json() -> None:
    assert ProgressRecord.from_json(RECORD.to_json()) == RECORD


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"extra": 1},
        {"step": 1},
        {"tasks": [{"id": "1", "title": "x", "state": "finished", "commit": ""}]},
        {"tasks": [{"id": "1", "title": "x", "state": "done"}]},
    ],
)
def test_json_that_is_no_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ProgressRecord"):
        ProgressRecord.from_json({**RECORD.to_json(), **change})


PIECES = [
    *WRITTEN.splitlines(keepends=True),
    "```\n",
    "<!--\n",
    "> ",
    "- [x] Task 1: a\n",
    "---\n",
    "\t",
    "é\r\n",
    "Tasks\n===\n",
]
WORDS = st.text(max_size=20) | st.sampled_from(["|", "`", "\\|", "Status: x", "# a", "done"])
RECORDS = st.builds(
    ProgressRecord,
    feature=WORDS,
    plan_path=WORDS,
    weight=st.none() | st.sampled_from(["light", "full"]),
    step=WORDS,
    tasks=st.lists(
        st.builds(ProgressTask, st.sampled_from(["1", "T2", "a b"]), WORDS, st.just("done"), st.just(COMMIT)),
        max_size=3,
    ).map(tuple),
    notes=st.lists(WORDS, max_size=2).map(tuple),
)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=80), RECORDS)
def test_doing_it_twice_equals_doing_it_once(text: str, record: ProgressRecord) -> None:
    once = apply_progress(text, record)
    assert apply_progress(once, record) == once


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=80))
def test_any_text_is_read_without_failing_and_every_task_has_an_id(text: str) -> None:
    found = read_progress(text)
    assert found is None or all(task.id.strip() for task in found.tasks)


@given(st.text(st.characters(exclude_characters="|`*_[]#<>&\\~"), min_size=1, max_size=60))
def test_text_below_the_record_stays(words: str) -> None:
    theirs = f"{WRITTEN}\n## Ours\n\n{words}"
    after = apply_progress(theirs, replace(RECORD, tasks=RECORD.tasks[:1], step="done"))
    assert after.endswith(f"\n## Ours\n\n{words}")
