"""Real execution plans that follow other templates: what a careful reader finds in them, and never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.plans.dialects import read
from bot.plans.inline import plain
from bot.plans.model import Dialect, Plan, Reading
from tests.corpus import CORPUS, LABELS

FOREIGN = sorted(name for name in LABELS if name.startswith("exec-plan-foreign/"))


def reading_of(name: str) -> Reading:
    return read(LABELS[name]["source"]["path"], (CORPUS / name).read_bytes(), Dialect.EXEC_PLAN)


def plan_of(name: str) -> Plan:
    found = reading_of(name).plan
    assert found is not None
    return found


@pytest.mark.parametrize("name", FOREIGN)
def test_title_status_goal_and_verdict_are_what_a_reader_finds(name: str) -> None:
    label, plan = LABELS[name], plan_of(name)
    assert (plan.title, plan.status, plan.verdict) == (label["title"], label["status"], label["verdict"])
    assert (plan.objective is not None) == label["has_goal"]
    assert (plan.branch, plan.mode) == (label["execution_branch"], label["execution_mode"])
    assert plan.scope.include == () and label["include"] is None


@pytest.mark.parametrize("name", FOREIGN)
def test_tasks_have_the_ids_titles_and_lines_that_a_reader_finds(name: str) -> None:
    expected = [(task["id"], plain(task["title"]), task["milestone"], task["line"]) for task in LABELS[name]["tasks"]]
    assert [(block.id, block.title, block.milestone, block.line) for block in plan_of(name).blocks] == expected
    assert all(block.depends_on is None for block in plan_of(name).blocks)


@pytest.mark.parametrize("name", FOREIGN)
def test_commands_are_told_from_names_of_tests_routes_and_results(name: str) -> None:
    assert list(plan_of(name).validation_commands) == LABELS[name]["validation_commands"]


@pytest.mark.parametrize("name", [name for name in FOREIGN if "task_scopes" in LABELS[name]])
def test_the_files_a_slice_owns_are_its_files(name: str) -> None:
    files = {block.id: list(block.files) for block in plan_of(name).blocks}
    assert files == LABELS[name]["task_scopes"]


@pytest.mark.parametrize("name", FOREIGN)
def test_every_required_section_is_missed_and_the_plan_refused(name: str) -> None:
    found = reading_of(name)
    assert list(plan_of(name).sections_missing) == list(LABELS[name]["required_sections"])
    assert not found.is_executable
    assert [finding.code for finding in found.errors] == ["SW201"] * 7


@pytest.mark.parametrize("path", sorted(CORPUS.rglob("*.md")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_any_real_document_gives_findings_and_never_a_crash(path: Path) -> None:
    found = read("docs/exec-plans/active/any.md", path.read_bytes())
    lines = path.read_bytes().count(b"\n") + 1
    assert not found.is_executable
    assert all(finding.line is None or 1 <= finding.line <= lines for finding in found.findings)
