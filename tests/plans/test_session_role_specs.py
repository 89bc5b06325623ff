"""One role spec by itself: what it says of its role and of the files that the role may change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.role_specs import read_role_spec
from tests.plans.session_text import role_spec

FILE = "role-specs/developer.md"


def test_a_role_spec_says_its_role_prefix_and_whether_its_worker_keeps_tasks() -> None:
    spec = read_role_spec(FILE, role_spec("developer", "IMPL", inner_loop="true"))
    assert (spec.role, spec.prefix, spec.inner_loop, spec.findings) == ("developer", "IMPL", True, ())
    assert (spec.include, spec.exclude) == ((), ())


@pytest.mark.parametrize(
    ("front", "body", "include", "exclude"),
    [
        ("files: [src/**, docs/a.md]", "", ["src/**", "docs/a.md"], []),
        ("files: src/**", "", ["src/**"], []),
        ("scope: {include: [src/], exclude: [src/secret/]}", "", ["src/"], ["src/secret/"]),
        ("include: [src/]\nexclude: infra/", "", ["src/"], ["infra/"]),
        ("x: y", "## Scope\n\n### Include\n\n- `src/**` (code)\n\n### Exclude\n\n- `infra/`\n", ["src/**"], ["infra/"]),
        ("x: y", "## Files\n\n- `src/a.py`, `src/b.py`\n- `npm test`\n- D:/shop\n", ["src/a.py", "src/b.py"], []),
        ("x: y", "**Files:** `src/a.py`\n\n- **Files touched:**\n  - `src/b.py`\n", ["src/a.py", "src/b.py"], []),
        ("files: [src/]", "## Files\n\n- `src/`\n", ["src/"], []),
        ("x: y", "Run `src/tool.py` and look at `docs/a.md`.\n", [], []),
    ],
)
def test_files_are_read_from_where_a_role_spec_states_them(
    front: str, body: str, include: list[str], exclude: list[str]
) -> None:
    text = role_spec("developer", "IMPL", more=f"\n{body}").replace("message_types:", f"{front}\nmessage_types:")
    spec = read_role_spec(FILE, text)
    assert [pattern.text for pattern in spec.include] == include
    assert [pattern.text for pattern in spec.exclude] == exclude
    assert spec.findings == ()


@pytest.mark.parametrize(
    "heading", ["## Phase 2: Context", "### PHASE 2", "# Phase 2 — Context", "## **Phase 2: Context**"]
)
def test_a_phase_is_known_by_its_number_at_any_level(heading: str) -> None:
    text = role_spec("developer", "IMPL").replace("## Phase 2: Context", heading)
    assert read_role_spec(FILE, text).findings == ()


@pytest.mark.parametrize("heading", ["# Developer — Phase 2-4", "## Phase 2-4", "## Phase 20", "## Phase 2.1"])
def test_a_heading_about_all_phases_is_none_of_them(heading: str) -> None:
    text = role_spec("developer", "IMPL").replace("## Phase 2: Context", heading)
    assert [finding.code for finding in read_role_spec(FILE, text).findings] == ["SW709"]


def test_what_front_matter_may_leave_out_is_said() -> None:
    text = role_spec("developer", "IMPL").replace("prefix: IMPL\n", "").replace("inner_loop: false\n", "")
    spec = read_role_spec(FILE, text)
    assert (spec.prefix, spec.inner_loop) == (None, None)
    assert [finding.code for finding in spec.findings] == ["SW734", "SW734"]


def test_a_finding_of_the_scope_names_the_file() -> None:
    text = role_spec("developer", "IMPL", more="\n## Scope\n\n### Include\n\n- `!src/`\n- the tests\n")
    messages = [finding.message for finding in read_role_spec(FILE, text).findings]
    assert messages == [
        "role-specs/developer.md: The pattern !src/ is negated.",
        "role-specs/developer.md: This is not read as a pattern: the tests.",
    ]


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    for written in (text, f"---\n{text}\n---\n"):
        assert read_role_spec(FILE, written).file == FILE
