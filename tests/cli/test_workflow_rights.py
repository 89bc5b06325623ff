"""What the workflows that `stepwise init` writes may do, job by job, and what reaches their scripts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.cli.scaffold import scaffold_files
from tests.cli.workflow_run import load

TEMPLATES = Path(__file__).parents[2] / "bot/templates/workflows"
WORKER, GATES = load(TEMPLATES / "stepwise-worker.yml"), load(TEMPLATES / "stepwise-gates.yml")
WORKFLOWS = {"worker": WORKER, "gates": GATES}
AGENT, PUSH = WORKER["jobs"]["agent"], WORKER["jobs"]["push"]
Job = dict[str, Any]


def jobs() -> list[tuple[str, Job]]:
    return [(f"{name}: {key}", job) for name, flow in WORKFLOWS.items() for key, job in flow["jobs"].items()]


def steps() -> list[tuple[str, Job]]:
    return [(f"{name}: {step['name']}", step) for name, job in jobs() for step in job["steps"]]


def uses(job: Job) -> list[str]:
    return [step["uses"].partition("@")[0] for step in job["steps"] if "uses" in step]


def test_the_templates_that_are_looked_at_are_all_that_init_writes() -> None:
    written = {path for path in scaffold_files(()) if path.startswith(".github/workflows/")}
    assert written == {f".github/workflows/stepwise-{name}.yml" for name in WORKFLOWS}


def test_the_job_that_runs_the_agent_may_read_the_repository_and_nothing_else() -> None:
    assert WORKER["permissions"] == {}
    assert AGENT["permissions"] == {"contents": "read"}
    assert GATES["permissions"] == {"contents": "read"} and "permissions" not in GATES["jobs"]["gates"]


def test_the_job_that_pushes_may_write_contents_and_ask_for_a_token_because_it_reports() -> None:
    assert PUSH["permissions"] == {"contents": "write", "id-token": "write"}
    assert "ACTIONS_ID_TOKEN_REQUEST_TOKEN" in PUSH["steps"][-1]["run"]
    assert list(WORKER["jobs"]) == ["agent", "push"] and PUSH["needs"] == "agent"
    assert PUSH["if"] == "${{ !cancelled() }}"


def test_no_secret_of_the_repository_is_named_where_strangers_code_runs() -> None:
    for job in (AGENT, GATES["jobs"]["gates"]):
        assert not re.search(r"secrets|github\.token|GITHUB_TOKEN", str(job))


def test_the_token_that_may_write_is_in_one_step_and_the_report_is_sent_without_it() -> None:
    holders = [step["name"] for step in PUSH["steps"] if "secrets." in str(step) or "github.token" in str(step)]
    assert holders == ["Check the commits and push them"]


def test_the_job_that_pushes_checks_nothing_out_and_unpacks_nothing() -> None:
    assert uses(PUSH) == ["actions/download-artifact"]
    download = next(step for step in PUSH["steps"] if "uses" in step)
    assert download["with"]["skip-decompress"] is True
    scripts = " ".join(step.get("run", "") for step in PUSH["steps"])
    assert not re.search(r"\b(git checkout|worktree|git clone|unzip|tar|eval|source|GITHUB_ENV|GITHUB_PATH)\b", scripts)


def test_what_the_agents_job_says_reaches_one_step_alone() -> None:
    readers = [step["name"] for step in PUSH["steps"] if "needs.agent" in str(step)]
    assert readers == ["Read what the agent's job says"]
    assert "needs." not in str(PUSH["if"])


def test_checkouts_leave_no_credentials_and_take_no_token() -> None:
    checkouts = [step for _, step in steps() if "actions/checkout" in step.get("uses", "")]
    assert len(checkouts) == 2
    assert all(step["with"]["persist-credentials"] is False and "token" not in step["with"] for step in checkouts)


def test_no_job_saves_a_cache_that_workflows_of_the_default_branch_would_restore() -> None:
    for _, step in steps():
        assert "cache" not in step.get("uses", "") and "cache" not in step.get("with", {})


@pytest.mark.parametrize(("name", "step"), steps(), ids=[name for name, _ in steps()])
def test_expressions_stand_in_values_never_in_scripts(name: str, step: Job) -> None:
    assert "${{" not in step.get("run", "")
    assert "${{" not in step["name"]
    # `if` and `with` are read by the runner and by actions: neither is a script.
    assert set(step) <= {"name", "id", "if", "uses", "with", "shell", "env", "run", "timeout-minutes"}
    assert "run" not in step or step["shell"] == "bash"


@pytest.mark.parametrize(("name", "step"), [one for one in steps() if "uses" in one[1]])
def test_every_action_is_pinned_by_a_whole_commit(name: str, step: Job) -> None:
    assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])


@pytest.mark.parametrize(("name", "job"), jobs(), ids=[name for name, _ in jobs()])
def test_every_job_ends_in_time_on_a_machine_that_is_new(name: str, job: Job) -> None:
    assert job["runs-on"] == "ubuntu-latest"
    assert 0 < job["timeout-minutes"] <= 60
    steps_end = sum(step.get("timeout-minutes", 0) for step in job["steps"])
    assert steps_end < job["timeout-minutes"], "a step that hangs leaves time for the report"


def test_the_page_for_workers_has_every_reason_that_a_report_can_give() -> None:
    page = (Path(__file__).parents[2] / "docs/workers.md").read_text("utf-8")
    scripts = "\n".join(step.get("run", "") for _, step in steps())
    reasons = re.findall(r'fail "([^"]+)"', scripts)
    assert len(reasons) > 15
    for reason in reasons:
        for part in re.split(r"\$\{[^}]*\}|\$\w+", reason):
            assert part.strip(" ().") in page, reason
