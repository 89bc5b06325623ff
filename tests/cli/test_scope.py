"""`stepwise scope`: the local branch is held to the plan before it is pushed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli.scope import scope
from tests.plans.plan_text import PATH, plan_text

app = typer.Typer()
app.command()(scope)


class Repository:
    """A clone with a plan on its branch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")
        self.write("README.md", "read me, all of you, every day\n")
        self.write("src/old.py", "x = 1\n" * 20)
        self.commit("start")
        self.git("checkout", "-q", "-b", "feature/greeting")
        self.write(PATH, plan_text())
        self.commit("plan")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, path: str, text: str = "x\n") -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def commit(self, message: str = "work") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def violations(*arguments: str) -> list[tuple[str, str, str, bool]]:
    report: dict[str, Any] = json.loads(run("--format", "json", *arguments).stdout)
    return [(item["path"], item["status"], item["reason"], item["committed"]) for item in report["violations"]]


def test_changes_inside_the_scope_are_clean_and_the_plan_is_exempt(repository: Repository) -> None:
    repository.write("src/hello.py")
    repository.commit()
    result = run()
    assert result.exit_code == 0
    assert "2 changed since main" in result.stdout and "every change is in scope" in result.stdout


def test_a_file_outside_the_scope_is_listed_with_the_rule(repository: Repository) -> None:
    repository.write("docs/a.md")
    repository.write("infra/main.tf")
    repository.commit()
    result = run()
    assert result.exit_code == 1
    assert "  docs/a.md  (added; not in Include)\n" in result.stdout
    assert "  infra/main.tf  (added; excluded by infra/...)\n" in result.stdout


def test_both_names_of_a_rename_are_judged(repository: Repository) -> None:
    (repository.folder / "lib").mkdir()
    repository.git("mv", "src/old.py", "lib/old.py")
    repository.git("mv", "README.md", "src/README.md")
    repository.commit()
    assert violations() == [("lib/old.py", "renamed", "outside", True), ("README.md", "renamed", "outside", True)]


def test_deletions_modes_and_links_are_changes_too(repository: Repository) -> None:
    repository.git("rm", "-q", "README.md")
    (repository.folder / "link").symlink_to("src")
    repository.commit()
    assert violations() == [("README.md", "deleted", "outside", True), ("link", "added", "outside", True)]


def test_what_is_not_committed_is_shown_apart_and_may_be_left_out(repository: Repository) -> None:
    repository.write("README.md", "changed\n")
    repository.write("notes.txt")
    assert violations() == [
        ("README.md", "modified", "outside", False),
        ("notes.txt", "untracked", "outside", False),
    ]
    assert "out of scope, not committed yet:" in run().stdout
    assert run("--committed").exit_code == 0


def test_commits_of_the_base_since_the_fork_are_not_the_branchs_own(repository: Repository) -> None:
    repository.git("checkout", "-q", "main")
    repository.write("other.txt")
    repository.commit("elsewhere")
    repository.git("checkout", "-q", "feature/greeting")
    assert violations() == []
    repository.git("merge", "-q", "--no-edit", "main")
    assert violations() == []


def test_the_base_can_be_named(repository: Repository) -> None:
    repository.write("docs/a.md")
    repository.commit()
    assert violations("--base", "HEAD~1") == [("docs/a.md", "added", "outside", True)]
    assert violations("--base", "HEAD") == []


def test_an_exception_can_be_named(repository: Repository) -> None:
    repository.write("infra/main.tf")
    repository.commit()
    assert run("--allow", "infra/main.tf").exit_code == 0


def test_odd_file_names_are_judged_and_printed_harmlessly(repository: Repository) -> None:
    repository.write("src/é \x1b[31m.py")
    repository.write('docs/"quoted" ü.md')
    repository.commit()
    assert violations() == [
        ('docs/"quoted" ü.md', "added", "outside", True),
        ("src/é \x1b[31m.py", "added", "unsafe", True),
    ]
    assert "\x1b" not in run().stdout


def test_it_works_from_a_folder_below(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("docs/a.md")
    repository.commit()
    monkeypatch.chdir(repository.folder / "src")
    assert violations() == [("docs/a.md", "added", "outside", True)]
    assert violations("--plan", f"../{PATH}") == [("docs/a.md", "added", "outside", True)]


def test_another_branch_than_the_plans_is_said(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "elsewhere")
    result = run()
    assert result.exit_code == 0
    assert "warning: the plan is for branch feature/greeting" in result.stdout


def test_of_several_plans_the_one_for_this_branch_is_taken(repository: Repository) -> None:
    repository.write(PATH.replace("greeting", "other"), plan_text().replace("feature/greeting", "feature/other"))
    assert json.loads(run("--format", "json").stdout)["plan"] == PATH


def test_several_plans_for_this_branch_are_listed(repository: Repository) -> None:
    repository.write(PATH.replace("greeting", "other"), plan_text())
    result = run()
    assert result.exit_code == 2
    assert PATH in result.stderr and PATH.replace("greeting", "other") in result.stderr
    assert run("--plan", PATH).exit_code == 1, "the other plan is a file out of scope"


def test_wrong_usage_exits_with_two(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no branch nowhere" in run("--base", "nowhere").stderr
    assert run("--base", "--output=x").exit_code == 2
    assert "outside of the repository" in run("--plan", "/etc/hostname").stderr
    assert run("--plan", "docs/none.md").exit_code == 2
    (repository.folder / PATH).write_text(plan_text(include="- `!x`\n"), "utf-8")
    assert "SW402" in run().stderr
    (repository.folder / PATH).unlink()
    result = run()
    assert result.exit_code == 2 and "there is no plan" in result.stderr


def test_outside_of_a_repository_git_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    result = run()
    assert result.exit_code == 2
    assert "not a git repository" in result.stderr
