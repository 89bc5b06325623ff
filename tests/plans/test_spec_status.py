"""The status of a spec where SPEC.md and the index state it; every other byte is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.spec_status import set_index_status, set_spec_status

INDEX = "specs/INDEX.md"

SPECS = {
    "a section": ("# Auth\n\n> Log in\n\n## Status\n\nACTIVE\n\n## Context\n\nStatus: x\n", "ACTIVE", "IMPLEMENTED"),
    "front matter": ("---\nname: auth\nstatus: active # since May\n---\n# Auth\n", "active", "implemented"),
    "quoted front matter": ("---\nstatus: 'Active'\n---\n# Auth\n", "Active", "IMPLEMENTED"),
    "a bold field": ("# Auth\n\n**Status:** ACTIVE\n**Owner:** bo\n", "ACTIVE", "IMPLEMENTED"),
    "a bullet": ("# Auth\n\n- **Status**: ACTIVE\n- **Owner**: bo\n", "ACTIVE", "IMPLEMENTED"),
    "a quote": ("# Auth\n\n> **Status:** Active\n> by bo\n\nStatus quo.\n", "Active", "IMPLEMENTED"),
    "code": ("# Auth\n\n**Status:** `active`  \n", "active", "implemented"),
    "a table": ("# Auth\n\n| Field | Value |\n|--|--|\n| Status | ACTIVE |\n| Owner | bo |\n", "ACTIVE", "IMPLEMENTED"),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", SPECS)
def test_the_status_of_a_spec_is_replaced_where_it_stands(name: str, end: str) -> None:
    text, old, new = SPECS[name]
    before, after = text.replace("\n", end), text.replace(old, new).replace("\n", end)
    assert set_spec_status(before, "IMPLEMENTED") == after
    assert set_spec_status(after, "IMPLEMENTED") == after


def test_a_spec_without_a_status_gets_one_below_its_title() -> None:
    text = "# Auth\n\nLog in.\n"
    assert set_spec_status(text, "IMPLEMENTED") == "# Auth\n\n**Status:** IMPLEMENTED\n\nLog in.\n"


def test_a_status_in_a_fence_is_no_status() -> None:
    text = "# Auth\n\n```\nStatus: ACTIVE\n```\n"
    after = set_spec_status(text, "IMPLEMENTED")
    assert after.endswith("```\nStatus: ACTIVE\n```\n")
    assert "**Status:** IMPLEMENTED" in after


TABLE = """\
# Specs

| Health | Status | Spec | Summary |
|--------|--------|------|---------|
| ok | ACTIVE | [auth](auth/SPEC.md) | needs [api](api/SPEC.md), a \\| b |
| 2 OPEN |  `draft`  | [api](./api/SPEC.md) | x |
| ok | **Active** | ui | by name |
| ok || `specs/log/SPEC.md` | empty |
| ok | ACTIVE | [deep](auth/oauth/) | a folder |
| ok |
"""
ROWS = {
    "auth": ("| ACTIVE | [auth]", "| IMPLEMENTED | [auth]"),
    "api": ("|  `draft`  |", "|  `implemented`  |"),
    "ui": ("**Active**", "**IMPLEMENTED**"),
    "log": ("|| `specs", "| IMPLEMENTED | `specs"),
    "auth/oauth": ("| ACTIVE | [deep]", "| IMPLEMENTED | [deep]"),
}


@pytest.mark.parametrize("spec", ROWS)
def test_the_row_of_a_spec_is_found_in_any_order_of_columns(spec: str) -> None:
    old, new = ROWS[spec]
    after = set_index_status(TABLE, INDEX, f"specs/{spec}/SPEC.md", "IMPLEMENTED")
    assert after == TABLE.replace(old, new)
    assert set_index_status(after, INDEX, f"specs/{spec}/SPEC.md", "IMPLEMENTED") == after


BULLETS = """\
- [auth](auth/SPEC.md) — ACTIVE — logs in, ACTIVE since May
- `specs/api/SPEC.md` (draft): routes
- ui/ `DRAFT` pages
- [review](review/SPEC.md) is DRAFT now
- **log**: [draft] lines
- [deep](deep/SPEC.md)
  - Status: Active
  - [deeper](deep/er/SPEC.md)
    - Status: Active
- [bare](bare/SPEC.md), all about drafts
"""
ENTRIES = {
    "auth": ("— ACTIVE —", "— IMPLEMENTED —"),
    "api": ("(draft)", "(implemented)"),
    "ui": ("ui/ `DRAFT`", "ui/ `IMPLEMENTED`"),
    "review": ("is DRAFT now", "is IMPLEMENTED now"),
    "log": ("[draft]", "[implemented]"),
    "deep": ("\n  - Status: Active", "\n  - Status: IMPLEMENTED"),
    "deep/er": ("    - Status: Active", "    - Status: IMPLEMENTED"),
    "bare": ("", ""),
}


@pytest.mark.parametrize("spec", ENTRIES)
def test_the_entry_of_a_spec_in_a_list_changes_its_one_word(spec: str) -> None:
    old, new = ENTRIES[spec]
    after = set_index_status(BULLETS, INDEX, f"specs/{spec}/SPEC.md", "IMPLEMENTED")
    assert after == (BULLETS.replace(old, new, 1) if old else BULLETS)
    assert set_index_status(after, INDEX, f"specs/{spec}/SPEC.md", "IMPLEMENTED") == after


@pytest.mark.parametrize("text", [TABLE, BULLETS, "", "# Specs\n\nNone yet.\n", "```\n- [no](no/SPEC.md) DRAFT\n```\n"])
def test_an_index_without_the_spec_is_unchanged(text: str) -> None:
    assert set_index_status(text, INDEX, "specs/no/SPEC.md", "IMPLEMENTED") == text


def test_an_index_below_the_root_is_read_from_its_own_folder() -> None:
    text = "| Spec | Status |\n|--|--|\n| [oauth](oauth/SPEC.md) | DRAFT |\n"
    after = set_index_status(text, "specs/auth/INDEX.md", "specs/auth/oauth/SPEC.md", "ACTIVE")
    assert after == text.replace("DRAFT", "ACTIVE")
    assert set_index_status(text, INDEX, "specs/auth/oauth/SPEC.md", "ACTIVE") == text


def test_a_row_with_a_missing_cell_is_left_as_it_is() -> None:
    text = "| Spec | Status |\n|--|--|\n| [auth](auth/SPEC.md) |\n"
    assert set_index_status(text, INDEX, "specs/auth/SPEC.md", "ACTIVE") == text


def test_a_status_from_anywhere_is_written_as_words() -> None:
    after = set_index_status(TABLE, INDEX, "specs/auth/SPEC.md", "a | b <c> @maria")
    assert "| a \\| b \\<c\\> `@maria` | [auth]" in after
    assert set_spec_status("# A\n\n**Status:** x\n", "Done <b>") == "# A\n\n**Status:** done \\<b\\>\n"


PIECES = [*TABLE.splitlines(keepends=True), *BULLETS.splitlines(keepends=True)]
PIECES += [
    "```\n",
    "<!--\n",
    "> ",
    "\n",
    "---\n",
    "status: x\n",
    "**Status:** x\n",
    "## Status\n",
    "\u00e9\r\n",
    "\ufeff",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text(max_size=80)
STATUSES = st.sampled_from(["IMPLEMENTED", "Done", "in progress", "a | b", "FINISHED", "x_y_z"])


def is_one_change(before: str, after: str) -> bool:
    """Say whether two texts differ in one stretch of one line at most."""
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    removed, added = before[first : len(before) - last], after[first : len(after) - last]
    return not any(end in removed + added for end in "\r\n")


@given(TEXTS, st.sampled_from([*ROWS, *ENTRIES]), STATUSES)
def test_an_index_keeps_every_other_byte(text: str, spec: str, status: str) -> None:
    once = set_index_status(text, INDEX, f"specs/{spec}/SPEC.md", status)
    assert is_one_change(text, once)
    assert set_index_status(once, INDEX, f"specs/{spec}/SPEC.md", status) == once


@given(TEXTS, STATUSES)
def test_a_spec_is_brought_to_a_status_once(text: str, status: str) -> None:
    once = set_spec_status(text, status)
    assert set_spec_status(once, status) == once


@given(st.text(max_size=60), STATUSES)
def test_a_spec_keeps_every_other_byte(words: str, status: str) -> None:
    text = f"# Auth\n\n**Status:** Draft\n\n## Context\n\n{words}"
    after = set_spec_status(text, status)
    assert after.endswith(f"\n\n## Context\n\n{words}")
    assert is_one_change(text, after)


def test_a_cell_with_an_escaped_pipe_is_replaced_as_a_whole() -> None:
    text = "| Spec | Status | Note |\n|--|--|--|\n| [auth](auth/SPEC.md) | draft \\| late | x |\n"
    after = set_index_status(text, INDEX, "specs/auth/SPEC.md", "ACTIVE")
    assert after == text.replace("draft \\| late", "active")


def test_a_status_of_the_teams_own_is_found_again_where_it_was_written() -> None:
    text = "- [auth](auth/SPEC.md) (draft), its child (active)\n"
    once = set_index_status(text, INDEX, "specs/auth/SPEC.md", "FROZEN")
    assert once == text.replace("draft", "frozen")
    assert set_index_status(once, INDEX, "specs/auth/SPEC.md", "FROZEN") == once
