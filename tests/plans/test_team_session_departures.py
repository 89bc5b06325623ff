"""Sessions that depart from the published form without harm: they run, and what departs is said."""

from __future__ import annotations

from typing import Any

import pytest

from bot.plans.model import Block, Severity
from tests.plans.session_text import analysis, codes, read_files, registry, role_spec, said, session_files


def harmless(**changes: Any) -> list[tuple[str, int | None, str]]:
    found = read_files(session_files(**changes))
    assert found.is_executable
    assert all(finding.severity is not Severity.ERROR for finding in found.findings)
    return said(found)


def blocks(**changes: Any) -> dict[str, Block]:
    plan = read_files(session_files(**changes)).plan
    assert plan is not None
    return {block.id: block for block in plan.blocks}


@pytest.mark.parametrize("key", ["blockedBy", "blocked_by", "deps", "dependencies", "dependsOn"])
def test_dependencies_under_another_key_are_read_and_said_once(key: str) -> None:
    tasks = analysis()
    for entry in tasks["dependency_graph"].values():
        entry[key] = entry.pop("depends_on")
    message = f"task-analysis.json: {key} (3 tasks of dependency_graph) stands for depends_on."
    assert [(code, text) for code, _, text in harmless(analysis=tasks)] == [("SW735", message)]
    assert blocks(analysis=tasks)["TEST-001"].depends_on == ("IMPL-002",)


def test_dependencies_as_bare_lists_are_read_with_the_roles_that_prefixes_tell() -> None:
    tasks = analysis() | {"dependency_graph": {"IMPL-001": [], "IMPL-002": ["IMPL-001"], "TEST-001": ["IMPL-002"]}}
    assert {code for code, _, _ in harmless(analysis=tasks)} == {"SW735"}
    found = blocks(analysis=tasks)
    assert [(block.role, block.depends_on) for block in found.values()] == [
        ("developer", ()),
        ("developer", ("IMPL-001",)),
        ("tester", ("IMPL-002",)),
    ]


def test_the_graph_that_team_session_json_carries_stands_in_for_a_missing_one() -> None:
    tasks, state = analysis(), registry()
    state["pipeline"]["dependency_graph"] = tasks.pop("dependency_graph")
    message = "task-analysis.json: pipeline.dependency_graph of team-session.json stands for dependency_graph."
    assert harmless(registry=state, analysis=tasks) == [("SW735", 1, message)]
    assert len(blocks(registry=state, analysis=tasks)) == 3


def test_what_every_task_says_it_waits_for_stands_in_for_a_missing_graph() -> None:
    tasks = analysis()
    del tasks["dependency_graph"]
    tasks["tasks"] = [{"id": "IMPL-002", "blockedBy": ["IMPL-001"]}, {"id": "IMPL-001", "blockedBy": []}]
    assert [code for code, _, _ in harmless(analysis=tasks)] == ["SW735", "SW735", "SW735"]
    assert list(blocks(analysis=tasks)) == ["IMPL-001", "IMPL-002"]


def test_without_a_graph_a_task_that_does_not_say_what_it_waits_for_is_never_guessed_to_be_free() -> None:
    tasks = analysis()
    del tasks["dependency_graph"]
    found = read_files(session_files(analysis=tasks))
    assert [finding.message for finding in found.errors] == ["task-analysis.json: dependency_graph is missing."]


def test_one_task_that_says_nothing_is_enough_for_there_being_no_graph() -> None:
    tasks = analysis()
    del tasks["dependency_graph"]
    tasks["tasks"] = [{"id": "IMPL-002", "blockedBy": []}, {"id": "IMPL-001"}]
    assert [finding.code for finding in read_files(session_files(analysis=tasks)).errors] == ["SW717"]


def test_a_graph_in_team_session_json_that_says_otherwise_is_a_warning() -> None:
    state = registry()
    state["pipeline"]["dependency_graph"] = {"IMPL-002": {"depends_on": []}, "TEST-001": ["IMPL-002"], "X-9": []}
    assert [(code, message) for code, _, message in harmless(registry=state)] == [
        ("SW728", "team-session.json: IMPL-002 waits for nothing here, for IMPL-001 in the graph."),
        ("SW729", "team-session.json: X-9 is no task of the graph and is left aside."),
    ]


def test_a_second_statement_of_the_dependencies_that_says_otherwise_is_a_warning_and_the_graph_counts() -> None:
    extra = [{"id": "TEST-001", "deps": ["IMPL-001"]}, {"id": "X-9", "deps": []}, {"id": "IMPL-001", "deps": []}]
    found = harmless(**{"tasks.json": extra})
    assert [(code, message) for code, _, message in found] == [
        ("SW737", "tasks.json is not part of the schema."),
        ("SW728", "tasks.json: TEST-001 waits for IMPL-001 here, for IMPL-002 in the graph."),
        ("SW729", "tasks.json: X-9 is no task of the graph and is left aside."),
    ]
    assert blocks(**{"tasks.json": extra})["TEST-001"].depends_on == ("IMPL-002",)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("session_id", "TC-2026-04-18-shop", "SW738"),
        ("session_id", None, "SW734"),
        ("team_name", None, "SW734"),
        ("status", None, "SW734"),
        ("status", "running", "SW741"),
        ("completion_action", "report_only", "SW733"),
        ("completed_tasks", ["X-9"], "SW743"),
        ("active_workers", [{"task_id": "X-9"}], "SW743"),
        ("active_workers", [{"role": "developer"}], "SW730"),
        ("roles", ["developer", {"name": "tester"}], "SW735"),
    ],
)
def test_a_field_that_departs_without_harm_is_said(key: str, value: Any, code: str) -> None:
    assert [found for found, _, _ in harmless(registry=registry() | {key: value})] == [code]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("interactive", "interactive"),
        ("auto_archive", "auto_archive"),
        ("auto_keep", "auto_keep"),
        (None, "interactive"),
        ("x", "interactive"),
    ],
)
def test_people_are_asked_at_the_end_unless_the_session_says_otherwise(action: str | None, expected: str) -> None:
    plan = read_files(session_files(registry=registry() | {"completion_action": action})).plan
    assert plan is not None
    assert plan.completion_action == expected


def test_keys_in_camel_case_are_read() -> None:
    state = registry()
    state["completedTasks"] = [{"id": "impl-001"}]
    del state["completed_tasks"]
    message = "team-session.json: completedTasks stands for completed_tasks."
    assert [text for _, _, text in harmless(registry=state)] == [message]
    assert blocks(registry=state)["IMPL-001"].is_done


def test_role_specs_that_say_something_else_than_the_session_are_a_warning() -> None:
    spec = role_spec("developer", "CODE", inner_loop="maybe")
    found = harmless(**{"role-specs/developer.md": spec, "role-specs/other.md": role_spec("other", "OTHER")})
    assert [(code, message) for code, _, message in found] == [
        ("SW731", "role-specs/developer.md: prefix is CODE, team-session.json says IMPL."),
        ("SW732", "role-specs/developer.md: inner_loop is maybe; team-session.json counts, else false."),
        ("SW742", "role-specs/other.md belongs to no role of team-session.json."),
    ]


def test_a_role_spec_under_the_name_of_its_role_stands_in_for_a_path_that_leads_nowhere() -> None:
    state = registry()
    state["roles"][1]["role_spec"] = "D:/shop/role-specs/tester.md"
    assert [code for code, _, _ in harmless(registry=state)] == ["SW735"]


def test_paths_out_of_the_repository_are_counted_and_never_become_scope() -> None:
    tasks = analysis()
    tasks["tasks"][0]["key_files"] = ["D:/工作目录/a.md", "src/a.py", "../b"]
    found = harmless(analysis=tasks)
    assert [(code, text) for code, _, text in found] == [
        ("SW740", "task-analysis.json: 2 of the paths lead out of the repository; first D:/工作目录/a.md.")
    ]
    assert blocks(analysis=tasks)["IMPL-001"].files == ()


def test_tasks_under_capabilities_are_described_there() -> None:
    tasks = graph_of_capabilities()
    found = blocks(analysis=tasks)["IMPL-001"]
    assert (found.title, found.role, found.steps) == ("Add a cart", "developer", ())
    assert "SW735" in codes(read_files(session_files(analysis=tasks)))


def graph_of_capabilities() -> dict[str, Any]:
    return {
        "capabilities": [{"name": "developer", "tasks": [{"id": "IMPL-001", "description": "Add a cart"}]}],
        "dependency_graph": {"IMPL-001": []},
        "roles": [],
    }


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("IMPL-001: Add a cart", "Add a cart"),
        ("IMPL-001 - Add a cart", "Add a cart"),
        ("[IMPL-001] Add", "[IMPL-001] Add"),
        ("IMPL-0011 is another", "IMPL-0011 is another"),
        ("IMPL-001", "Sell"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_a_title_is_shown_without_the_id_in_front(title: str, expected: str) -> None:
    tasks = analysis()
    tasks["tasks"][0] = {"id": "IMPL-001", "subject": title, "goal": "Sell"}
    assert blocks(analysis=tasks)["IMPL-001"].title == expected


def test_a_role_without_files_beside_roles_with_files_is_a_warning_because_it_could_change_nothing() -> None:
    spec = role_spec("developer", "IMPL", inner_loop="true").replace("message_types:", "files: src/\nmessage_types:")
    message = "role-specs/tester.md: tester states no files, and others do; what it changes is out of scope."
    assert harmless(**{"role-specs/developer.md": spec}) == [("SW744", None, message)]
    both = role_spec("tester", "TEST").replace("message_types:", "files: tests/\nmessage_types:")
    assert harmless(**{"role-specs/developer.md": spec, "role-specs/tester.md": both}) == []
