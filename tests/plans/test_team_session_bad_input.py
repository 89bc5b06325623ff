"""Sessions with something wrong in them: a finding that names file and line, the rest readable, never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plans.findings import FINDINGS_LIMIT
from bot.plans.model import BLOCKS_LIMIT
from tests.plans.session_text import analysis, codes, read_files, registry, role_spec, said, session_files


def graph(**tasks: Any) -> dict[str, Any]:
    """A task analysis with these tasks of the developer; `_` stands for the dash in an id."""
    entries = {name.replace("_", "-"): {"depends_on": depends, "role": "developer"} for name, depends in tasks.items()}
    return {"capabilities": [], "roles": [], "dependency_graph": entries}


def errors(**changes: Any) -> list[tuple[str, int | None, str]]:
    found = read_files(session_files(**changes))
    assert found.plan is not None
    return [(finding.code, finding.line, finding.message) for finding in found.errors]


def test_a_cycle_is_refused_and_named_in_full() -> None:
    found = errors(analysis=graph(A_1=["B-2"], B_2=["C-3"], C_3=["A-1"], D_4=[]))
    assert found == [("SW722", 5, "task-analysis.json: tasks wait for each other: A-1 -> B-2 -> C-3 -> A-1.")]
    names = [f"IMPL-{number:03d}" for number in range(40)]
    ring = {name.replace("-", "_"): [after] for name, after in zip(names, [*names[1:], names[0]], strict=True)}
    message = errors(analysis=graph(**ring))[0][2]
    assert all(name in message for name in names)


def test_a_task_that_waits_for_itself_is_a_cycle() -> None:
    found = errors(analysis=graph(A_1=["A-1"]))
    assert [message for _, _, message in found] == ["task-analysis.json: tasks wait for each other: A-1 -> A-1."]


def test_a_reference_to_a_task_that_is_not_there_is_refused_with_its_line() -> None:
    found = errors(analysis=graph(A_1=["B-2", "X-9"], B_2=[]))
    assert found == [("SW721", 8, "task-analysis.json: A-1 waits for X-9, which is no task of the graph.")]


def test_a_role_that_the_session_does_not_have_is_refused() -> None:
    tasks = graph(A_1=[])
    tasks["dependency_graph"]["A-1"]["role"] = "artist"
    message = "task-analysis.json: A-1 is for the role artist, which team-session.json does not have."
    assert errors(analysis=tasks) == [("SW723", 7, message)]


def test_a_task_without_a_role_is_refused_unless_its_prefix_tells_it() -> None:
    tasks = graph(A_1=[], TEST_001=[])
    for entry in tasks["dependency_graph"].values():
        del entry["role"]
    found = read_files(session_files(analysis=tasks))
    assert [(finding.code, finding.message) for finding in found.errors] == [
        ("SW724", "task-analysis.json: A-1 has no role.")
    ]
    assert found.plan is not None
    assert [block.role for block in found.plan.blocks] == [None, "tester"]


def test_a_task_that_is_there_twice_is_refused() -> None:
    text = '{"capabilities": [], "roles": [],\n"dependency_graph": {\n"IMPL-1": [],\n"IMPL-2": [],\n"IMPL-1": []}}'
    assert [(code, line) for code, line, _ in errors(**{"task-analysis.json": text})] == [("SW713", 5), ("SW718", 5)]
    tasks = analysis()
    tasks["tasks"].append({"id": "IMPL-001"})
    assert [code for code, _, _ in errors(analysis=tasks)] == ["SW718"]


def test_ids_that_differ_only_by_case_are_refused() -> None:
    found = errors(analysis=graph(A_1=[], a_1=[]))
    assert found == [("SW719", 9, "task-analysis.json: the tasks a-1 and A-1 (line 5) differ only by case.")]


@pytest.mark.parametrize("task", ["a b", "", "a/b", "x" * 41, "@all", "a\nb"])
def test_an_id_that_no_command_could_name_is_refused(task: str) -> None:
    tasks = graph()
    tasks["dependency_graph"] = {task: {"depends_on": [], "role": "developer"}}
    assert [code for code, _, _ in errors(analysis=tasks)] == ["SW720"]


def test_a_role_that_is_there_twice_is_refused() -> None:
    state = registry()
    state["roles"].append({"name": "Developer"})
    assert [code for code, _, _ in errors(registry=state)] == ["SW716"]


@pytest.mark.parametrize("roles", [None, []])
def test_a_session_without_roles_is_refused(roles: Any) -> None:
    found = errors(registry=registry() | {"roles": roles})
    assert [(code, message) for code, _, message in found] == [("SW715", "team-session.json has no roles.")]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("roles", {}, "roles is an object; it has to be a list"),
        ("roles", [1], "an entry of roles is a number; it has to be an object"),
        ("roles", [{"name": []}], "name is a list; it has to be text"),
        ("roles", [{"prefix": "A"}], "roles is an entry of roles without a name; it has to be a list of named roles"),
        ("status", 1, "status is a number; it has to be text"),
        ("task_description", True, "task_description is true or false; it has to be text"),
        ("completed_tasks", "A-1", "completed_tasks is text; it has to be a list"),
        ("completed_tasks", [1], "an entry of completed_tasks is a number; it has to be the id of a task"),
        ("active_workers", {}, "active_workers is an object; it has to be a list"),
        ("active_workers", [[]], "an entry of active_workers is a list; it has to be an object"),
        ("completion_action", [], "completion_action is a list; it has to be text"),
        ("pipeline", [], "pipeline is a list; it has to be an object"),
        ("created_at", 5, "created_at is a number; it has to be text"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_key(key: str, value: Any, expected: str) -> None:
    found = errors(registry=registry() | {key: value})
    assert ("SW712", f"team-session.json: {expected}.") in [(code, message) for code, _, message in found]


@pytest.mark.parametrize(
    ("graph_value", "code"),
    [(None, "SW717"), ({}, "SW717"), ([], "SW717"), ("A", "SW717"), ({"A-1": 1}, "SW712"), ({"A-1": [1]}, "SW712")],
)
def test_a_graph_of_the_wrong_type_is_refused(graph_value: Any, code: str) -> None:
    tasks = graph() | {"dependency_graph": graph_value}
    assert code in [found for found, _, _ in errors(analysis=tasks)]


@pytest.mark.parametrize("name", ["team-session.json", "task-analysis.json"])
@pytest.mark.parametrize("text", ["[]", "1", '"a"', "null"])
def test_a_file_that_is_no_object_is_refused(name: str, text: str) -> None:
    found = errors(**{name: text})
    assert any(message.startswith(f"{name}: the whole file is ") for _, _, message in found)


@pytest.mark.parametrize("written", ["NaN", "-Infinity", "1e999", "9" * 5000])
def test_a_number_that_not_everybody_reads_is_refused_with_its_line(written: str) -> None:
    text = json.dumps(analysis(), indent=2).replace('"complexity_score": 3', f'"complexity_score": {written}')
    found = read_files(session_files(**{"task-analysis.json": text}))
    assert [(finding.code, finding.line) for finding in found.errors] == [("SW714", text.count("\n"))]
    assert found.plan is not None
    assert len(found.plan.blocks) == 3


def test_a_key_that_is_there_twice_is_refused_with_both_lines() -> None:
    text = '{\n"roles": ["developer", "tester"],\n"status": "active",\n"status": "paused"}'
    found = errors(**{"team-session.json": text})
    assert found == [("SW713", 4, 'team-session.json: the key "status" is there twice, first in line 3.')]


def test_more_tasks_than_a_plan_may_have_are_refused_and_the_first_are_read() -> None:
    tasks = graph(**{f"IMPL_{number}": [] for number in range(BLOCKS_LIMIT + 5)})
    found = read_files(session_files(analysis=tasks))
    assert "SW725" in codes(found)
    assert found.plan is not None
    assert len(found.plan.blocks) == BLOCKS_LIMIT


@pytest.mark.parametrize("pattern", ["!src/**", "../x", "C:/x/y", "~/x", ""])
def test_a_pattern_of_a_role_spec_that_cannot_be_used_is_refused(pattern: str) -> None:
    spec = role_spec("tester", "TEST").replace("message_types:", f"files: ['{pattern}']\nmessage_types:")
    assert [code for code, _, _ in errors(**{"role-specs/tester.md": spec})] == ["SW727"]


def test_prose_about_scope_is_never_guessed_into_a_pattern() -> None:
    spec = role_spec("tester", "TEST").replace("message_types:", "scope: only the tests\nmessage_types:")
    found = read_files(session_files(**{"role-specs/tester.md": spec}))
    assert codes(found) == ["SW405"]
    assert found.plan is not None
    assert found.plan.scope.include == ()


DEEP = "[" * 50_000
HOSTILE = {
    "nesting": DEEP,
    "objects": '{"a":' * 50_000,
    "strings": '["' + "a" * 200_000,
    "keys": json.dumps({f"k{number}": number for number in range(20_000)}),
    "same key": "{" + ",".join('"a": 1' for _ in range(20_000)) + "}",
    "numbers": "[" + ",".join(["1e999"] * 20_000) + "]",
    "escapes": '["' + "\\u0000" * 30_000 + '"]',
    "edges": json.dumps({"dependency_graph": {f"T-{n}": [f"T-{m}" for m in range(200)] for n in range(400)}}),
    "tasks": json.dumps({"dependency_graph": {}, "tasks": [{"id": f"T-{n}"} for n in range(20_000)]}),
    "roles": json.dumps({"roles": [{"name": f"r{n}"} for n in range(5_000)]}),
}


@pytest.mark.parametrize("name", ["team-session.json", "task-analysis.json", "tasks.json"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_read_to_its_end_with_a_bounded_number_of_findings(name: str, kind: str) -> None:
    found = read_files(session_files(**{name: HOSTILE[kind]}))
    assert len(found.findings) <= FINDINGS_LIMIT + 1
    assert found.plan is not None
    assert found.is_executable == (name == "tasks.json" and not found.errors)


@given(st.binary(max_size=60), st.sampled_from(sorted(session_files())))
def test_no_bytes_make_the_reader_fail(content: bytes, name: str) -> None:
    assert not read_files(session_files(**{name: content})).is_executable


EXTRA_KEYS = (
    "depends_on",
    "blockedBy",
    "role",
    "files",
    "artifacts",
    "IMPL-001",
    "TEST-001",
    "completedTasks",
    "in_progress",
)
WORDS = st.sampled_from(["IMPL-001", "impl-001", "TEST-001", "developer", "role-specs/developer.md", "", "x", "D:/x"])
KEYS = st.sampled_from([*registry(), *registry()["roles"][0], *analysis(), *analysis()["tasks"][0], *EXTRA_KEYS])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=5),
    max_leaves=25,
)


@settings(max_examples=200)
@given(JSON, JSON, JSON)
def test_no_json_makes_the_reader_fail(state: Any, tasks: Any, extra: Any) -> None:
    found = read_files(session_files(registry=state, analysis=tasks, **{"tasks.json": extra}))
    assert all(finding.line is None or finding.line >= 1 for finding in found.findings)
    if found.is_executable:
        assert found.plan is not None
        assert found.plan.blocks


IDS = [f"IMPL-{number:03d}" for number in range(8)]


@given(st.permutations(IDS), st.data())
def test_blocks_come_after_what_they_wait_for_or_the_cycle_is_refused(order: list[str], data: st.DataObject) -> None:
    entries = {
        task: {"role": "developer", "depends_on": data.draw(st.lists(st.sampled_from(IDS), max_size=2))}
        for task in order
    }
    found = read_files(session_files(analysis=graph() | {"dependency_graph": entries}))
    assert found.plan is not None
    blocks = [block.id for block in found.plan.blocks]
    assert sorted(blocks) == IDS
    if found.is_executable:
        assert all(
            blocks.index(name) < blocks.index(block.id)
            for block in found.plan.blocks
            for name in block.depends_on or ()
        )
    else:
        assert set(codes(found)) == {"SW722"}
    assert found.is_executable == all(
        blocks.index(name) < blocks.index(block.id) for block in found.plan.blocks for name in block.depends_on or ()
    )


def test_what_is_said_is_in_the_order_of_files_and_lines() -> None:
    tasks = analysis()
    del tasks["capabilities"]
    found = read_files(session_files(registry=registry() | {"status": "done"}, analysis=tasks))
    assert [(code, line) for code, line, _ in said(found)] == [("SW741", 4), ("SW734", 1)]
