"""`stepwise init`: what it writes, what it leaves alone, and that the templates are what the dialects read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.cli.scaffold import BY_DIALECT, scaffold_files
from bot.plans.dialects import dialect_of
from bot.plans.model import Dialect
from bot.runs.policy import Policy, read_policy
from tests.cli.filled_template import filled

COMMON = {".github/stepwise.yml", ".github/workflows/stepwise-gates.yml", ".github/workflows/stepwise-worker.yml"}
PLANS = {
    "exec-plan": {"docs/exec-plans/active/_template.md": "docs/exec-plans/active/totals.md"},
    "memory-bank": {"memory-bank/plan/_template.md": "memory-bank/plan/2026-01-31_totals.md"},
    "spec-plan": {"specs/_template/PLAN.template.md": "specs/totals/PLAN.md"},
    "team-session": {
        f".workflow/.team/_template/{template}": f".workflow/.team/TC-totals-2026-01-31/{name}"
        for template, name in (
            ("team-session.template.json", "team-session.json"),
            ("task-analysis.template.json", "task-analysis.json"),
            ("role-specs/role.template.md", "role-specs/writer.md"),
        )
    },
}


def init(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["init", str(folder), *arguments])


def lint(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["lint", *map(str, arguments)])


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def copied(folder: Path, dialect: str, *, is_filled_in: bool) -> Path:
    """Each template of a dialect copied to the name of a plan; the first of them."""
    for template, plan in PLANS[dialect].items():
        text = (folder / template).read_text("utf-8")
        (folder / plan).parent.mkdir(parents=True, exist_ok=True)
        (folder / plan).write_text(filled(dialect, text) if is_filled_in else text, "utf-8")
    return folder / next(iter(PLANS[dialect].values()))


def test_without_a_choice_everything_is_written_even_outside_of_a_repository(tmp_path: Path) -> None:
    result = init(tmp_path)
    assert result.exit_code == 0
    assert written(tmp_path) == set(scaffold_files(Dialect))
    assert written(tmp_path) > COMMON
    assert all(f"wrote {path}\n" in result.stdout for path in written(tmp_path))
    assert all((tmp_path / path).read_bytes() for path in written(tmp_path))


@pytest.mark.parametrize("dialect", Dialect)
def test_only_the_templates_of_the_chosen_dialects_are_written(tmp_path: Path, dialect: Dialect) -> None:
    assert init(tmp_path, "--dialect", dialect.value).exit_code == 0
    assert written(tmp_path) - COMMON == {place for _, place in BY_DIALECT[dialect]}


def test_what_is_there_is_left_alone_byte_for_byte(tmp_path: Path) -> None:
    policy = tmp_path / ".github/stepwise.yml"
    policy.parent.mkdir()
    policy.write_bytes(b"record: end\r\n")
    result = init(tmp_path, "--dialect", "exec-plan")
    assert result.exit_code == 0
    assert "left alone .github/stepwise.yml: it is there already\n" in result.stdout
    assert policy.read_bytes() == b"record: end\r\n"
    assert (tmp_path / "docs/exec-plans/active/index.md").exists()


def test_a_second_time_writes_nothing(tmp_path: Path) -> None:
    init(tmp_path)
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in written(tmp_path)}
    result = init(tmp_path)
    assert result.exit_code == 0
    assert result.stdout.count("left alone ") == len(before) == len(result.stdout.splitlines())
    assert {path: (tmp_path / path).stat().st_mtime_ns for path in written(tmp_path)} == before


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/stepwise.yml").touch()
    result = init(tmp_path, "--dry-run", "--dialect", "spec-plan", "--dialect", "memory-bank")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "left alone .github/stepwise.yml: it is there already",
        "would write .github/workflows/stepwise-gates.yml",
        "would write .github/workflows/stepwise-worker.yml",
        "would write specs/_template/PLAN.template.md",
        "would write specs/INDEX.md",
        "would write memory-bank/plan/_template.md",
    ]
    assert written(tmp_path) == {".github/stepwise.yml"}


@pytest.mark.parametrize("linked", ["docs", "docs/exec-plans/active", ".github", ".github/workflows"])
def test_a_linked_folder_that_leads_out_is_refused_before_anything_is_written(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, linked: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (tmp_path / linked).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / linked).symlink_to(elsewhere, target_is_directory=True)
    result = init(tmp_path)
    assert result.exit_code == 2
    assert "its folder is a link that leads out of" in result.stderr
    assert written(elsewhere) == set()
    assert written(tmp_path) <= {linked}


def test_a_linked_folder_within_is_followed_and_a_dangling_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "docs").symlink_to("documents", target_is_directory=True)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/stepwise.yml").symlink_to("../nowhere.yml")
    assert init(tmp_path, "--dialect", "exec-plan").exit_code == 0
    assert (tmp_path / "documents/exec-plans/active/_template.md").exists()
    assert not (tmp_path / "nowhere.yml").exists()


def test_a_link_that_leads_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to("docs")
    result = init(tmp_path)
    assert result.exit_code == 2
    assert "its folder cannot be followed" in result.stderr


def test_a_file_where_a_folder_has_to_be_fails_that_file_and_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "memory-bank").write_text("notes\n")
    result = init(tmp_path)
    assert result.exit_code == 1
    assert result.stderr == "not written memory-bank/plan/_template.md: memory-bank is not a folder\n"
    assert (tmp_path / "specs/INDEX.md").exists()


@pytest.mark.parametrize(("arguments", "said"), [(["--dialect", "poem"], "poem"), (["too", "many"], "unexpected")])
def test_wrong_usage_exits_with_two(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = init(tmp_path, *arguments)
    assert (result.exit_code, written(tmp_path)) == (2, set())
    assert said in result.stderr


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    result = init(tmp_path / "shop")
    assert (result.exit_code, result.stderr) == (2, f"stepwise init: {tmp_path / 'shop'}: no such folder\n")
    assert not (tmp_path / "shop").exists()


def test_the_policy_holds_the_defaults_and_shows_every_section(tmp_path: Path) -> None:
    init(tmp_path)
    content = (tmp_path / ".github/stepwise.yml").read_bytes()
    assert read_policy(content) == Policy()
    assert list(yaml.safe_load(content)) == list(Policy.model_fields)


def test_what_the_policy_shows_as_a_comment_is_valid_too(tmp_path: Path) -> None:
    init(tmp_path)
    text = (tmp_path / ".github/stepwise.yml").read_text()
    policy = read_policy(re.sub(r"^  # (?=workflow:)", "  ", text, flags=re.MULTILINE).encode())
    assert isinstance(policy, Policy)
    assert policy.validation.workflow == "stepwise-gates.yml"


def test_no_template_is_taken_for_a_plan(tmp_path: Path) -> None:
    init(tmp_path)
    assert [dialect_of(path) for path in written(tmp_path)] == [None] * len(written(tmp_path))
    result = lint(tmp_path)
    assert result.exit_code == 0
    assert "error" not in result.stdout and "warning" not in result.stdout
    assert result.stdout.count(": index, 0 entries") == 2


@pytest.mark.parametrize("dialect", Dialect)
def test_a_template_that_is_filled_in_has_nothing_wrong_with_it(tmp_path: Path, dialect: Dialect) -> None:
    init(tmp_path, "--dialect", dialect.value)
    result = lint(copied(tmp_path, dialect.value, is_filled_in=True))
    assert result.exit_code == 0, result.stdout
    assert result.stdout.endswith(": can be executed, 1 blocks; no findings\n"), result.stdout


@pytest.mark.parametrize("dialect", Dialect)
def test_a_template_that_is_only_copied_is_refused(tmp_path: Path, dialect: Dialect) -> None:
    init(tmp_path, "--dialect", dialect.value)
    result = lint(copied(tmp_path, dialect.value, is_filled_in=False))
    assert result.exit_code == 1
    assert ": cannot be executed" in result.stdout


@pytest.mark.parametrize("name", ["gates", "worker"])
def test_actions_of_others_are_pinned_by_commit_with_their_version_beside_it(name: str) -> None:
    text = scaffold_files(())[f".github/workflows/stepwise-{name}.yml"].decode()
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in uses)


@pytest.mark.parametrize("name", ["gates", "worker"])
def test_inputs_reach_a_script_through_its_environment_alone(name: str) -> None:
    workflow = yaml.safe_load(scaffold_files(())[f".github/workflows/stepwise-{name}.yml"])
    scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)
