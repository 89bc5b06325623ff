"""The agent's job of the worker workflow, taken over: whatever runs in it finds no token that can write or report.

Each attack is tried by real processes. A job's processes belong to one user, so each of them can read the environment
of all others, change the files that the runner reads after a step, and go on running when its step is over.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.worker_stage import BRANCH, PUSH_TOKEN, REQUEST_TOKEN, SPY, Stage
from tests.cli.workflow_run import git

REAL_SETTINGS = "tr '\\0' '\\n' </proc/$PPID/environ | sed -n 's/^GITHUB_{}=//p'"
"""The file behind GITHUB_ENV or GITHUB_PATH, also where the agent's own environment does not name it."""


@pytest.fixture
def spy(stage: Stage) -> str:
    """A command that puts what it sees into the file `loot`."""
    (stage.folder / "spy.py").write_text(SPY)
    return f"python3 {stage.folder}/spy.py {stage.folder}/loot"


def loot(stage: Stage) -> str:
    return (stage.folder / "loot").read_text(errors="replace")


def holds_no_token(text: str) -> bool:
    return not any(secret in text for secret in (PUSH_TOKEN, REQUEST_TOKEN, "oidc-"))


def test_the_environment_of_its_parents_tells_the_agent_no_token(stage: Stage, spy: str) -> None:
    assert stage.work(f"{spy}; echo b >b.txt"), stage.output
    assert "AGENT_COMMAND=" in loot(stage), "the step that runs the agent was not seen"
    assert holds_no_token(loot(stage))


def test_a_process_that_the_agent_leaves_behind_sees_no_token(stage: Stage, spy: str) -> None:
    left = f"setsid {spy} --stay >/dev/null 2>&1 & until [[ -s {stage.folder}/loot ]]; do :; done"
    assert stage.work(f"{left}; echo b >b.txt"), stage.output
    assert holds_no_token(loot(stage))
    assert stage.report()["status"] == "done"


def test_a_filter_that_git_add_runs_sees_no_token(stage: Stage, spy: str) -> None:
    agent = f"git config filter.x.clean '{spy}; cat'; echo '* filter=x' >.git/info/attributes; echo b >b.txt"
    assert stage.work(agent), stage.output
    assert "START=" in loot(stage), "the filter did not run in the step that commits"
    assert holds_no_token(loot(stage))


def test_settings_for_the_steps_behind_the_agent_tell_it_no_token(stage: Stage, spy: str) -> None:
    (stage.folder / "evil.sh").write_text(f"env >>{stage.folder}/loot\n{spy}\n")
    settings = REAL_SETTINGS.format("ENV")
    assert stage.work(f'echo BASH_ENV={stage.folder}/evil.sh >>"$({settings})"; echo b >b.txt'), stage.output
    assert "START=" in loot(stage), "BASH_ENV did not reach the steps behind the agent"
    assert holds_no_token(loot(stage))
    push = stage.run.runners["push"]
    assert push.tracking_id not in loot(stage), "it reached the job that pushes"


def test_programs_that_the_agent_puts_first_in_the_path_are_not_handed_a_token(stage: Stage, spy: str) -> None:
    fake = stage.folder / "fake"
    fake.mkdir()
    for name in ("curl", "git", "jq", "sed"):
        (fake / name).write_text(
            f'#!/bin/bash\n{{ env; printf "%s\\n" "$@"; }} >>{stage.folder}/loot\n{spy}\n'
            f'PATH="${{PATH#*:}}" exec {name} "$@"\n'
        )
        (fake / name).chmod(0o755)
    succeeded = stage.work(f'echo {fake} >>"$({REAL_SETTINGS.format("PATH")})"; echo b >b.txt')
    assert "START=" in loot(stage), "the programs did not run behind the agent"
    assert holds_no_token(loot(stage))
    assert succeeded, stage.output


@pytest.mark.parametrize("where", ["", "--global"])
def test_git_settings_of_the_agent_do_not_lead_the_push_elsewhere(stage: Stage, where: str) -> None:
    elsewhere = stage.folder / "elsewhere.git"
    git(stage.folder, "clone", "--quiet", "--bare", str(stage.remote), str(elsewhere))
    agent = f"git config {where} url.{elsewhere}.insteadOf file://{stage.remote}"
    assert stage.work(f"{agent}; echo b >b.txt"), stage.output
    assert stage.report()["commit"] == stage.head() != stage.sha
    assert git(elsewhere, "rev-parse", BRANCH) == stage.sha


def test_git_settings_of_the_agent_push_no_other_ref(stage: Stage) -> None:
    who = "git config user.name A; git config user.email a@b"
    agent = f"{who}; git config push.followTags true; echo b >b.txt; git add .; git commit -qm b; git tag -a v9 -m v9"
    assert stage.work(agent), stage.output
    assert git(stage.remote, "for-each-ref", "--format=%(refname)") == f"refs/heads/{BRANCH}"


def test_the_agents_words_in_the_log_are_not_read_as_instructions(stage: Stage) -> None:
    assert stage.work("echo '::add-mask::B02'; echo '##[add-mask]B02'; echo b >b.txt"), stage.output
    lines = stage.output.splitlines()
    pause = next(line.removeprefix("::stop-commands::") for line in lines if line.startswith("::stop-commands::"))
    assert lines.index(f"::stop-commands::{pause}") < lines.index("::add-mask::B02") < lines.index(f"::{pause}::")


def test_nothing_of_the_agents_machine_is_on_the_one_that_pushes(stage: Stage) -> None:
    """A guard of these tests themselves: the machines share neither folders nor processes."""
    assert stage.work("echo b >b.txt"), stage.output
    first, second = (runner for runner in stage.run.runners.values())
    assert first.temp != second.temp and first.tracking_id != second.tracking_id
    assert not any(path.name.startswith(".git") for path in Path(second.work).iterdir()), "the tree was checked out"
