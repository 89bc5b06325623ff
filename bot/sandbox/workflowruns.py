"""The life of a workflow run. Nothing is executed: a run stands where the control API puts it.

A run has a check suite of its own that belongs to the GitHub Actions App, with a check run for each job.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from bot.sandbox.ci import CheckRun, CheckSuite, WorkflowRun
from bot.sandbox.errors import GitHubError, not_found, unprocessable
from bot.sandbox.git.store import ZERO
from bot.sandbox.hub import Hub
from bot.sandbox.payloads.checks import workflow, workflow_run
from bot.sandbox.payloads.commits import message_of
from bot.sandbox.payloads.repos import html_url
from bot.sandbox.routes.checks import announce_completion, emit_run
from bot.sandbox.state import Account, Installation, Json, Pull, Repository
from bot.sandbox.workflows import evaluated, jobs, rendered, token_permissions, workflow_at, workflows
from bot.sandbox.world import ACTIONS_APP

CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required")
UNDER_WAY = ("queued", "in_progress", "waiting", "requested", "pending")


def start_run(
    hub: Hub,
    repo: Repository,
    path: str,
    parsed: Json,
    ref: str,
    sha: str,
    actor: Account,
    *,
    event: str = "workflow_dispatch",
    inputs: Json | None = None,
    pull: Pull | None = None,
    webhook: bool = True,
    held: bool = False,
) -> WorkflowRun:
    """Make a queued run and send `workflow_run.requested`; `held` keeps that back until it is released.

    `ref` is a full reference. Without `webhook` nobody is told that the run was requested.
    """
    now, next_id = hub.now(), hub.world.next_id
    branch = pull.head_ref if pull is not None else ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    app = hub.world.apps[ACTIONS_APP]
    suite = CheckSuite(next_id("check_suite"), repo, app, sha, branch, None, now, now)
    repo.suites[suite.id] = suite
    run = WorkflowRun(
        id=next_id("workflow_run"),
        repo=repo,
        path=path,
        name=str(parsed.get("name") or path),
        title="",
        workflow_id=repo.workflow_ids.get(path) or repo.workflow_ids.setdefault(path, next_id("workflow")),
        number=sum(run.path == path for run in repo.workflow_runs.values()) + 1,
        event=event,
        ref=ref,
        head_branch=branch,
        head_sha=sha,
        actor=actor,
        triggering_actor=actor,
        inputs=inputs or {},
        suite=suite,
        pull=pull,
        created_at=now,
        updated_at=now,
        started_at=now,
    )
    run.title = _title(hub, run, parsed)
    repo.workflow_runs[run.id] = run
    if webhook:
        emit_workflow_run(hub, run, "requested", actor, held=held)
    _queue_jobs(hub, run, parsed)
    return run


def _title(hub: Hub, run: WorkflowRun, parsed: Json) -> str:
    """Name the run: by `run-name` unless that comes out blank, else by what started it."""
    if named := evaluated(str(parsed.get("run-name") or ""), context(hub, run)).strip():
        return named
    if run.pull is not None:
        return run.pull.issue.title
    commit = run.repo.git.commit(run.head_sha)
    if run.event == "push" and commit is not None:
        return message_of(commit).partition("\n")[0]
    return run.name


def context(hub: Hub, run: WorkflowRun) -> Json:
    """Give what expressions can see: `inputs` and the better-known part of `github`."""
    repo, pull = run.repo, run.pull
    kind = "tag" if run.ref.startswith("refs/tags/") else "branch"
    github: Json = {
        "actor": run.actor.login,
        "actor_id": str(run.actor.id),
        "triggering_actor": run.triggering_actor.login,
        "event_name": run.event,
        "event": {"inputs": {name: rendered(value) for name, value in run.inputs.items()}},
        "ref": run.ref,
        "ref_name": run.ref.removeprefix("refs/heads/").removeprefix("refs/tags/").removeprefix("refs/pull/"),
        "ref_type": kind,
        "head_ref": pull.head_ref if pull is not None else "",
        "base_ref": pull.base_ref if pull is not None else "",
        "sha": run.head_sha,
        "repository": repo.full_name,
        "repository_id": str(repo.id),
        "repository_owner": repo.owner.login,
        "repository_owner_id": str(repo.owner.id),
        "run_id": str(run.id),
        "run_number": str(run.number),
        "run_attempt": str(run.attempt),
        "workflow": run.name,
        "workflow_ref": f"{repo.full_name}/{run.path}@{run.ref}",
        "workflow_sha": run.head_sha,
        "server_url": hub.site.url,
        "api_url": hub.site.url,
    }
    return {"inputs": run.inputs, "github": github}


def _queue_jobs(hub: Hub, run: WorkflowRun, parsed: Json) -> None:
    run.jobs = []
    for key, job in jobs(parsed).items():
        name = evaluated(str(job.get("name") or key), context(hub, run))
        number = hub.world.next_id("check_run")
        url = f"{html_url(hub.site, run.repo)}/actions/runs/{run.id}/job/{number}"
        made = CheckRun(number, run.suite, name, "queued", None, hub.now(), None, "", url, None, None, None, [])
        run.jobs.append(made)
        run.suite.runs.append(made)
        run.repo.check_runs[made.id] = made
        emit_run(hub, made, "created", run.suite.app.bot)


def emit_workflow_run(hub: Hub, run: WorkflowRun, action: str, sender: Account, *, held: bool = False) -> None:
    shape = workflow(hub.site, run.repo, run.path, run.name, run.workflow_id)
    payload: Json = {"action": action, "workflow_run": workflow_run(hub.site, run), "workflow": shape}
    hub.emit(run.repo, "workflow_run", payload, sender, held=held)


def advance_run(hub: Hub, run: WorkflowRun, status: str, conclusion: str | None = None) -> None:
    """Put a run into another state, as a runner would; its jobs go along.

    Raises ValueError for a state that a run cannot have, and GitHubError 409 for a run that is over.
    """
    if status not in (*UNDER_WAY, "completed") or (status == "completed") != (conclusion in CONCLUSIONS):
        raise ValueError(f"{status} with conclusion {conclusion} is not a state of a workflow run")
    if run.status == "completed":
        raise GitHubError(409, "The workflow run is completed; re-run it first.")
    run.status, run.conclusion, run.updated_at = status, conclusion, hub.now()
    if status == "completed" and run.token is not None:
        hub.vault.revoke(run.token)
        run.token = None
    for job in run.jobs:
        _advance_job(hub, job, status, conclusion)
    if status in ("in_progress", "completed"):
        emit_workflow_run(hub, run, status, run.triggering_actor)


def token_of(hub: Hub, run: WorkflowRun) -> str:
    """Give the `GITHUB_TOKEN` of a run: an installation token of the Actions App for this repository alone.

    It can do what the workflow's `permissions` say, and dies with the run. Raises GitHubError 422 once that is over.
    """
    if run.status == "completed":
        raise unprocessable("The workflow run is completed, its token is gone.")
    if run.token is None:
        app, repo = hub.world.apps[ACTIONS_APP], run.repo
        granted = token_permissions(workflow_at(repo, run.path, run.head_sha) or {})
        number = ACTIONS_APP * 1_000 + repo.id
        installed = Installation(number, app, repo.owner, {repo.id}, run.created_at, granted)
        run.token = hub.vault.issue(installed, granted, frozenset({repo.id})).token
    return run.token


def _advance_job(hub: Hub, job: CheckRun, status: str, conclusion: str | None) -> None:
    job.status, job.conclusion = status, conclusion
    if status == "completed":
        job.completed_at = hub.now()
        announce_completion(hub, job)


def rerun(hub: Hub, run: WorkflowRun, actor: Account, *, webhook: bool = True) -> None:
    """Run again: the id stays, the attempt goes up. Raises GitHubError 403 while the run is under way."""
    if run.status != "completed":
        raise GitHubError(403, "This workflow is already running")
    run.earlier.append(dataclasses.replace(run, jobs=list(run.jobs), earlier=[]))
    run.attempt, run.status, run.conclusion = run.attempt + 1, "queued", None
    run.triggering_actor, run.started_at, run.updated_at = actor, hub.now(), hub.now()
    if webhook:
        emit_workflow_run(hub, run, "requested", actor)
    _queue_jobs(hub, run, workflow_at(run.repo, run.path, run.head_sha) or {})


def cancel(hub: Hub, run: WorkflowRun) -> None:
    """End a run before its time; raises GitHubError 409 for one that is over."""
    if run.status == "completed":
        raise GitHubError(409, "Cannot cancel a workflow run that is completed.")
    advance_run(hub, run, "completed", "cancelled")


def begin(hub: Hub, repo: Repository, file: str, event: str, actor: Account, **where: Any) -> WorkflowRun:
    """Let an event start a workflow, as a push or a pull request would: `ref` or `number` says where."""
    number, ref = where.get("number"), where.get("ref")
    pull = repo.pull(int(number)) if number is not None else None
    full = f"refs/pull/{pull.number}/merge" if pull is not None else f"refs/heads/{ref or repo.default_branch}"
    sha = pull.head_sha if pull is not None else repo.git.ref(full)
    path = next((one for one in workflows(hub, repo) if one.endswith(f"/{file}")), None) or f".github/workflows/{file}"
    parsed = workflow_at(repo, path, sha or ZERO)
    if sha is None or parsed is None:
        raise not_found()
    return start_run(hub, repo, path, parsed, full, sha, actor, event=event, pull=pull)
