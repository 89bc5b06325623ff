"""Real plans of tasks, and the template: what a careful reader finds in them, and never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.plans.dialects import read
from bot.plans.inline import plain
from bot.plans.model import Dialect, Plan, Reading
from tests.corpus import CORPUS, LABELS

ALL = sorted(name for name in LABELS if name.startswith("spec-plan"))
FOREIGN = [name for name in ALL if name.startswith("spec-plan-foreign/")]

# Where the reader differs from the label, and why.
OTHER_GOAL = {"spec-plan/template-plan.md": "the goal is the template's {placeholder}, which counts as not filled in"}
OTHER_MILESTONE = {
    ("superpowers-opencode-support.md", "14"): "headings of a document quoted in a fence that ends early come between",
    ("superpowers-opencode-support.md", "15"): "as above",
}
TEMPLATE_TASK = "the template's values are {placeholders}, which count as not filled in"


def reading_of(name: str) -> Reading:
    return read(LABELS[name]["source"]["path"], (CORPUS / name).read_bytes(), Dialect.SPEC_PLAN)


def plan_of(name: str) -> Plan:
    found = reading_of(name).plan
    assert found is not None
    return found


@pytest.mark.parametrize("name", ALL)
def test_title_status_goal_branch_and_commands_are_what_a_reader_finds(name: str) -> None:
    label, plan = LABELS[name], plan_of(name)
    assert (plan.title, plan.status, plan.verdict) == (label["title"], label["status"], label["verdict"])
    assert (plan.branch, plan.mode) == (label["execution_branch"], label["execution_mode"])
    assert (plan.objective is not None) == (label["has_goal"] and name not in OTHER_GOAL)
    assert list(plan.validation_commands) == label["validation_commands"]
    assert plan.spec_path == label.get("spec_path")


@pytest.mark.parametrize("name", ALL)
def test_tasks_have_the_ids_titles_lines_and_dependencies_that_a_reader_finds(name: str) -> None:
    expected = [
        (task["id"].removeprefix("Task "), plain(task["title"]), task["line"], task["deps"])
        for task in LABELS[name]["tasks"]
    ]
    assert [(block.id, block.title, block.line, block.depends_on) for block in plan_of(name).blocks] == expected


@pytest.mark.parametrize("name", ALL)
def test_tasks_stand_under_the_milestones_that_a_reader_finds(name: str) -> None:
    for task, block in zip(LABELS[name]["tasks"], plan_of(name).blocks, strict=True):
        is_other = (name.rpartition("/")[2], block.id) in OTHER_MILESTONE
        assert block.milestone == (None if is_other else task["milestone"])
    assert list(plan_of(name).milestones) == [f"{one['id']}: {one['title']}" for one in LABELS[name]["milestones"]]


@pytest.mark.parametrize("name", FOREIGN)
def test_the_files_are_those_that_a_task_may_change(name: str) -> None:
    """The labels list files to look at, too; those are no files of the task, and not in scope."""
    plan = plan_of(name)
    for task, block in zip(LABELS[name]["tasks"], plan.blocks, strict=True):
        assert list(block.files) == [file["path"] for file in task["files"] if file["op"] != "Reference"]
    assert {pattern.text for pattern in plan.scope.include} == {file for block in plan.blocks for file in block.files}
    lines = (CORPUS / name).read_text("utf-8").splitlines()
    assert all(f"`{pattern.text}`" in lines[pattern.line - 1] for pattern in plan.scope.include)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_plan_without_verify_is_refused_once_for_each_task_and_for_nothing_else(name: str) -> None:
    found, tasks = reading_of(name), LABELS[name]["tasks"]
    assert [(finding.code, finding.line) for finding in found.errors] == [("SW342", task["line"]) for task in tasks]


@pytest.mark.skipif(not ALL, reason="the corpus is not beside this checkout")
def test_the_template_is_refused_and_every_placeholder_named() -> None:
    found = reading_of("spec-plan/template-plan.md")
    assert not found.is_executable
    codes = {finding.code for finding in found.findings}
    assert {"SW348", "SW341", "SW342", "SW208", "SW403"} <= codes
    plan = plan_of("spec-plan/template-plan.md")
    assert list(plan.success_criteria) == LABELS["spec-plan/template-plan.md"]["success_criteria"]
    assert plan.blocks[0].files == (), TEMPLATE_TASK
    assert plan.blocks[0].verify is plan.blocks[0].spec_ref is None, TEMPLATE_TASK


DOCUMENTS = sorted(CORPUS.rglob("*.md"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=[f"{path.parent.name}/{path.name}" for path in DOCUMENTS])
def test_any_real_document_gives_findings_and_never_a_crash(path: Path) -> None:
    found = read("specs/any/PLAN.md", path.read_bytes())
    lines = path.read_bytes().count(b"\n") + 1
    # A document that is not UTF-8 is refused with the line of the first byte that cannot be read.
    assert found.plan is not None or [finding.code for finding in found.findings] == ["SW103"]
    assert all(finding.line is None or 1 <= finding.line <= lines for finding in found.findings)
