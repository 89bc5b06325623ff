"""`stepwise lint` on team sessions: several files, one plan."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.cli.scaffold import scaffold_files
from bot.plans.model import Dialect
from tests.cli.filled_template import filled

SESSION = ".workflow/.team/TC-totals-2026-01-31"
PARTS = {
    "team-session.template.json": "team-session.json",
    "task-analysis.template.json": "task-analysis.json",
    "role-specs/role.template.md": "role-specs/writer.md",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / SESSION
    (folder / "role-specs").mkdir(parents=True)
    texts = scaffold_files([Dialect.TEAM_SESSION])
    for template, name in PARTS.items():
        text = texts[f".workflow/.team/_template/{template}"].decode()
        (folder / name).write_text(filled("team-session", text), "utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["lint", *arguments])


def report(*arguments: str) -> dict[str, Any]:
    found = json.loads(run(*arguments, "--format", "json").stdout)
    assert len(found) == 1
    only: dict[str, Any] = found[0]
    return only


@pytest.mark.parametrize("given", [".", SESSION, *(f"{SESSION}/{name}" for name in PARTS.values())])
def test_a_session_is_found_by_its_folder_and_by_each_of_its_parts(folder: Path, given: str) -> None:
    found = report(given)
    assert (found["path"], found["dialect"]) == (f"{SESSION}/team-session.json", "team-session")
    assert (found["executable"], found["findings"]) == (True, [])
    assert [block["id"] for block in found["blocks"]] == ["DRAFT-001"]


def test_all_parts_named_at_once_are_one_session(folder: Path) -> None:
    result = run(*(f"{SESSION}/{name}" for name in PARTS.values()))
    assert result.stdout == f"{SESSION}/team-session.json: can be executed, 1 blocks; no findings\n"


def test_a_finding_names_the_part_that_its_line_is_in(folder: Path) -> None:
    analysis = folder / "task-analysis.json"
    analysis.write_text(analysis.read_text().replace('"depends_on": []', '"depends_on": ["LATE-001"]'))
    result = run(SESSION, "--format", "github")
    assert result.exit_code == 1
    line = 1 + next(number for number, text in enumerate(analysis.read_text().splitlines()) if "LATE-001" in text)
    assert f"::error file={SESSION}/task-analysis.json,line={line}," in result.stdout
    assert f"{SESSION}/task-analysis.json:{line}: error " in run(SESSION).stdout


@pytest.mark.parametrize("part", ["task-analysis.json", "role-specs/writer.md"])
def test_a_session_without_one_of_its_parts_is_refused(folder: Path, part: str) -> None:
    (folder / part).unlink()
    assert run(SESSION).exit_code == 1
    assert report(SESSION)["executable"] is False


def test_linked_parts_are_not_followed_and_pipes_are_not_waited_for(folder: Path, tmp_path: Path) -> None:
    analysis = folder / "task-analysis.json"
    analysis.rename(tmp_path / "elsewhere.json")
    analysis.symlink_to(tmp_path / "elsewhere.json")
    (folder / "role-specs/writer.md").unlink()
    os.mkfifo(folder / "role-specs/writer.md")
    assert run(SESSION).exit_code == 1
    session = folder / "team-session.json"
    session.rename(tmp_path / "session.json")
    session.symlink_to(tmp_path / "session.json")
    assert [finding["code"] for finding in report(str(session))["findings"]] == ["SW107"]


def test_a_part_without_a_session_is_no_plan(folder: Path) -> None:
    (folder / "team-session.json").unlink()
    result = run(f"{SESSION}/task-analysis.json")
    assert (result.exit_code, result.stdout) == (2, "")
