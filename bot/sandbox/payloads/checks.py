"""Check runs, check suites, commit statuses and workflow runs."""

from __future__ import annotations

from urllib.parse import quote

from bot.sandbox.ci import CheckRun, CheckSuite, CommitStatus, WorkflowRun
from bot.sandbox.clock import stamp, stamp_or_none
from bot.sandbox.payloads.accounts import Site, integration, node_id, simple_user
from bot.sandbox.payloads.commits import simple_commit
from bot.sandbox.payloads.pulls import pull_minimal
from bot.sandbox.payloads.repos import html_url, minimal_repository, repo_url
from bot.sandbox.state import Json, Repository

PRIORITY = (
    "startup_failure",
    "failure",
    "timed_out",
    "action_required",
    "cancelled",
    "stale",
    "success",
    "neutral",
    "skipped",
)


def open_pulls_with_head(site: Site, repo: Repository, sha: str) -> list[Json]:
    """List the open pull requests with this head: an observation, not the cause. Those from forks are left out."""
    found = [pull for pull in repo.pulls() if pull.is_open and pull.head_sha == sha and pull.head_repo is repo]
    return [pull_minimal(site, pull) for pull in found]


def suite_state(suite: CheckSuite) -> tuple[str, str | None]:
    """Sum up a suite: the newest run of each name counts, and the worst conclusion wins."""
    newest = {run.name: run for run in suite.runs}.values()
    if not newest or suite.reset:
        return "queued", None
    if all(run.status == "completed" for run in newest):
        return "completed", min((run.conclusion or "success" for run in newest), key=PRIORITY.index)
    return ("queued" if all(run.status == "queued" for run in newest) else "in_progress"), None


def check_run(site: Site, run: CheckRun) -> Json:
    repo, sha = run.suite.repo, run.suite.head_sha
    url = f"{repo_url(site, repo)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": f"{html_url(site, repo)}/runs/{run.id}",
        "details_url": run.details_url,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": stamp_or_none(run.started_at),
        "completed_at": stamp_or_none(run.completed_at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite.id},
        "app": integration(site, run.suite.app),
        "pull_requests": open_pulls_with_head(site, repo, sha),
    }


def check_suite(site: Site, suite: CheckSuite) -> Json:
    repo = suite.repo
    status, conclusion = suite_state(suite)
    url = f"{repo_url(site, repo)}/check-suites/{suite.id}"
    return {
        "id": suite.id,
        "node_id": node_id("CheckSuite", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": suite.before,
        "after": suite.head_sha,
        "pull_requests": open_pulls_with_head(site, repo, suite.head_sha),
        "app": integration(site, suite.app),
        "created_at": stamp(suite.created_at),
        "updated_at": stamp(suite.updated_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len({run.name for run in suite.runs}),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": simple_commit(repo, suite.head_sha),
        "repository": minimal_repository(site, repo),
    }


def check_suite_event(site: Site, suite: CheckSuite) -> Json:
    """Give the suite of webhooks: its repository stands beside it."""
    return {key: value for key, value in check_suite(site, suite).items() if key != "repository"}


def check_run_event(site: Site, run: CheckRun) -> Json:
    """Give the check run of webhooks: its suite is there in short."""
    suite = check_suite(site, run.suite)
    short = {key: value for key, value in suite.items() if key in _SUITE_KEYS}
    started = run.started_at or run.suite.created_at
    return check_run(site, run) | {"check_suite": short, "started_at": stamp(started)}


_SUITE_KEYS = {
    "id",
    "node_id",
    "head_branch",
    "head_sha",
    "status",
    "conclusion",
    "url",
    "before",
    "after",
    "pull_requests",
    "app",
    "created_at",
    "updated_at",
}


def status(site: Site, repo: Repository, one: CommitStatus) -> Json:
    return {
        "url": f"{repo_url(site, repo)}/statuses/{one.sha}",
        "avatar_url": simple_user(site, one.creator)["avatar_url"],
        "id": one.id,
        "node_id": node_id("StatusContext", one.id),
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.created_at),
        "creator": simple_user(site, one.creator),
    }


def workflow_run(site: Site, run: WorkflowRun) -> Json:
    repo = run.repo
    url = f"{repo_url(site, repo)}/actions/runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("WorkflowRun", run.id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.title,
        "run_number": run.number,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow_id,
        "check_suite_id": run.suite.id,
        "check_suite_node_id": node_id("CheckSuite", run.suite.id),
        "url": url,
        "html_url": f"{html_url(site, repo)}/actions/runs/{run.id}",
        "pull_requests": _pulls_of_run(site, run),
        "created_at": stamp(run.created_at),
        "updated_at": stamp(run.updated_at),
        "actor": simple_user(site, run.actor),
        "run_attempt": run.attempt,
        "referenced_workflows": [],
        "run_started_at": stamp(run.started_at),
        "triggering_actor": simple_user(site, run.triggering_actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{repo_url(site, repo)}/check-suites/{run.suite.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{run.attempt - 1}" if run.attempt > 1 else None,
        "workflow_url": f"{repo_url(site, repo)}/actions/workflows/{run.workflow_id}",
        "head_commit": simple_commit(repo, run.head_sha),
        "repository": minimal_repository(site, repo),
        "head_repository": minimal_repository(site, repo),
    }


def _pulls_of_run(site: Site, run: WorkflowRun) -> list[Json]:
    """List the open pull requests of the run's branch: those from forks are left out, and none is the cause."""
    repo = run.repo
    found = [pull for pull in repo.pulls() if pull.is_open and pull.head_repo is repo]
    return [pull_minimal(site, pull) for pull in found if pull.head_ref == run.head_branch]


def job(site: Site, run: WorkflowRun, one: CheckRun) -> Json:
    """Give a job of a workflow run; its id is that of its check run."""
    url = f"{repo_url(site, run.repo)}/actions"
    started = one.started_at or run.started_at
    is_waiting = one.status == "queued"
    return {
        "id": one.id,
        "run_id": run.id,
        "workflow_name": run.name,
        "head_branch": run.head_branch,
        "run_url": f"{url}/runs/{run.id}",
        "run_attempt": run.attempt,
        "node_id": node_id("CheckRun", one.id),
        "head_sha": run.head_sha,
        "url": f"{url}/jobs/{one.id}",
        "html_url": one.details_url,
        "status": one.status,
        "conclusion": one.conclusion,
        "created_at": stamp(run.started_at),
        "started_at": stamp(started),
        "completed_at": stamp_or_none(one.completed_at),
        "name": one.name,
        "steps": [],
        "check_run_url": f"{repo_url(site, run.repo)}/check-runs/{one.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": None if is_waiting else 1,
        "runner_name": None if is_waiting else "GitHub Actions 1",
        "runner_group_id": None if is_waiting else 0,
        "runner_group_name": None if is_waiting else "GitHub Actions",
    }


def workflow(site: Site, repo: Repository, path: str, name: str, workflow_id: int) -> Json:
    file = path.rpartition("/")[2]
    created = stamp(repo.created_at)
    return {
        "id": workflow_id,
        "node_id": node_id("Workflow", workflow_id),
        "name": name,
        "path": path,
        "state": "active",
        "created_at": created,
        "updated_at": created,
        "url": f"{repo_url(site, repo)}/actions/workflows/{workflow_id}",
        "html_url": f"{html_url(site, repo)}/blob/{repo.default_branch}/{path}",
        "badge_url": f"{html_url(site, repo)}/actions/workflows/{quote(file)}/badge.svg",
    }
