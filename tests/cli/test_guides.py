"""What the guides show is what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.policy_keys import MEANINGS, defaults_of
from bot.cli.scaffold import scaffold_files
from bot.cli.schema import lint_schema, policy_schema
from bot.plans.exec_plan import REQUIRED_SECTIONS
from bot.plans.findings import KINDS
from bot.plans.model import Dialect
from bot.runs.policy import Policy, read_policy

DOCS = Path(__file__).parents[2] / "docs"
PLANS = (DOCS / "plans.md").read_text("utf-8")
POLICY = (DOCS / "policy.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^`([^`\n]+)`:\n\n````\w+\n(.*?)^````$", PLANS, flags=re.MULTILINE | re.DOTALL))


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_dialect_has_a_complete_example_with_nothing_wrong_in_it(tmp_path: Path) -> None:
    for path, text in EXAMPLES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    result = CliRunner().invoke(app, ["lint", str(tmp_path), "--format", "json"])
    reports = json.loads(result.stdout)
    assert [(report["path"], report["findings"]) for report in reports if report["findings"]] == []
    assert sorted(report["dialect"] for report in reports) == sorted(Dialect)
    assert all(report["executable"] and len(report["blocks"]) == 2 for report in reports)


@pytest.mark.parametrize("dialect", Dialect)
def test_every_dialect_has_a_section_of_its_own(dialect: Dialect) -> None:
    assert "````" in section(PLANS, dialect.value)


def test_the_required_sections_are_named_as_the_reader_wants_them() -> None:
    assert re.findall(r"^\d\. \*\*(.+?)\*\*", section(PLANS, "exec-plan"), flags=re.MULTILINE) == list(
        REQUIRED_SECTIONS
    )


def test_the_policy_page_has_every_key_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", POLICY, flags=re.MULTILINE)
    assert rows == [(key, default, MEANINGS[key]) for key, default in defaults_of(policy_schema()).items()]


def test_the_policies_that_pages_show_are_valid() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", POLICY, flags=re.DOTALL)
    inline = re.findall(r"`((?:workers|validation): \{.*?\})`", (DOCS / "init.md").read_text("utf-8"))
    assert shown and len(inline) >= 2
    assert all(isinstance(read_policy(text.encode()), Policy) for text in (*shown, *inline))


def test_the_init_page_names_every_file_that_is_written() -> None:
    text = (DOCS / "init.md").read_text("utf-8")
    for path in scaffold_files(Dialect):
        assert path in text or path.rpartition("/")[2] in text, path


def test_the_lint_page_has_every_key_of_the_output() -> None:
    text = (DOCS / "lint.md").read_text("utf-8")
    report = lint_schema()["$defs"]["Report"]["properties"]
    named = set(re.findall(r"`([a-z_]+)(?:\[\])?(?:\.\w+)?`", section(text, "The JSON, version 1")))
    assert set(report) <= named | {"scope"}, set(report) - named


def test_the_lint_page_has_every_finding_with_its_severity() -> None:
    rows = re.findall(r"^\| (SW\d+) \| (\w+) \|", (DOCS / "lint.md").read_text("utf-8"), flags=re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert dict(rows) == {code: kind.severity.value for code, kind in KINDS.items()}
