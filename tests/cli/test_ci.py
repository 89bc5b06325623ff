"""What other repositories take from this one: the pre-commit hook and the GitHub Action."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli.main import COMMANDS
from bot.cli.scaffold import scaffold_files
from bot.plans.dialects import dialect_of, is_index
from bot.plans.model import Dialect
from tests.cli.workflow_run import Runner, load
from tests.plans.plan_text import PATH, plan_text

ROOT = Path(__file__).parents[2]
ACTION = load(ROOT / "action.yml")
HOOK: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]


def test_the_hook_runs_a_command_that_there_is_on_files_and_links() -> None:
    assert HOOK["id"] == "stepwise-lint"
    program, command = HOOK["entry"].split()
    assert program == "stepwise" and command in COMMANDS
    # Only plain files are handed over by default, and a plan that is a link has to be refused.
    assert (HOOK["types"], HOOK["types_or"]) == ([], ["file", "symlink"])
    assert HOOK["language"] == "python"


@pytest.mark.parametrize("prefix", ["", "services/shop/"])
@pytest.mark.parametrize(
    "path",
    [
        "docs/exec-plans/active/totals.md", "docs/exec-plans/active/index.md", "docs/exec-plans/active/_template.md",
        "docs/exec-plans/active/deep/er.md", "docs/exec-plans/active/totals.txt", "docs/exec-plans/completed/index.md",
        "docs/exec-plans/completed/old.md", "memory-bank/plan/totals.md", "memory-bank/plan/_template.md",
        "memory-bank/plan/README.md", "memory-bank/plan/index.md", "memory-bank/execute/totals.md", "specs/PLAN.md",
        "specs/totals/PLAN.md", "specs/a/b/PLAN.md", "specs/_template/PLAN.template.md", "specs/totals/SPEC.md",
        "specs/INDEX.md", "README.md", "src/team_session.py", "mydocs/exec-plans/active/x.md",
    ],
)  # fmt: skip
def test_the_hook_takes_the_files_that_lint_knows_and_no_others(prefix: str, path: str) -> None:
    # Pre-commit searches with Python's own regular expressions, from the root of the repository.
    is_taken = re.search(HOOK["files"], prefix + path) is not None
    assert is_taken is (dialect_of(prefix + path, anywhere=True) is not None or is_index(prefix + path, anywhere=True))


@pytest.mark.parametrize("part", ["team-session.json", "task-analysis.json", "role-specs/writer.md"])
def test_the_hook_takes_every_part_of_a_session(part: str) -> None:
    assert re.search(HOOK["files"], f".workflow/.team/TC-x-2026-01-31/{part}")
    assert re.search(HOOK["files"], f"session/{part}")


@pytest.mark.parametrize(
    "path", [*scaffold_files([Dialect.TEAM_SESSION]), "src/my-team-session.json", "role-specs/deep/er.md"]
)
def test_the_hook_takes_no_template_of_a_session(path: str) -> None:
    assert not re.search(HOOK["files"], path)


def test_the_action_is_composite_pins_what_it_uses_and_names_what_there_is() -> None:
    assert ACTION["runs"]["using"] == "composite"
    uses = re.findall(r"uses: (.*)", (ROOT / "action.yml").read_text())
    assert uses
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in uses)
    steps = [step for step in ACTION["runs"]["steps"] if "run" in step]
    assert all(step["shell"] == "bash" and "${{" not in step["run"] for step in steps)
    for expression in re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", (ROOT / "action.yml").read_text()):
        assert expression in ACTION["inputs"]


def test_the_action_installs_this_checkout_with_its_locked_libraries(tmp_path: Path) -> None:
    """The commands are only written down here: what they would install comes from elsewhere."""
    step = next(step for step in ACTION["runs"]["steps"] if step["name"] == "Install Stepwise")
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/bash\necho "$@" >>"$RUNNER_TEMP/asked"\n'
        'if [[ "$2" == venv ]]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    context = {"steps.python.outputs.python-path": str(python), "github.action_path": str(ROOT)}
    runner = Runner(tmp_path, tmp_path, context, {})
    assert runner.step(step) == 0, runner.output
    venv, libraries, project = (tmp_path / "asked").read_text().splitlines()
    assert venv == f"-m venv {tmp_path}/stepwise"
    assert "--no-deps --require-hashes --requirement" in libraries
    lock = Path(libraries.split()[-1])
    assert lock == ROOT / "requirements.lock" and lock.exists()
    assert "--no-deps --no-build-isolation" in project
    assert Path(project.split()[-1]) == ROOT and (ROOT / "pyproject.toml").exists()
    assert "hatchling==" in lock.read_text(), "without build isolation the lock has to hold what builds"


def linted(tmp_path: Path, **inputs: str) -> tuple[int, str]:
    """The action's own step, with this environment's program in the place where the action puts it."""
    program = tmp_path / "temp/stepwise/bin/stepwise"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\ncd "$PWD" && PYTHONPATH="{ROOT}" exec {sys.executable} -m bot.cli "$@"\n')
    program.chmod(0o755)
    defaults = {name: declared["default"] for name, declared in ACTION["inputs"].items()}
    context = {f"inputs.{name.replace('_', '-')}": value for name, value in {**defaults, **inputs}.items()}
    runner = Runner(tmp_path / "work", tmp_path / "temp", context, {})
    return runner.step(ACTION["runs"]["steps"][-1]), runner.output


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    plan = tmp_path / "work" / PATH
    plan.parent.mkdir(parents=True)
    (tmp_path / "work/.git").mkdir()
    plan.write_text(plan_text(), "utf-8")
    return plan


def test_the_action_passes_without_errors(tmp_path: Path, plan: Path) -> None:
    assert linted(tmp_path) == (0, "")


def test_the_action_fails_for_a_path_that_is_not_there(tmp_path: Path, plan: Path) -> None:
    code, output = linted(tmp_path, paths="docs\n\nspaced out\n")
    assert code == 2 and "spaced out: no such file or folder" in output


def test_the_action_annotates_errors(tmp_path: Path, plan: Path) -> None:
    plan.write_text(plan_text(branch=""), "utf-8")
    code, output = linted(tmp_path)
    assert code == 1
    assert f"::error file={PATH},line=" in output and "title=SW204::" in output


def test_the_action_can_demand_that_there_are_plans(tmp_path: Path, plan: Path) -> None:
    plan.unlink()
    assert linted(tmp_path, allow_empty="false")[0] == 2


def test_the_action_reads_a_folder_in_a_dialect(tmp_path: Path, plan: Path) -> None:
    (tmp_path / "work/notes").mkdir()
    plan.rename(tmp_path / "work/notes/$(touch pwned).md")
    assert linted(tmp_path, paths="notes", dialect="exec-plan", allow_empty="false") == (0, "")
    assert not (tmp_path / "work/pwned").exists()
