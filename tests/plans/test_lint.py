"""The report: its shape, and what it says about plans and indexes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.plans.findings import KINDS
from bot.plans.lint import Report, has_errors, lint
from tests.corpus import CORPUS, LABELS
from tests.plans.plan_text import PATH, plan_text

ROOT = Path(__file__).parents[2]
INDEXES = sorted(name for name in LABELS if name.startswith("index/"))
KEYS = [
    "version", "path", "dialect", "title", "status", "objective", "mode", "branch", "base_branch", "blocks", "scope",
    "validation_commands", "missing_sections", "verdict", "executable", "entries", "findings",
]  # fmt: skip
INDEX_PATH = "docs/exec-plans/active/index.md"


def codes(report: Report) -> list[str]:
    return [finding["code"] for finding in report["findings"]]


def test_a_plans_report_is_plain_json_with_every_key() -> None:
    report = lint(PATH, plan_text().encode())
    assert json.loads(json.dumps(report)) == report
    assert list(report) == KEYS
    assert report["executable"] and report["findings"] == [] and report["entries"] == []
    assert report["blocks"][0] == {
        "id": "B01",
        "title": "Add the endpoint",
        "milestone": "S07",
        "depends_on": [],
        "files": ["src/hello.py", "tests/test_hello.py"],
        "line": 25,
    }
    assert report["scope"] == {"include": ["src/**", "tests/**"], "exclude": ["infra/..."], "unparsed": []}


def test_a_file_that_is_no_plan_has_the_same_keys() -> None:
    report = lint("README.md", b"# x")
    assert list(report) == KEYS
    assert codes(report) == ["SW106"] and has_errors(report)


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_lists_what_a_reader_finds(name: str) -> None:
    label = LABELS[name]
    listing = label["folder_listing_at_commit"]
    report = lint(label["source"]["path"], (CORPUS / name).read_bytes(), None, listing)
    assert (report["dialect"], report["title"]) == ("index", label["title"])
    assert report["entries"] == [entry["path_resolved"] for entry in label["entries"]]
    said = [finding["message"] for finding in report["findings"] if finding["code"] in ("SW603", "SW604")]
    assert len(said) == len(label["not_in_index"])
    assert all(any(name in message for message in said) for name in label["not_in_index"])
    assert [finding for finding in report["findings"] if finding["code"] == "SW601"] == label["not_in_folder"]
    assert not has_errors(report)


def test_an_entry_whose_plan_is_gone_is_an_error_with_its_line() -> None:
    report = lint(INDEX_PATH, b"# Active\n\n- [A](a.md)\n- `b.md`\n", None, ["a.md", "index.md"])
    assert [(finding["code"], finding["line"]) for finding in report["findings"]] == [("SW601", 4)]


def test_an_entry_elsewhere_is_looked_up_and_only_warned_about() -> None:
    report = lint(INDEX_PATH, b"# Active\n\n- `../../gone.md`\n", None, ["index.md"], lambda _: False)
    assert codes(report) == ["SW602"] and not has_errors(report)


def test_a_plan_that_the_index_leaves_out_is_a_warning_and_a_template_a_notice() -> None:
    report = lint(
        INDEX_PATH, b"# Active\n\n- `a.md`\n", None, ["a.md", "b.md", "_template.md", "index.md", "notes.txt"]
    )
    assert [(finding["code"], finding["severity"]) for finding in report["findings"]] == [
        ("SW603", "warning"),
        ("SW604", "notice"),
    ]


def test_an_entry_listed_twice_is_said() -> None:
    assert codes(lint(INDEX_PATH, b"# Active\n\n- `a.md`\n- [a](a.md)\n", None, ["a.md"])) == ["SW605"]


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff"])
def test_an_index_that_is_no_text_is_refused(content: bytes) -> None:
    assert has_errors(lint(INDEX_PATH, content))


def test_every_code_is_documented() -> None:
    page = (ROOT / "docs/lint.md").read_text("utf-8")
    for code, kind in KINDS.items():
        assert f"| {code} | {kind.severity.value} |" in page
