"""A real team session: what a careful reader finds in it, and every place where it departs from the published form."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.plans.model import Reading, Severity, Worker
from bot.plans.session_state import SessionRecord, apply_session
from bot.plans.team_session import read_session, wanted
from tests.corpus import CORPUS, LABELS

SESSIONS = sorted(name for name in LABELS if name.startswith("team-session/"))


def files_of(name: str) -> dict[str, Path]:
    folder = CORPUS / name
    root = str(LABELS[name]["source"]["path"])
    return {root + path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def reading_of(name: str) -> Reading:
    files = files_of(name)
    path = LABELS[name]["source"]["path"] + "team-session.json"
    return read_session(path, {one: files[one].read_bytes() for one in wanted(path, files)}, list(files))


@pytest.mark.parametrize("name", SESSIONS)
def test_tasks_have_the_ids_titles_roles_and_dependencies_that_a_reader_finds(name: str) -> None:
    plan = reading_of(name).plan
    assert plan is not None
    found = [(block.id, block.title, block.role, list(block.depends_on or ()), block.is_done) for block in plan.blocks]
    assert found == [
        (task["id"], task["title"], task["role"], task["deps"], task["done"]) for task in LABELS[name]["tasks"]
    ]
    assert all(block.steps and block.acceptance for block in plan.blocks)


@pytest.mark.parametrize("name", SESSIONS)
def test_the_session_has_the_title_state_roles_and_files_that_a_reader_finds(name: str) -> None:
    label, plan = LABELS[name], reading_of(name).plan
    assert plan is not None
    session = plan.session
    assert session is not None
    assert (plan.title, plan.status, plan.objective is not None) == (label["title"], label["status"], label["has_goal"])
    assert (session.session_id, list(session.completed)) == (label["session_id"], label["completed_tasks"])
    assert [role for role, _ in session.roles] == [role["name"] for role in label["roles"]]
    assert [path for _, path in session.roles] == [
        label["source"]["path"] + role["role_spec"] for role in label["roles"]
    ]
    assert list(session.inner_loops) == [role["name"] for role in label["roles"] if role["inner_loop"]]
    assert len(session.artifacts) == sum(file.startswith("artifacts/") for file in label["source"]["files"])
    assert (plan.branch, plan.mode, plan.verdict) == (label["execution_branch"], label["execution_mode"], None)
    assert plan.scope.include == () and label["include"] is None
    assert list(plan.validation_commands) == label["validation_commands"]


# What the label calls a deviation, in its order, and the finding that says so.
DEVIATIONS = {
    "task-analysis.json lacks `capabilities`": ("SW734", "task-analysis.json: capabilities is missing"),
    "dependency_graph uses `blockedBy`": ("SW735", "task-analysis.json: blockedBy (2 tasks of dependency_graph)"),
    'completion_action "report_only"': ("SW733", "team-session.json: the completion action report_only"),
    "extra top-level file tasks.json": ("SW737", "tasks.json is not part of the schema"),
    "session id is TC-<date>-<slug>": ("SW738", "team-session.json: the session id TC-2026-04-18-retained"),
    "frontmatter key with a space": ("SW739", "role-specs/handoff-writer.md: the front matter has a key with a blank"),
    "absolute Windows paths with CJK": ("SW740", "task-analysis.json: 16 of the paths lead out of the repository"),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_every_departure_of_the_label_is_said_as_a_notice_and_the_session_can_be_executed(name: str) -> None:
    found = reading_of(name)
    assert found.is_executable
    assert {finding.severity for finding in found.findings} == {Severity.NOTICE}
    for deviation in LABELS[name]["schema_deviations"]:
        code, message = next(said for words, said in DEVIATIONS.items() if deviation.startswith(words))
        assert any(finding.code == code and finding.message.startswith(message) for finding in found.findings)
    # `priority` is in the same deviation as `blockedBy`; the second role spec has the same key with a blank.
    assert sorted(finding.code for finding in found.findings) == sorted(
        [*(code for code, _ in DEVIATIONS.values()), "SW736", "SW739"]
    )


@pytest.mark.parametrize("name", SESSIONS)
def test_what_the_session_says_already_is_not_written_again_and_a_change_keeps_every_other_line(name: str) -> None:
    path = LABELS[name]["source"]["path"] + "team-session.json"
    folder = path.rsplit("/", 1)[0]
    before = files_of(name)[path].read_bytes().decode("utf-8")
    same = SessionRecord("completed", tuple(LABELS[name]["completed_tasks"]), (), (), "2026-04-19T00:00:00Z")
    assert apply_session({path: before}, folder, same) == {}
    worker = Worker("DRAFT-001", "handoff-writer", "2026-04-19T00:00:00Z")
    changed = apply_session(
        {path: before},
        folder,
        SessionRecord("active", ("TEST-001",), (worker,), ("DRAFT-001",), "2026-04-19T00:00:00Z"),
    )
    lost = set(before.splitlines()) - set(changed[path].splitlines())
    assert sorted(line.strip() for line in lost) == [
        '"DRAFT-001"',
        '"TEST-001",',
        '"active_workers": [],',
        '"status": "completed",',
        '"tasks_completed": 2',
    ]
