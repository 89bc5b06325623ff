"""The gates workflow that `stepwise init` writes, run for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.worker_stage import PUSH_TOKEN, REQUEST_TOKEN, SPY
from tests.cli.workflow_run import Runner, WorkflowRun, git, load

FILE = Path(__file__).parents[2] / "bot/templates/workflows/stepwise-gates.yml"
WORKFLOW = load(FILE)
STEPS = WORKFLOW["jobs"]["gates"]["steps"]
SCRIPT = STEPS[-1]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "a.txt").write_text("a\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "a")
    return folder


def run(work: Path, commands: object, *, sha: str | None = None) -> tuple[bool, Runner]:
    temp = work.parent / "temp"
    temp.mkdir()
    written = commands if isinstance(commands, str) else json.dumps(commands)
    context = {"inputs.sha": sha or git(work, "rev-parse", "HEAD"), "inputs.commands": written}
    runner = Runner(work, temp, context, {})
    return runner.job(STEPS), runner


def test_it_takes_the_inputs_that_are_sent_and_says_which_dispatch_it_is() -> None:
    inputs = WORKFLOW[True]["workflow_dispatch"]["inputs"]
    assert set(inputs) == {"dispatch_id", "sha", "pull", "commands"}
    assert WORKFLOW["run-name"].startswith("${{ inputs.dispatch_id }} ")


def test_exactly_the_named_commit_is_checked_out_without_credentials() -> None:
    assert STEPS[0]["with"] == {"ref": "${{ inputs.sha }}", "persist-credentials": False}


def test_commands_that_pass_are_all_recorded(work: Path) -> None:
    passed, runner = run(work, ["test -f a.txt", "echo one; echo two"])
    assert passed
    assert runner.summary.count(": passed in ") == 2
    assert "**2 of 2 commands passed.**" in runner.summary
    assert git(work, "rev-parse", "HEAD") in runner.summary


def test_a_failing_command_fails_the_run_after_all_others_ran(work: Path) -> None:
    passed, runner = run(work, ["false", "touch later.txt", "exit 7"])
    assert not passed
    assert (work / "later.txt").exists()
    assert "1 of 3: failed with exit code 1 in" in runner.summary
    assert "2 of 3: passed in" in runner.summary
    assert "3 of 3: failed with exit code 7 in" in runner.summary
    assert "**1 of 3 commands passed.**" in runner.summary
    assert "::error::Command 3 of 3 failed with exit code 7." in runner.output


def test_a_command_stops_at_its_first_failure_and_in_pipes(work: Path) -> None:
    passed, runner = run(work, ["false | cat\ntouch never.txt", "grep -q nothing a.txt\ntouch never.txt"])
    assert not passed
    assert not (work / "never.txt").exists()
    assert "**0 of 2 commands passed.**" in runner.summary


def test_what_a_command_is_made_of_is_not_taken_for_markup_or_instructions(work: Path) -> None:
    evil = "echo '</pre><script>`x`|' \"$(printf '::error::%s' made-up)\" # ${{ secrets.X }}"
    passed, runner = run(work, [evil])
    assert passed
    assert "<script>" not in runner.summary
    assert "&lt;script&gt;" in runner.summary
    lines = runner.output.splitlines()
    pause = next(line.removeprefix("::stop-commands::") for line in lines if line.startswith("::stop-commands::"))
    assert lines.index(f"::stop-commands::{pause}") < next(n for n, line in enumerate(lines) if "made-up" in line)
    assert lines.index(f"::{pause}::") > max(n for n, line in enumerate(lines) if "made-up" in line)


def test_a_command_is_not_handed_the_files_of_the_run_nor_the_other_commands(work: Path) -> None:
    """A command that looks for those files still finds them: see what remains in docs/security.md."""
    names = ("GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "COMMANDS")
    passed, runner = run(work, ["echo " + " ".join(f"${{{name}:-no}}" for name in names) + "; cat"])
    assert passed
    assert " ".join(["no"] * len(names)) in runner.output


def test_commands_that_look_at_every_process_of_the_job_find_no_token(tmp_path: Path, work: Path) -> None:
    (tmp_path / "spy.py").write_text(SPY)
    context = {
        "inputs.sha": git(work, "rev-parse", "HEAD"),
        "inputs.commands": json.dumps([f"python3 {tmp_path}/spy.py {tmp_path}/loot"]),
        "github.token": PUSH_TOKEN,
    }
    identity = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN}

    def check_out(folder: Path, given: dict[str, str]) -> None:
        git(folder, "clone", "--quiet", str(work), ".")
        git(folder, "checkout", "--quiet", given["ref"])

    job = WorkflowRun(WORKFLOW, tmp_path / "machines", context, {}, identity, check_out)
    assert job.run(), job.output
    loot = (tmp_path / "loot").read_text(errors="replace")
    assert "COMMANDS=" in loot, "the step that runs the commands was not seen"
    assert PUSH_TOKEN not in loot and REQUEST_TOKEN not in loot


@pytest.mark.parametrize(
    "commands", ["", "[]", "{}", '"make"', "[1]", '["  "]', '["make", null]', "not json", '["a"] ["b"]']
)
def test_commands_that_are_no_list_of_texts_run_nothing(work: Path, commands: str) -> None:
    passed, runner = run(work, commands)
    assert not passed
    assert "::error::The commands are not a JSON list of texts" in runner.output


def test_another_commit_than_the_named_one_is_not_judged(work: Path) -> None:
    passed, runner = run(work, ["touch ran.txt"], sha="0" * 40)
    assert not passed
    assert not (work / "ran.txt").exists()
    assert "which is not the commit that was named" in runner.output
