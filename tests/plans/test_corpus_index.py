"""The indexes of real repositories, as a careful reader labelled them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.plans.indexes import add_entry, read_index, remove_entry

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"
LABELS = CORPUS / "labels.json"
pytestmark = pytest.mark.skipif(not LABELS.exists(), reason="the corpus is not beside this checkout")


def labelled() -> list[tuple[str, dict[str, Any]]]:
    if not LABELS.exists():
        return []
    files = json.loads(LABELS.read_text(encoding="utf-8"))["files"]
    return [(name, label) for name, label in files.items() if label["dialect"] == "index"]


def text_of(name: str) -> str:
    return (CORPUS / name).read_bytes().decode()


each_index = pytest.mark.parametrize(
    ("name", "label"), labelled(), ids=lambda value: value if isinstance(value, str) else ""
)


@each_index
def test_the_entries_are_those_of_the_label(name: str, label: dict[str, Any]) -> None:
    index = read_index(label["source"]["path"], text_of(name))
    found = [(entry.path_raw, entry.path, entry.status) for entry in index.entries]
    assert found == [(entry["path_raw"], entry["path_resolved"], entry["status"]) for entry in label["entries"]]
    assert index.is_empty is label["is_empty"]


@each_index
def test_an_entry_can_be_added_and_taken_out_again(name: str, label: dict[str, Any]) -> None:
    text, path = text_of(name), label["source"]["path"]
    plan = path.replace("index.md", "2026-05-01-new-plan.md")
    added = add_entry(text, path, plan, "A new plan", note="All blocks are done.")
    listed = [entry["path_resolved"] for entry in label["entries"]]
    assert sorted(entry.path for entry in read_index(path, added).entries) == sorted([*listed, plan])
    removed = remove_entry(added, path, plan)
    assert [entry.path for entry in read_index(path, removed).entries] == listed
    if listed:
        assert removed == text


@each_index
def test_taking_all_entries_out_leaves_an_empty_index_and_its_references(name: str, label: dict[str, Any]) -> None:
    text, path = text_of(name), label["source"]["path"]
    for entry in label["entries"]:
        text = remove_entry(text, path, entry["path_resolved"])
    assert read_index(path, text).is_empty
    assert all(reference in text for reference in label["non_entries"])


GOLDEN = {
    "index/squadrail-active-bare-names-korean.md": (2, "- `2026-05-01-new-plan.md`"),
    "index/squadrail-active-relative-up.md": (9, "- `2026-05-01-new-plan.md`"),
    "index/squadrail-active-empty-korean.md": (2, "- `2026-05-01-new-plan.md`"),
    "index/quantleet-active-table-placeholder.md": (
        16,
        "| [A new plan](2026-05-01-new-plan.md) | completed | All blocks are done. |",
    ),
    "index/quantleet-completed-table.md": (
        25,
        "| [`2026-05-01-new-plan.md`](2026-05-01-new-plan.md) | completed | All blocks are done. |",
    ),
}


@each_index
def test_the_new_line_is_written_in_the_style_of_the_index(name: str, label: dict[str, Any]) -> None:
    path = label["source"]["path"]
    plan = path.replace("index.md", "2026-05-01-new-plan.md")
    before = text_of(name).splitlines()
    after = add_entry(text_of(name), path, plan, "A new plan", note="All blocks are done.").splitlines()
    number, line = GOLDEN[name]
    assert after[number] == line
    kept = after[:number] + after[number + 1 :]
    assert kept == (before if len(after) > len(before) else before[:number] + before[number + 1 :])
