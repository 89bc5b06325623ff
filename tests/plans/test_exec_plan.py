"""The exec-plan dialect: blocks from four places, scope, branch and mode, and every refusal with its line."""

from __future__ import annotations

import pytest

from bot.plans.dialects import dialect_of, is_index, path_problem, read
from bot.plans.exec_plan import REQUIRED_SECTIONS
from bot.plans.model import PLAN_BYTES_LIMIT, Dialect, Mode, Plan, Reading, Severity
from tests.corpus import NOT_HERE, TEMPLATE
from tests.plans.plan_text import PATH, plan_text


def reading(**parts: str) -> Reading:
    return read(PATH, plan_text(**parts).encode())


def plan(**parts: str) -> Plan:
    found = reading(**parts)
    assert found.is_executable, [(finding.line, finding.message) for finding in found.errors]
    assert found.plan is not None
    return found.plan


def ids(found: Plan) -> list[str]:
    return [block.id for block in found.blocks]


def codes(found: Reading, severity: Severity | None = None) -> list[str]:
    return [finding.code for finding in found.findings if severity in (None, finding.severity)]


def test_a_conforming_plan_is_read_whole() -> None:
    found = plan()
    assert (found.title, found.status, found.objective) == ("Greeting", "Approved", "Greet people by name.")
    assert (found.mode, found.branch, found.base_branch) == (Mode.STEPWISE, "feature/greeting", "main")
    assert [pattern.text for pattern in found.scope.include] == ["src/**", "tests/**"]
    assert [(pattern.text, pattern.note) for pattern in found.scope.exclude] == [
        ("infra/...", "unless explicitly approved")
    ]
    assert found.validation_commands == ("pytest -q",)
    assert found.stop_conditions == ("Scope drift",)
    assert found.sections_present == REQUIRED_SECTIONS
    assert found.sections_missing == ()
    first, second = found.blocks
    assert (first.id, first.title, first.milestone, first.depends_on) == ("B01", "Add the endpoint", "S07", ())
    assert first.files == ("src/hello.py", "tests/test_hello.py")
    assert first.acceptance == ("GET /hello answers 200",)
    assert plan_text().splitlines()[first.line - 1] == "- **Block ID:** `B01`"
    assert (second.id, second.depends_on) == ("B02", ("B01",))


def test_a_conforming_plan_has_no_findings() -> None:
    assert reading().findings == ()


def test_crlf_and_a_byte_order_mark_change_nothing() -> None:
    text = plan_text()
    assert read(PATH, ("\ufeff" + text.replace("\n", "\r\n")).encode()).plan == read(PATH, text.encode()).plan


@pytest.mark.skipif(not TEMPLATE.exists(), reason=NOT_HERE)
def test_the_template_is_refused_with_lines() -> None:
    found = read(PATH, TEMPLATE.read_bytes())
    assert not found.is_executable
    assert {"SW109", "SW203", "SW204", "SW308"} <= set(codes(found, Severity.ERROR))
    assert all(finding.line for finding in found.findings)
    assert found.plan is not None
    assert (found.plan.mode, found.plan.verdict, found.plan.branch, found.plan.blocks) == (None, None, None, ())


# Where blocks come from


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        ("- **Block ID:** `B01`, `B02`\n- **Goal:** both\n", ["B01", "B02"]),
        ("- **Block ID:** `B01-B03`\n", ["B01", "B02", "B03"]),
        ("- **Block ID:** B01 to B03\n", ["B01", "B02", "B03"]),
        ("- **Block IDs:**\n  - B01: one\n  - B02: two\n", ["B01", "B02"]),
        ("### B01 — one\n\n- **Goal:** x\n\n### B02: two\n", ["B01", "B02"]),
        ("### Block B01\n\n- **Goal:** x\n\n### Block 2 - two\n", ["B01", "2"]),
        ("### First\n\n- **Block ID:** `A1`\n\n### Second\n\n- **Block ID:** `A2`\n", ["A1", "A2"]),
        ("| ID | Goal | Depends on |\n|---|---|---|\n| B01 | one | none |\n| B02 | two | B01 |\n", ["B01", "B02"]),
        ("- **B01:** one\n- **B02:** two\n", ["B01", "B02"]),
        ("- [x] **B01** - one\n- [ ] **B02** - two\n", ["B01", "B02"]),
        ("- **Block ID:** `M1-T1`\n- **Goal:** a\n\n- **Block ID:** `M1-T2`\n- **Goal:** b\n", ["M1-T1", "M1-T2"]),
    ],
)
def test_several_blocks_are_found_in_every_form(proposed: str, expected: list[str]) -> None:
    assert ids(plan(proposed=proposed)) == expected


def test_tasks_in_the_roadmap_position_come_before_ordered_steps() -> None:
    found = plan(
        roadmap="- **Task(s):** T1: write it; T2: test it\n",
        proposed="- **Block ID:** `B01`\n- **Goal:** greet\n",
        handoff="- **Ordered Steps:**\n  1. one\n  2. two\n",
    )
    assert [(block.id, block.title) for block in found.blocks] == [("T1", "write it"), ("T2", "test it")]


def test_ordered_steps_come_before_the_one_block_id() -> None:
    found = plan(
        proposed="- **Block ID:** `B01`\n- **Goal:** greet\n",
        handoff="- **Ordered Steps:**\n  1. Write **it**\n     - carefully\n  2. Test it\n",
    )
    assert [(block.id, block.title) for block in found.blocks] == [("1", "Write it"), ("2", "Test it")]
    assert found.blocks[0].steps == ("carefully",)


def test_the_one_block_id_is_the_block_when_nothing_else_is_said() -> None:
    found = plan(proposed="- **Block ID:** `B07`\n- **Goal:** greet\n")
    assert [(block.id, block.title) for block in found.blocks] == [("B07", "greet")]


def test_several_block_ids_come_before_tasks_and_steps() -> None:
    found = plan(
        roadmap="- **Task(s):** `T1`, `T2`, `T3`\n",
        handoff="- **Ordered Steps:**\n  1. B01: write it\n  2. B02: test it\n",
    )
    assert ids(found) == ["B01", "B02"]
    assert [block.steps for block in found.blocks] == [("write it",), ("test it",)]


def test_a_comma_in_one_title_makes_no_second_task() -> None:
    found = plan(
        roadmap="- **Task(s):** Fix login, logout\n", proposed="- **Block ID:** `B01`\n- **Acceptance:** works\n"
    )
    assert [(block.id, block.title) for block in found.blocks] == [("B01", "Fix login, logout")]


def test_lazily_numbered_steps_are_counted() -> None:
    found = plan(proposed="- **Goal:** x\n", handoff="- **Ordered Steps:**\n  1. one\n  1. two\n")
    assert ids(found) == ["1", "2"]


def test_groups_are_read_and_unknown_ids_in_them_refused() -> None:
    grouped = "- **Block Grouping (Optional):** `B01 + B02`\n"
    assert plan(handoff=grouped).groups == (("B01", "B02"),)
    assert "SW312" in codes(reading(handoff="- **Block Grouping:** B01 + B09\n"))


# Dependencies


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("none", ()),
        ("None (first block)", ()),
        ("n/a", ()),
        ("B01", ("B01",)),
        ("`b01`", ("B01",)),
        ("after B01", ("B01",)),
    ],
)
def test_dependencies_are_resolved(written: str, expected: tuple[str, ...]) -> None:
    proposed = f"- **Block ID:** B01\n- **Goal:** a\n- **Block ID:** B02\n- **Dependencies:** {written}\n"
    assert plan(proposed=proposed).blocks[1].depends_on == expected


def test_silence_about_dependencies_is_not_none() -> None:
    assert plan(proposed="- **Block ID:** B01\n- **Block ID:** B02\n").blocks[1].depends_on is None


def blocks_with(*dependencies: tuple[str, str]) -> str:
    return "".join(f"- **Block ID:** {name}\n- **Dependencies:** {needs}\n" for name, needs in dependencies)


@pytest.mark.parametrize(
    ("proposed", "code", "line"),
    [
        (blocks_with(("B01", "none"), ("B01", "none")), "SW302", "- **Block ID:** B01"),
        (blocks_with(("B01", "none"), ("b01", "none")), "SW303", "- **Block ID:** b01"),
        (blocks_with(("B01", "none"), ("B02", "B09")), "SW304", "- **Dependencies:** B09"),
        (blocks_with(("B01", "B02"), ("B02", "B01")), "SW305", "- **Dependencies:** B02"),
        (blocks_with(("B01", "B01"), ("B02", "none")), "SW305", "- **Dependencies:** B01"),
        (blocks_with(("B01", "none"), ("B02", "B05-B03")), "SW309", "- **Dependencies:** B05-B03"),
        ("- **Block ID:** `B09-B01`\n", "SW309", "- **Block ID:** `B09-B01`"),
        ("- **Block ID:** `BXX`\n", "SW308", "- **Block ID:** `BXX`"),
        ("### Slice 1: a\n\n### Slice 2: b\n", "SW307", "### Slice 1: a"),
        ("nothing to see\n", "SW301", "## 5. Proposed Next Block"),
    ],
)
def test_blocks_that_cannot_be_executed_are_errors_with_their_line(proposed: str, code: str, line: str) -> None:
    found = reading(proposed=proposed)
    finding = next(finding for finding in found.errors if finding.code == code)
    assert finding.line is not None
    assert plan_text(proposed=proposed).splitlines()[finding.line - 1] == line


def test_a_dependency_that_is_done_elsewhere_is_only_a_notice() -> None:
    found = reading(proposed="- **Block ID:** B02\n- **Goal:** x\n- **Dependencies:** B01 (completed in S06)\n")
    assert found.is_executable
    assert codes(found) == ["SW313"]


def test_a_dependency_on_a_later_block_is_a_warning() -> None:
    assert codes(reading(proposed=blocks_with(("B01", "B02"), ("B02", "none")))) == ["SW310"]


def test_more_blocks_than_the_limit_are_refused() -> None:
    many = "".join(f"- **Block ID:** B{number:04}\n" for number in range(501))
    found = reading(proposed=many)
    assert codes(found, Severity.ERROR) == ["SW306"]
    assert found.plan is not None and len(found.plan.blocks) == 500


def test_a_chain_of_as_many_blocks_as_allowed_is_no_problem() -> None:
    chain = blocks_with(("B000", "none"), *((f"B{number:03}", f"B{number - 1:03}") for number in range(1, 500)))
    assert len(plan(proposed=chain).blocks) == 500


# Required sections, objective, branch, mode


@pytest.mark.parametrize("name", REQUIRED_SECTIONS)
def test_each_required_section_is_missed_by_its_name(name: str) -> None:
    found = read(PATH, plan_text().replace(name, "Something Else").encode())
    assert found.plan is not None
    assert found.plan.sections_missing == (name,)
    assert not found.is_executable


@pytest.mark.parametrize("name", REQUIRED_SECTIONS)
def test_each_required_section_is_found_whatever_its_decoration(name: str) -> None:
    number = REQUIRED_SECTIONS.index(name) + 2
    text = plan_text().replace(f"## {number}. {name}", f"# ✅ {name.upper()}: (Mandatory)")
    found = read(PATH, text.encode()).plan
    assert found is not None and found.sections_missing == ()


def test_a_required_section_that_appears_twice_is_refused() -> None:
    assert "SW212" in codes(reading(behind="\n## File Scope Contract\n\n### Include\n\n- `**`\n"), Severity.ERROR)


def test_a_section_with_nothing_but_the_templates_text_is_said_to_be_open() -> None:
    found = reading(current="- **Current Runtime Flow:**\n- **Known Limitations or Risks:** ...\n")
    assert [finding.message for finding in found.findings if finding.code == "SW202"] == [
        "The section Current Behavior Summary is not filled in."
    ]


@pytest.mark.parametrize(
    "objective", ["- **Objective (One Sentence):**\n", "- **Objective:** <one-sentence objective>\n", ""]
)
def test_a_plan_without_an_objective_is_refused(objective: str) -> None:
    assert "SW203" in codes(reading(objective=objective), Severity.ERROR)


def test_the_objective_at_the_top_stands_in_for_an_empty_lock() -> None:
    found = plan(header="**Objective:** Greet.\n", objective="- **Objective (One Sentence):**\n- **In Scope:** x\n")
    assert found.objective == "Greet."


@pytest.mark.parametrize(
    "branch", ["- **Execution Branch:** `<must match planning branch>`\n", "- **Execution Branch:**\n", "prose\n"]
)
def test_a_plan_without_a_branch_is_refused(branch: str) -> None:
    found = reading(branch=branch)
    assert "SW204" in codes(found, Severity.ERROR)
    assert found.plan is not None and found.plan.branch is None


@pytest.mark.parametrize("name", ["a b", "a..b", "-a", "a~1", "a.lock", "a//b", "/a", "a:", "x@{1}", "a\\b", "HEAD"])
def test_a_branch_that_git_would_refuse_is_an_error(name: str) -> None:
    assert "SW205" in codes(reading(branch=f"- **Execution Branch:** `{name}`\n"), Severity.ERROR)


def test_an_execution_branch_that_is_not_the_planning_branch_is_an_error() -> None:
    assert codes(reading(branch="- **Execution Branch:** `other`\n"), Severity.ERROR) == ["SW206"]


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        ("`stepwise`", Mode.STEPWISE),
        ("stepwise (default)", Mode.STEPWISE),
        ("**Autonomous**", Mode.AUTONOMOUS),
        ("`stepwise` (default) or `autonomous` (explicit only)", None),
        ("turbo", None),
    ],
)
def test_the_mode_is_read_only_when_one_is_chosen(written: str, mode: Mode | None) -> None:
    found = reading(handoff=f"- **Execution Mode:** {written}\n")
    assert found.is_executable and found.plan is not None
    assert found.plan.mode is mode
    assert ("SW207" in codes(found)) is (mode is None)


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("`PASS`", "PASS"),
        ("**PASS_WITH_NOTES** - see below", "PASS_WITH_NOTES"),
        ("fail", "FAIL"),
        ("`PASS | PASS_WITH_NOTES | FAIL`", None),
        ("PASS/FAIL", None),
        ("passable", None),
    ],
)
def test_the_verdict_is_one_of_three_words(written: str, verdict: str | None) -> None:
    assert plan(behind=f"\n## 12. Validation Record\n\n- **Verdict:** {written}\n").verdict == verdict


@pytest.mark.parametrize(
    "text",
    [
        "**Status:** In Progress\n",
        "Status: In Progress\n",
        "- status: In Progress\n",
        "\n## Lifecycle\n\n- status: In Progress\n",
        "\n## Status\n\nIn Progress\n",
        "| Field | Value |\n|---|---|\n| Status | In Progress |\n",
    ],
)
def test_the_status_is_read_in_every_spelling(text: str) -> None:
    assert plan(header=text).status == "In Progress"


def test_the_status_may_stand_in_front_matter() -> None:
    text = "---\nstatus: hold\ntitle: From above\n---\n" + plan_text(header="")
    found = read(PATH, text.encode()).plan
    assert found is not None and (found.status, found.title) == ("hold", "From above")


# Scope


def scope_of(include: str) -> tuple[list[str], list[str], list[str]]:
    found = reading(include=include)
    assert found.plan is not None
    scope = found.plan.scope
    return [item.text for item in scope.include], [item.text for item in scope.unparsed], codes(found)


def test_the_pattern_is_the_code_span_and_the_rest_is_a_note() -> None:
    found = plan(include="- `src/**` (not `src/old`, please)\n- `docs/a.md` - the index\n- `x/`, `y/` and `z/`\n")
    assert [(item.text, item.note) for item in found.scope.include] == [
        ("src/**", "not src/old, please"), ("docs/a.md", "the index"), ("x/", None), ("y/", None), ("z/", None),
    ]  # fmt: skip


def test_prose_is_left_to_people() -> None:
    bullets = "- `src/**`\n- the tests, too\n- anything except `infra/`\n- `a/**` but not `a/b`\n"
    included, unparsed, said = scope_of(bullets)
    assert included == ["src/**", "a/**"]
    assert unparsed == ["the tests, too", "anything except infra/", "`a/b`"]
    assert said == ["SW405"] * 3


@pytest.mark.parametrize(
    ("include", "code"),
    [
        ("- `!src/**`\n", "SW402"), ("- `<unrelated modules>`\n", "SW403"), ("- `../x`\n", "SW404"),
        ("- words\n", "SW405"), ("", "SW401"), ("- none\n", "SW401"),
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_used_is_no_pattern(include: str, code: str) -> None:
    included, _, said = scope_of(include)
    assert included == []
    assert code in said and "SW401" in said


def test_scope_may_be_written_as_fields_or_labels() -> None:
    for contract in (
        "- **Include:** `src/**`, `docs/`\n- **Exclude:** `infra/` (never)\n",
        "**Include (Allowed to Modify)**\n\n- `src/**`\n- `docs/`\n\n**Exclude (Must Not Modify):**\n\n- `infra/`\n",
        "- **Include:**\n  - `src/**`\n  - `docs/`\n- **Exclude:**\n  - `infra/`\n",
        "| Include | Exclude |\n|---|---|\n| `src/**` | `infra/` |\n| `docs/` | |\n",
    ):
        text = plan_text().split("### Include")[0] + contract + "\n## 9. Executor Handoff\n\nnone\n"
        found = read(PATH, text.encode()).plan
        assert found is not None
        assert [item.text for item in found.scope.include] == ["src/**", "docs/"], contract
        assert [item.text for item in found.scope.exclude] == ["infra/"], contract


# Files that are no plans


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "SW101", 1),
        (b"\xef\xbb\xbf \n\r\n", "SW101", 1),
        (b"# a\n\nb\0c\n", "SW102", 3),
        (b"# a\r\nb\r\n\xff\n", "SW103", 3),
        (b"x" * (PLAN_BYTES_LIMIT + 1), "SW104", None),
        ("# 계획\n".encode("utf-16"), "SW102", 1),
    ],
)
def test_bytes_that_are_no_plan_are_refused_with_their_line(content: bytes, code: str, line: int | None) -> None:
    found = read(PATH, content)
    assert found.plan is None
    assert [(finding.code, finding.line) for finding in found.findings] == [(code, line)]


def test_the_offset_of_a_byte_that_is_not_utf8_is_named() -> None:
    assert read(PATH, b"abc\n\xe9\n").findings[0].message == "The file is not UTF-8: byte 4 (0xe9)."


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x.md",
        "docs/exec-plans/active/../../x.md",
        "docs//x.md",
        "C:/x.md",
        "a\\b.md",
        "",
        "a\n.md",
        "./x.md",
    ],
)
def test_an_unsafe_path_is_refused(path: str) -> None:
    assert path_problem(path) is not None
    assert dialect_of(path) is None
    assert codes(read(path, b"x")) == ["SW105"]


@pytest.mark.parametrize(
    ("path", "is_plan"),
    [
        ("docs/exec-plans/active/x.md", True),
        ("docs/exec-plans/active/index.md", False),
        ("docs/exec-plans/active/_template.md", False),
        ("docs/exec-plans/completed/x.md", False),
        ("docs/exec-plans/active/a/x.md", False),
        ("docs/exec-plans/active/x.txt", False),
        ("shop/docs/exec-plans/active/x.md", False),
        ("README.md", False),
    ],
)
def test_a_plan_is_known_by_its_path(path: str, is_plan: bool) -> None:
    assert dialect_of(path) == (Dialect.EXEC_PLAN if is_plan else None)
    if not is_plan and path.endswith(".md"):
        assert codes(read(path, b"# x")) == ["SW106"]


def test_below_a_folder_plans_and_indexes_are_known_when_asked_for() -> None:
    assert dialect_of("some/dir/docs/exec-plans/active/x.md", anywhere=True) is Dialect.EXEC_PLAN
    assert dialect_of("some/mydocs/exec-plans/active/x.md", anywhere=True) is None
    assert is_index("some/docs/exec-plans/completed/index.md", anywhere=True)
    assert not is_index("some/docs/exec-plans/completed/index.md")


def test_words_from_a_plan_are_shortened_and_lose_control_characters() -> None:
    found = reading(include=f"- \x1b[31mred {'x' * 500}\n- `src/`\n")
    message = next(finding.message for finding in found.findings if finding.code == "SW405")
    assert "\x1b" not in message and len(message) < 200
