"""`stepwise lint` as people, programs and workflows call it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli.lint import lint
from tests.plans.plan_text import PATH, plan_text

app = typer.Typer()
app.command()(lint)

FOLDER = "docs/exec-plans/active"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / PATH).write_text(plan_text(), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def reports(*arguments: str) -> list[dict[str, Any]]:
    answer = json.loads(run(*arguments, "--format", "json").stdout)
    assert isinstance(answer, list)
    return answer


def test_a_plan_without_errors_exits_with_zero(repository: Path) -> None:
    result = run(PATH)
    assert result.exit_code == 0
    assert result.stdout == f"{PATH}: can be executed, 2 blocks; no findings\n"


def test_a_plan_with_errors_exits_with_one_and_names_line_code_and_remedy(repository: Path) -> None:
    (repository / PATH).write_text(plan_text(branch=""), "utf-8")
    result = run(PATH)
    assert result.exit_code == 1
    line = plan_text(branch="").splitlines().index("## 7. Branch Continuity (Mandatory)") + 1
    assert f"{PATH}:{line}: error SW204 The plan does not name its execution branch.\n" in result.stdout
    assert "    Write the branch behind **Execution Branch:** in backticks.\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.md"], "nothing.md: no such file or folder"),
        ([PATH, "--dialect", "poem"], 'unknown dialect "poem"; there are: exec-plan, '),
        (["notes.md"], "notes.md is not where a plan is kept"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_exits_with_two_and_says_why(repository: Path, arguments: list[str], said: str) -> None:
    (repository / "notes.md").write_text("# Notes\n")
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_dialect_reads_a_file_from_anywhere(repository: Path) -> None:
    (repository / "notes.md").write_text(plan_text(), "utf-8")
    assert [report["executable"] for report in reports("notes.md", "--dialect", "exec-plan")] == [True]


def test_paths_work_from_a_folder_below_and_absolute(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "docs")
    for given in ("exec-plans/active/greeting.md", str(repository / PATH), "../" + PATH):
        assert [(report["path"], report["dialect"]) for report in reports(given)] == [(PATH, "exec-plan")]


def test_a_plan_below_a_prefix_is_known_without_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "some/dir" / FOLDER
    folder.mkdir(parents=True)
    (folder / "x.md").write_text(plan_text(), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert [(report["path"], report["executable"]) for report in reports(f"some/dir/{FOLDER}/x.md")] == [
        (f"{FOLDER}/x.md", True)
    ]


def test_a_folder_is_walked_for_plans_and_indexes(repository: Path) -> None:
    (repository / FOLDER / "index.md").write_text("# Active\n\n- [Greeting](greeting.md)\n")
    (repository / FOLDER / "_template.md").write_text("# Template\n")
    (repository / "README.md").write_text("# Read me\n")
    found = reports(".")
    assert [(report["path"], report["dialect"]) for report in found] == [
        (PATH, "exec-plan"),
        (f"{FOLDER}/index.md", "index"),
    ]
    assert found[1]["entries"] == [PATH]
    assert [finding["code"] for finding in found[1]["findings"]] == ["SW604"]


def test_a_folder_without_plans_is_wrong_usage_unless_that_is_accepted(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no plan in this folder (--allow-empty accepts that)" in result.stderr
    result = run(str(tmp_path), "--allow-empty")
    assert (result.exit_code, result.stdout) == (0, "no plans found\n")
    assert reports(str(tmp_path), "--allow-empty") == []


def test_one_wrong_path_among_good_ones_is_wrong_usage(repository: Path) -> None:
    result = run(PATH, "docs/exec-plans/active/forgotten.md")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "forgotten.md: no such file or folder" in result.stderr


def test_a_dialect_reads_the_files_of_a_folder_that_is_no_place_of_plans(repository: Path) -> None:
    notes = repository / "notes"
    notes.mkdir()
    for name in ("greeting.md", "_template.md", "index.md", "README.md", "words.txt"):
        (notes / name).write_text(plan_text(), "utf-8")
    found = reports("notes", "--dialect", "exec-plan")
    assert [(report["path"], report["executable"]) for report in found] == [("notes/greeting.md", True)]
    assert run("notes").exit_code == 2


def test_a_file_named_twice_is_linted_once(repository: Path) -> None:
    assert len(reports(PATH, f"docs/../{PATH}", "docs")) == 1


def test_linked_folders_are_not_walked_into(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / FOLDER
    elsewhere.mkdir(parents=True)
    (elsewhere / "other.md").write_text(plan_text(), "utf-8")
    (repository / "linked").symlink_to(elsewhere.parents[2], target_is_directory=True)
    (repository / "docs/loop").symlink_to(repository, target_is_directory=True)
    assert [report["path"] for report in reports(".")] == [PATH]


def test_pipes_sockets_and_devices_are_never_waited_for(repository: Path) -> None:
    os.mkfifo(repository / FOLDER / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listener:
        # The address of such a socket is short: the folder is made the current one.
        os.chdir(repository / FOLDER)
        listener.bind("socket.md")
        os.chdir(repository)
        found = reports(".")
    messages = {report["path"]: [finding["message"] for finding in report["findings"]] for report in found}
    assert messages == {
        PATH: [],
        f"{FOLDER}/pipe.md": [f"{FOLDER}/pipe.md cannot be read: it is not a plain file."],
        f"{FOLDER}/socket.md": [f"{FOLDER}/socket.md cannot be read: it is not a plain file."],
    }
    result = run(f"{FOLDER}/pipe.md")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "neither a file nor a folder" in result.stderr
    assert run("/dev/null", "--dialect", "exec-plan").exit_code == 2


def test_an_exclusion_in_prose_is_an_error_and_prose_under_include_a_warning(repository: Path) -> None:
    text = plan_text(include="- `src/`\n- the tests\n", exclude="- `infra/`\n- everything else\n- none\n")
    (repository / PATH).write_text(text, "utf-8")
    found = [(finding["code"], finding["severity"]) for finding in reports(PATH)[0]["findings"]]
    assert found == [("SW405", "warning"), ("SW408", "error")]
    assert run(PATH).exit_code == 1


def test_a_symbolic_link_is_refused(repository: Path) -> None:
    (repository / FOLDER / "link.md").symlink_to(repository / PATH)
    found = reports(f"{FOLDER}/link.md")
    assert [finding["code"] for finding in found[0]["findings"]] == ["SW107"]


def test_an_oversized_plan_is_refused_without_being_read(repository: Path) -> None:
    (repository / PATH).write_bytes(b"x" * (2 << 20))
    found = reports(PATH)
    assert found[0]["findings"][0]["message"] == "The plan has 2097152 bytes; at most 1048576 are read."


def test_annotations_are_escaped_as_workflow_commands(repository: Path) -> None:
    odd = f"{FOLDER}/a,b:c%.md"
    (repository / odd).write_text(plan_text(include="- 100% of it\n- ::error::pwned\n- `src/`\n"), "utf-8")
    result = run(odd, "--format", "github")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert all(line.startswith("::warning file=docs/exec-plans/active/a%2Cb%3Ac%25.md,line=") for line in lines)
    assert "100%25 of it" in lines[0]
    assert len(lines) == 2


@pytest.mark.parametrize("output", ["text", "json", "github"])
def test_control_characters_of_a_plan_never_reach_the_terminal(repository: Path, output: str) -> None:
    evil = "\x1b[31m\x9b2J\u202e\x07"
    text = plan_text(title=f"T{evil}", include=f"- prose {evil}\n- `src/{evil}`\n", header=f"**Status:** {evil}\n")
    (repository / PATH).write_text(text, "utf-8")
    result = run(PATH, "--format", output)
    assert not set(evil) - set("[31m2J") & set(result.stdout)
    if output == "json":
        assert json.loads(result.stdout)[0]["title"] == f"T{evil}"


def test_words_of_any_alphabet_stay_readable(repository: Path) -> None:
    (repository / PATH).write_text(plan_text(title="목표 😀"), "utf-8")
    assert "목표 😀" in run(PATH, "--format", "json").stdout
