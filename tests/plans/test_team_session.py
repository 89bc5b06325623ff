"""A team session that is as it should be, and the whole list of what makes one invalid, each with its own words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.plans.model import Dialect, Severity, Worker
from bot.plans.session_files import FILES_LIMIT
from bot.plans.team_session import read_session, session_folder, wanted
from tests.plans.session_text import FOLDER, PATH, analysis, codes, read_files, registry, role_spec, said, session_files


def test_a_valid_session_is_a_plan_without_a_word_to_say() -> None:
    found = read_files(session_files())
    assert found.findings == ()
    plan = found.plan
    assert plan is not None
    assert (plan.dialect, plan.path, plan.title) == (Dialect.TEAM_SESSION, PATH, "Add a shop")
    assert (plan.objective, plan.status, plan.completion_action) == ("Add a shop to the site", "active", "auto_keep")
    assert plan.sections_missing == ()
    assert found.is_executable


def test_blocks_come_from_the_graph_each_after_what_it_waits_for() -> None:
    plan = read_files(session_files()).plan
    assert plan is not None
    assert [(block.id, block.title, block.role, block.depends_on) for block in plan.blocks] == [
        ("IMPL-001", "Add a cart", "developer", ()),
        ("IMPL-002", "Add a till", "developer", ("IMPL-001",)),
        ("TEST-001", "TEST-001", "tester", ("IMPL-002",)),
    ]
    assert [block.steps for block in plan.blocks] == [("Add the model",), ("Deliverable: artifacts/till.md",), ()]
    assert plan.blocks[0].acceptance == ("It is kept",)
    assert plan.blocks[2].line == 11


def test_a_session_tells_its_state() -> None:
    state = registry() | {
        "completed_tasks": ["IMPL-001"],
        "active_workers": [{"task_id": "IMPL-002", "role": "developer", "spawned_at": "2026-04-18T13:00:00Z"}],
        "updated_at": "2026-04-18T13:00:00Z",
    }
    tasks = [{"id": "TEST-001", "status": "in_progress"}, {"id": "IMPL-001", "status": "in_progress"}]
    files = session_files(registry=state, **{"tasks.json": tasks, "artifacts/a.md": "x", "artifacts/b/c.md": None})
    plan = read_files(files).plan
    assert plan is not None
    session = plan.session
    assert session is not None
    assert (session.folder, session.session_id, session.status) == (FOLDER, "TC-shop-2026-04-18", "active")
    assert (session.created_at, session.updated_at) == ("2026-04-18T12:00:00Z", "2026-04-18T13:00:00Z")
    assert session.completed == ("IMPL-001",)
    assert session.active_workers == (Worker("IMPL-002", "developer", "2026-04-18T13:00:00Z"),)
    assert set(session.in_progress) == {"IMPL-002", "TEST-001"}
    assert session.artifacts == ("a.md", "b/c.md")
    assert session.roles == (
        ("developer", f"{FOLDER}/role-specs/developer.md"),
        ("tester", f"{FOLDER}/role-specs/tester.md"),
    )
    assert [block.is_done for block in plan.blocks] == [True, False, False]


def test_a_role_whose_worker_keeps_several_tasks_is_known_from_either_file() -> None:
    state = registry()
    del state["roles"][0]["inner_loop"]
    assert registry()["roles"][0]["inner_loop"] is True
    for found in (read_files(session_files()), read_files(session_files(registry=state))):
        assert found.plan is not None
        assert found.plan.session is not None
        assert found.plan.session.inner_loops == ("developer",)


def test_the_scope_is_the_union_of_the_files_that_role_specs_and_tasks_state() -> None:
    tasks = analysis()
    tasks["dependency_graph"]["TEST-001"]["files"] = ["tests/**"]
    spec = role_spec(
        "developer", "IMPL", more="\n## File scope\n\n### Include\n\n- `src/**`\n\n### Exclude\n\n- `infra/`\n"
    )
    plan = read_files(session_files(analysis=tasks, **{"role-specs/developer.md": spec})).plan
    assert plan is not None
    assert [pattern.text for pattern in plan.scope.include] == ["src/**", "tests/**"]
    assert [pattern.text for pattern in plan.scope.exclude] == ["infra/"]
    assert [block.files for block in plan.blocks] == [("src/**",), ("src/**",), ("tests/**",)]


def test_what_one_role_may_not_change_is_open_to_a_role_that_names_it() -> None:
    def spec(role: str, include: str, exclude: str) -> str:
        more = f"\n## File scope\n\n### Include\n\n- `{include}`\n\n### Exclude\n\n- `{exclude}`\n"
        return role_spec(role, role[:4].upper(), more=more)

    files = {
        "role-specs/developer.md": spec("developer", "src/", "tests/"),
        "role-specs/tester.md": spec("tester", "tests/", "infra/"),
    }
    plan = read_files(session_files(**files)).plan
    assert plan is not None
    assert [pattern.text for pattern in plan.scope.include] == ["src/", "tests/"]
    assert [pattern.text for pattern in plan.scope.exclude] == ["infra/"]


@pytest.mark.parametrize(
    ("path", "folder"), [(PATH, FOLDER), (FOLDER, FOLDER), (f"{FOLDER}/", FOLDER), ("team-session.json", "")]
)
def test_a_session_is_named_by_its_file_or_its_folder(path: str, folder: str) -> None:
    assert session_folder(path) == folder


def test_a_session_at_the_root_of_the_repository_is_read() -> None:
    plan = read_session("team-session.json", {"team-session.json": b"{}"}, ["team-session.json", "src/a.py"]).plan
    assert plan is not None
    assert plan.path == "team-session.json"


def test_only_the_files_that_are_read_are_fetched_and_not_too_many_of_them() -> None:
    names = ["team-session.json", "task-analysis.json", "tasks.json", "role-specs/a.md", "role-specs/b/c.md"]
    names += ["artifacts/a.md", "role-specs/a.png", "discoveries/a.json", ".msg/meta.json"]
    assert wanted(PATH, [f"{FOLDER}/{name}" for name in names] + [f"{FOLDER}-2/team-session.json"]) == tuple(
        f"{FOLDER}/{name}" for name in names[:4]
    )
    many = {f"role-specs/r{number}.md": role_spec(f"r{number}", "R") for number in range(FILES_LIMIT + 50)}
    assert len(wanted(PATH, [f"{FOLDER}/{name}" for name in many])) == FILES_LIMIT
    assert "SW726" in codes(read_files(session_files(**many)))


def without(*names: str) -> dict[str, Any]:
    return {name: content for name, content in session_files().items() if name not in names}


def only_error(files: dict[str, Any]) -> tuple[str, int | None, str]:
    found = read_files(files)
    assert not found.is_executable
    assert len(found.errors) == 1, said(found)
    assert "team-coordinate" in found.errors[0].hint
    return found.errors[0].code, found.errors[0].line, found.errors[0].message


def test_the_folder_has_to_exist() -> None:
    found = read_session(PATH, {}, [])
    assert found.plan is None
    assert said(found) == [("SW701", None, f"There is no session folder {FOLDER}.")]


def test_team_session_json_has_to_exist_and_the_tasks_are_still_read() -> None:
    files = without("team-session.json")
    assert only_error(files) == ("SW702", None, "team-session.json is missing.")
    plan = read_files(files).plan
    assert plan is not None
    assert len(plan.blocks) == 3


def test_team_session_json_has_to_parse() -> None:
    files = session_files(**{"team-session.json": '{\n  "session_id": }'})
    assert only_error(files) == ("SW703", 2, "team-session.json does not parse: `}` is no value.")


def test_task_analysis_json_has_to_exist() -> None:
    assert only_error(without("task-analysis.json")) == ("SW704", None, "task-analysis.json is missing.")


def test_task_analysis_json_has_to_parse_and_the_roles_are_still_read() -> None:
    files = session_files(**{"task-analysis.json": '{\n"dependency_graph": {},\n}'})
    reason = "a key in double quotes is expected before `}`"
    assert only_error(files) == ("SW705", 3, f"task-analysis.json does not parse: {reason}.")
    plan = read_files(files).plan
    assert plan is not None
    assert plan.session is not None
    assert len(plan.session.roles) == 2


def test_there_has_to_be_a_role_spec() -> None:
    found = read_files(without("role-specs/developer.md", "role-specs/tester.md"))
    assert said(found)[0] == ("SW706", None, "role-specs/ has no .md file.")
    assert codes(found) == ["SW706", "SW707", "SW707"]


def test_every_role_has_to_have_its_role_spec() -> None:
    message = "team-session.json: the role tester has no role spec; role-specs/tester.md is missing."
    assert only_error(without("role-specs/tester.md")) == ("SW707", 14, message)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("## Phase 2\n## Phase 3\n## Phase 4\n", 1, "there is none"),
        ("---\n- a\n---\n## Phase 2\n## Phase 3\n## Phase 4\n", 1, "it is not a mapping, or has no end"),
        ("---\nrole: a\n## Phase 2\n## Phase 3\n## Phase 4\n", 1, "it is not a mapping, or has no end"),
        ("---\n---\n## Phase 2\n## Phase 3\n## Phase 4\n", 1, "it is empty"),
        (
            "---\nrole: a\nb: [\n---\n## Phase 2\n## Phase 3\n## Phase 4\n",
            4,
            "expected the node content, but found '<stream end>'",
        ),
        ("---\na: &a [x]\nb: [*a, *a]\n---\n## Phase 2\n## Phase 3\n## Phase 4\n", 1, "it uses aliases"),
    ],
)
def test_a_role_spec_has_to_have_valid_front_matter(text: str, line: int, reason: str) -> None:
    message = f"role-specs/tester.md: the front matter is not valid: {reason}."
    assert only_error(session_files(**{"role-specs/tester.md": text})) == ("SW708", line, message)


@pytest.mark.parametrize("phase", [2, 3, 4])
def test_a_role_spec_has_to_have_the_phases_2_to_4(phase: int) -> None:
    text = role_spec("tester", "TEST").replace(f"## Phase {phase}:", f"```\n## Phase {phase}:\n```\n## Phase 9")
    message = f"role-specs/tester.md: the section Phase {phase} is missing."
    assert only_error(session_files(**{"role-specs/tester.md": text})) == ("SW709", None, message)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("team-session.json", None, "its content could not be fetched"),
        ("task-analysis.json", b"\xff", "byte 0 is not UTF-8"),
        ("role-specs/tester.md", b"a\0", "it is binary"),
        ("role-specs/developer.md", b"a" * 1048577, "it has 1048577 bytes; at most 1048576 are read"),
    ],
)
def test_a_file_that_is_there_has_to_be_readable(name: str, content: bytes | None, reason: str) -> None:
    code, _, message = only_error(session_files(**{name: content}))
    assert (code, message) == ("SW710", f"{name} cannot be read: {reason}.")


def test_role_specs_have_the_size_of_one_plan_together() -> None:
    long = "\n```\n" + "words " * 100_000
    files = session_files(
        **{f"role-specs/{role}.md": role_spec(role, role[:4].upper(), more=long) for role in ("developer", "tester")}
    )
    code, _, message = only_error(files)
    assert (code, message.split(":")[0]) == ("SW710", "role-specs/tester.md cannot be read")


@pytest.mark.parametrize("content", [None, b"\xff", "{", b"\0"])
def test_a_tasks_json_that_cannot_be_read_does_no_harm(content: Any) -> None:
    found = read_files(session_files(**{"tasks.json": content}))
    assert found.is_executable
    assert sorted(codes(found)) == ["SW711", "SW737"]


def test_whatever_is_wrong_is_said_at_once() -> None:
    found = read_files(without("task-analysis.json", "role-specs/tester.md") | {"team-session.json": "["})
    assert [finding.code for finding in found.errors] == ["SW703", "SW704"]
    assert all(finding.severity is Severity.ERROR for finding in found.errors)
