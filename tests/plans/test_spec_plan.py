"""Plans of tasks: what is read from them, what refuses them, and what may run side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.contract import contract_of
from bot.plans.dialects import dialect_of, read
from bot.plans.findings import FINDINGS_LIMIT
from bot.plans.model import BLOCKS_LIMIT, Block, Dialect, Mode, Plan, Reading
from bot.plans.spec_plan import read_spec_plan

PATH = "specs/auth/PLAN.md"

FIRST = """\
### Task 1: Keep sessions

**Spec ref**: AC-1, a session ends after an hour
**Files**: `src/session.py`, `tests/test_session.py`
**Action**: Store the time of the last request
**Verify**: `pytest tests/test_session.py`
"""
SECOND = """\
### Task 2: Say goodbye

**Files**: `src/logout.py:10-20` (new route)
**Action**: Answer `POST /logout`
**Depends on**: Task 1
**Verify**: look at the page
"""


def plan_text(
    *tasks: str, header: str = "> From: specs/auth/SPEC.md\n> Created: 2026-01-02\n", behind: str = ""
) -> str:
    listed = "\n".join(tasks or (FIRST, SECOND))
    return f"# Plan: Sessions\n\n{header}\n## Objective\n\nEnd old sessions.\n\n## Tasks\n\n{listed}\n{behind}"


def reading(text: str, path: str = PATH) -> Reading:
    return read_spec_plan(path, text)


def plan(text: str, path: str = PATH) -> Plan:
    found = reading(text, path).plan
    assert found is not None
    return found


def codes(text: str) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.line) for finding in reading(text).findings]


def test_a_plan_of_the_template_is_read_and_may_be_executed() -> None:
    found = reading(plan_text(header="> From: specs/auth/SPEC.md\n\n**Weight**: light\n"))
    assert found.findings == ()
    assert found.is_executable
    assert found.plan is not None
    assert (found.plan.title, found.plan.objective) == ("Plan: Sessions", "End old sessions.")
    assert (found.plan.weight, found.plan.spec_path) == ("light", "specs/auth/SPEC.md")
    assert found.plan.blocks[0] == Block(
        id="1",
        title="Keep sessions",
        line=13,
        steps=("Store the time of the last request",),
        files=("src/session.py", "tests/test_session.py"),
        verify="pytest tests/test_session.py",
        spec_ref="AC-1, a session ends after an hour",
    )
    assert found.plan.blocks[1].depends_on == ("1",)


def test_scope_is_the_union_of_files_with_the_lines_where_they_are_named() -> None:
    again = SECOND.replace("Task 2", "Task 3").replace("logout.py:10-20", "session.py")
    include = plan(plan_text(FIRST, SECOND, again)).scope.include
    assert [(pattern.text, pattern.note, pattern.line) for pattern in include] == [
        ("src/session.py", None, 15),
        ("tests/test_session.py", None, 15),
        ("src/logout.py", "10-20 new route", 21),
    ]


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("specs/auth/PLAN.md", Dialect.SPEC_PLAN),
        ("specs/auth/oauth/PLAN.md", Dialect.SPEC_PLAN),
        ("specs/PLAN.md", Dialect.SPEC_PLAN),
        ("specs/auth/SPEC.md", None),
        ("specs/auth/plan.md", None),
        ("specs/auth/MYPLAN.md", None),
        ("docs/specs/auth/PLAN.md", None),
        ("specs/../PLAN.md", None),
    ],
)
def test_a_plan_is_told_by_its_path(path: str, dialect: Dialect | None) -> None:
    assert dialect_of(path) is dialect


def test_a_plan_is_read_from_its_bytes() -> None:
    assert read(PATH, plan_text().replace("\n", "\r\n").encode()).is_executable


# What has to be there


def test_a_plan_without_tasks_is_refused() -> None:
    text = "# Plan: Sessions\n\n## Objective\n\nEnd them.\n\n## Tasks\n\nNone so far.\n"
    assert codes(text) == [("SW340", None)]


def test_a_task_without_files_or_verification_is_refused_at_its_line() -> None:
    assert codes(plan_text(FIRST, "### Task 2: Talk\n")) == [("SW341", 19), ("SW342", 19)]


@pytest.mark.parametrize("said", ["none", "None.", "n/a", "—", "No new files expected beyond prior tasks"])
def test_a_task_may_say_that_it_changes_no_files(said: str) -> None:
    task = f"### Task 2: Look\n\n**Files**: {said}\n**Verify**: look again\n"
    assert codes(plan_text(FIRST, task)) == []


def test_files_in_prose_are_shown_and_are_no_files() -> None:
    task = "### Task 2: Look\n\n**Files**: whatever src/a.py needs\n**Verify**: look again\n"
    found = reading(plan_text(FIRST, task))
    assert [finding.code for finding in found.findings] == ["SW341", "SW405"]
    assert found.plan is not None
    assert [prose.text for prose in found.plan.scope.unparsed] == ["whatever src/a.py needs"]


@pytest.mark.parametrize("said", ["", "TBD", "{how to confirm}", "none", "n/a"])
def test_verification_that_says_nothing_is_none(said: str) -> None:
    assert ("SW342", 19) in codes(plan_text(FIRST, f"### Task 2: x\n\n**Files**: `a.py`\n**Verify**: {said}\n"))


def test_what_is_left_of_the_template_is_named() -> None:
    task = "### Task 2: {action}\n\n**Spec ref**: {requirement}\n**Files**: `{file1}`, `src/{a,b}.py`\n**Verify**: x\n"
    found = codes(plan_text(FIRST, task))
    assert found == [("SW208", 19), ("SW208", 21), ("SW403", 22)]
    assert plan(plan_text(FIRST, task)).blocks[1].files == ("src/{a,b}.py",)


def test_the_untouched_template_is_refused_as_such() -> None:
    text = "# Plan: {Feature Name}\n\n## Tasks\n\n### Task 1: {action}\n\n**Files**: `{file1}`\n**Verify**: {how}\n"
    assert ("SW348", 1) in codes(text)
    assert ("SW348", 1) not in codes(plan_text())


def test_a_plan_without_an_objective_gets_a_notice_and_may_be_executed() -> None:
    text = plan_text().replace("## Objective\n\nEnd old sessions.\n", "")
    assert codes(text) == [("SW347", None)]
    assert reading(text).is_executable


def test_the_wrong_ids_and_dependencies_are_findings() -> None:
    assert ("SW302", 19) in codes(plan_text(FIRST, SECOND.replace("Task 2", "Task 1")))
    assert ("SW304", 23) in codes(plan_text(FIRST, SECOND.replace("Task 1", "Task 9")))
    cycle = FIRST + "**Depends on**: Task 2\n"
    assert any(code == "SW305" for code, _ in codes(plan_text(cycle, SECOND)))
    later = plan_text(FIRST + "**Depends on**: Task 2\n", SECOND.replace("**Depends on**: Task 1\n", ""))
    assert codes(later) == [("SW310", 18)]


def test_patterns_that_cannot_be_used_are_refused() -> None:
    found = codes(plan_text(FIRST.replace("`src/session.py`", "`!a.py`, `../b.py`, `C:\\c.py`")))
    assert [code for code, _ in found] == ["SW402", "SW404", "SW404"]


def test_at_most_five_hundred_tasks_are_read() -> None:
    text = plan_text(*(f"### Task {number}: x\n\nFiles: `a.py`\nVerify: x\n" for number in range(BLOCKS_LIMIT + 1)))
    assert [code for code, _ in codes(text)] == ["SW306"]
    assert len(plan(text).blocks) == BLOCKS_LIMIT


# The header


@pytest.mark.parametrize(
    ("header", "weight", "found"),
    [
        ("**Weight**: full\n", "full", []),
        ("- Weight: `light`\n", "light", []),
        ("> Weight: Light (two files)\n", "light", []),
        ("**Weight**: light | full\n", None, ["SW345"]),
        ("**Weight**: heavy\n", None, ["SW345"]),
        ("", None, []),
    ],
)
def test_the_weight_is_light_or_full_or_not_said(header: str, weight: str | None, found: list[str]) -> None:
    text = plan_text(header=header)
    assert plan(text).weight == weight
    assert [code for code, _ in codes(text)] == found


def test_front_matter_may_say_weight_spec_and_status() -> None:
    text = "---\nweight: light\nspec: ../login/SPEC.md\nstatus: draft\n---\n" + plan_text(header="")
    found = plan(text)
    assert (found.weight, found.spec_path, found.status) == ("light", "specs/login/SPEC.md", "draft")


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("> From: specs/login/SPEC.md", "specs/login/SPEC.md"),
        ("> From: `SPEC.md`", "specs/auth/SPEC.md"),
        ("**Spec:** [the spec](./SPEC.md#rules)", "specs/auth/SPEC.md"),
        ("**Spec**: [Login](../login/SPEC.md)", "specs/login/SPEC.md"),
        ("**From**: specs/login (agreed)", "specs/login/SPEC.md"),
        ("", "specs/auth/SPEC.md"),
    ],
)
def test_the_spec_is_the_one_that_is_named_or_the_one_beside_the_plan(said: str, path: str) -> None:
    found = reading(plan_text(header=f"{said}\n"))
    assert found.findings == ()
    assert found.plan is not None
    assert found.plan.spec_path == path


@pytest.mark.parametrize("said", ["../../../x.md", "https://example.org/SPEC.md", "the old one"])
def test_a_spec_that_is_nowhere_in_the_repository_is_said(said: str) -> None:
    text = plan_text(header=f"> From: {said}\n")
    assert codes(text) == [("SW346", 3)]
    assert plan(text).spec_path == "specs/auth/SPEC.md"


def test_a_file_that_is_no_plan_md_has_no_spec_beside_it() -> None:
    assert plan(plan_text(header=""), "docs/plans/sessions.md").spec_path is None


def test_branch_and_mode_are_read_where_they_are_stated() -> None:
    text = plan_text(header="**Branch**: `feature/x`\n**Execution Mode**: autonomous\n")
    assert (plan(text).branch, plan(text).mode) == ("feature/x", Mode.AUTONOMOUS)
    bad = plan_text(header="**Branch**: `a..b`\n")
    assert plan(bad).branch is None
    assert [code for code, _ in codes(bad)] == ["SW205"]


def test_validation_commands_are_those_of_validation_sections_and_not_of_tasks() -> None:
    task = FIRST.replace("Keep sessions", "Verify the environment")
    behind = "## Validation\n\n- `make test`\n\n## Success Criteria\n\n- [ ] all of it\n- [x] {done}\n"
    found = plan(plan_text(task, behind=behind))
    assert found.validation_commands == ("make test",)
    assert found.success_criteria == ("all of it",)


# Side by side

INDEPENDENT = {
    "a field": ("### Task 2: x\n", "**Independent**: yes\n"),
    "a field that names the others": ("### Task 2: x\n", "**Parallel**: with Task 1\n"),
    "a mark in the title": ("### Task 2: x (independent)\n", ""),
    "a mark before the title": ("### Task 2 (independent): x\n", ""),
    "a mark behind its dependencies": ("### Task 2: x\n", "**Depends on**: none (independent)\n"),
    "a sentence": ("### Task 2: x\n", "\nThis task can run in parallel with Task 1.\n"),
    "a note": ("### Task 2: x\n", "**Note**: can be done in parallel\n"),
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_a_task_is_independent_when_it_is_marked(name: str) -> None:
    heading, mark = INDEPENDENT[name]
    blocks = plan(plan_text(FIRST, f"{heading}\n**Files**: `b.py`\n**Verify**: x\n{mark}")).blocks
    assert [block.independent for block in blocks] == [False, True]


@pytest.mark.parametrize(
    "words",
    [
        "**Independent**: no\n",
        "**Parallel**: no (shares a.py)\n",
        "\nIt cannot run in parallel with Task 1.\n",
        "**Action**: make jobs that can run in parallel\n",
        "\nThis module is independent of the framework.\n",
    ],
)
def test_other_words_about_independence_mark_nothing(words: str) -> None:
    text = plan_text(FIRST, f"### Task 2: x\n\n**Files**: `b.py`\n**Verify**: x\n{words}")
    assert not any(block.independent for block in plan(text).blocks)


THREE = [f"### Task {number}: x\n\n**Files**: `f{number}.py`\n**Verify**: x\n" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("behind", "ids"),
    [
        ("## Parallel\n\n- Tasks 2, 3\n", ["2", "3"]),
        ("## Parallelization\n\nTask 1 and Task 3 can run in parallel.\n", ["1", "3"]),
        ("## Independent Tasks\n\n- Task 2\n- Task 3: only docs\n", ["2", "3"]),
        ("## Parallel\n\n- 1-2\n", ["1", "2"]),
        ("## Parallel\n\n- Tasks 1 and 2 must not run in parallel\n- Up to 3 workers\n", []),
        ("## Parallel\n\n- Group A: Tasks 1, 2\n- Group B: Task 3\n", []),
        ("## Notes\n\n- Tasks 2, 3\n", []),
    ],
)
def test_a_list_of_task_numbers_marks_them(behind: str, ids: list[str]) -> None:
    blocks = plan(plan_text(*THREE, behind=behind)).blocks
    assert [block.id for block in blocks if block.independent] == ids


def test_a_parallel_list_that_names_an_unknown_task_is_said() -> None:
    assert codes(plan_text(*THREE, behind="## Parallel\n\n- Tasks 2, 7\n"))[0][0] == "SW344"


def test_independent_tasks_that_share_a_file_are_warned_about_once() -> None:
    shared = [task.replace("f3.py", "f2.py").replace("f1.py", "src/") for task in THREE]
    text = plan_text(*shared, behind="## Parallel\n\n- Tasks 1, 2, 3\n")
    assert [code for code, _ in codes(text)] == ["SW343"]
    assert reading(text).is_executable


def test_independent_tasks_of_which_one_may_change_the_other_ones_folder_are_warned_about() -> None:
    tasks = [THREE[0].replace("f1.py", "src/"), THREE[1].replace("f2.py", "src/a.py"), THREE[2]]
    assert [code for code, _ in codes(plan_text(*tasks, behind="## Parallel\n\n- Tasks 1, 2, 3\n"))] == ["SW343"]


def test_marking_a_task_as_independent_changes_the_contract() -> None:
    marked = plan_text(*THREE, behind="## Parallel\n\n- Tasks 2, 3\n")
    assert contract_of(plan(marked)).hash != contract_of(plan(plan_text(*THREE))).hash


def test_a_ticked_success_criterion_does_not_change_the_contract() -> None:
    before, after = (plan_text(behind=f"## Success Criteria\n\n- [{box}] all\n") for box in " x")
    assert contract_of(plan(before)).hash == contract_of(plan(after)).hash


# Anything

LINES = plan_text(FIRST, SECOND, behind="## Parallel\n\n- Tasks 1, 2\n\n## Dependencies\n\n- Task 2: Task 1\n")


@given(st.data())
def test_a_plan_cut_shuffled_or_spliced_is_read_without_failing(data: st.DataObject) -> None:
    kept = LINES.splitlines(keepends=True)
    lines = data.draw(st.lists(st.sampled_from(kept), max_size=60) | st.just(kept))
    cut = data.draw(st.integers(0, len(lines)))
    noise = data.draw(st.text(max_size=40) | st.sampled_from(["```\n", "> ", "  - ", "| # | Files |\n|-|-|\n", "\t"]))
    text = "".join(lines[:cut]) + noise + "".join(lines[cut:])
    found = read(PATH, text.encode("utf-8", "replace"))
    count = text.count("\n") + text.count("\r") + 1
    assert all(finding.line is None or 1 <= finding.line <= count for finding in found.findings)
    if found.plan is not None:
        lines_named = [block.line for block in found.plan.blocks]
        lines_named += [pattern.line for pattern in found.plan.scope.include]
        lines_named += [prose.line for prose in found.plan.scope.unparsed]
        assert all(1 <= line <= count for line in lines_named)


HOSTILE = {
    "many tasks": "### Task 1: a\nFiles: `a.py`\n" * 2000,
    "phases": "".join(f"## Phase {number}: x\n### Task {number}: a\n" for number in range(2000)),
    "parallel lists": "### Task 1: a\n## Parallel\n" + "- tasks 1, 2, 3-499\n" * 2000,
    "files": "### Task 1: a\nFiles:\n" + "".join(f"- `a{number}.py`\n" for number in range(3000)),
    "brackets": "### Task 1: " + "[" * 30_000,
    "dashes": "### Task 1" + "-" * 30_000 + "x",
    "rows": "| # | Files |\n|-|-|\n" + "| 1 | `a` |\n| 2 | `a` |\n" * 2000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_plan_is_refused_and_bounded(name: str) -> None:
    found = reading(HOSTILE[name])
    assert not found.is_executable
    assert len(found.findings) <= FINDINGS_LIMIT + 1
    assert found.plan is not None
    assert len(found.plan.blocks) <= BLOCKS_LIMIT
    assert len(found.plan.scope.include) <= 500
