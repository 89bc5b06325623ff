"""Workflows and their runs. Nothing is executed: a run stands where the control API puts it."""

from __future__ import annotations

import json
from typing import Any

import yaml

from bot.sandbox.call import Call, Reply, created, no_content, ok, route, wrapped_page
from bot.sandbox.errors import GitHubError, not_found, unprocessable
from bot.sandbox.hub import Hub
from bot.sandbox.payloads.checks import workflow, workflow_run
from bot.sandbox.pushes import WORKFLOWS
from bot.sandbox.state import Account, Json, Repository, WorkflowRun

MAX_INPUTS = 25
MAX_INPUT_CHARACTERS = 65_535
MAX_LISTED = 1000


def workflows(hub: Hub, repo: Repository) -> dict[str, Json]:
    """Give the workflow files of the default branch, by path, parsed; files that do not parse are left out."""
    git = repo.git
    head = git.branch(repo.default_branch)
    folder = git.lookup(git.tree_of(head), WORKFLOWS) if head is not None else None
    found: dict[str, Json] = {}
    for entry in git.list_tree(folder.sha) if folder is not None else ():
        path = WORKFLOWS + entry.path
        if entry.path.endswith((".yml", ".yaml")) and (parsed := read_workflow(git.blob(entry.sha))) is not None:
            repo.workflow_ids.setdefault(path, hub.world.next_id("workflow"))
            found[path] = parsed
    return found


def read_workflow(content: bytes | None) -> Json | None:
    try:
        parsed = yaml.safe_load(content or b"")
    except yaml.YAMLError:
        return None
    return parsed if isinstance(parsed, dict) else None


def triggers(parsed: Json) -> Json:
    """Give the `on:` of a workflow; YAML 1.1 reads that key as true."""
    given: Any = parsed.get("on", parsed.get(True))  # type: ignore[call-overload]
    if isinstance(given, str):
        return {given: None}
    if isinstance(given, list):
        return dict.fromkeys(given)
    return given if isinstance(given, dict) else {}


def _find(call: Call) -> tuple[str, Json]:
    """Find a workflow by id or file name, on the default branch only."""
    wanted, found = call.params["workflow_id"], workflows(call.hub, call.repo)
    for path, parsed in found.items():
        if wanted in (str(call.repo.workflow_ids[path]), path.removeprefix(WORKFLOWS)):
            return path, parsed
    raise not_found()


def _shape(call: Call, path: str, parsed: Json) -> Json:
    name = str(parsed.get("name") or path)
    return workflow(call.hub.site, call.repo, path, name, call.repo.workflow_ids[path])


@route("GET", "/repos/{owner}/{repo}/actions/workflows", needs="actions:read", role="read")
def list_workflows(call: Call) -> Reply:
    found = workflows(call.hub, call.repo)
    return wrapped_page(call, "workflows", [_shape(call, path, parsed) for path, parsed in found.items()])


@route("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}", needs="actions:read", role="read")
def get_workflow(call: Call) -> Reply:
    return ok(_shape(call, *_find(call)))


@route("POST", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", needs="actions:write", role="write")
def dispatch(call: Call) -> Reply:
    """Start a run: 204, or 200 with its id when `return_run_details` asks for it (always since 2026-03-10)."""
    path, _ = _find(call)
    ref, git = call.text("ref"), call.repo.git
    branch = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    sha = git.ref(f"refs/heads/{branch}") or git.ref(f"refs/tags/{branch}")
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    entry = git.lookup(git.tree_of(sha), path)
    parsed = read_workflow(git.blob(entry.sha)) if entry is not None else None
    declared = triggers(parsed or {})
    if parsed is None or "workflow_dispatch" not in declared:
        raise unprocessable("Workflow does not have 'workflow_dispatch' trigger")
    inputs = _inputs(call, ((declared["workflow_dispatch"] or {}).get("inputs")) or {})
    run = start_run(call.hub, call.repo, path, parsed, branch, sha, call.account, inputs)
    if call.body.get("return_run_details") is not True and call.version == "2022-11-28":
        return no_content()
    shape = workflow_run(call.hub.site, run)
    return ok({"workflow_run_id": run.id, "run_url": shape["url"], "html_url": shape["html_url"]})


def _inputs(call: Call, declared: Json) -> Json:
    given = call.body.get("inputs") or {}
    if not isinstance(given, dict):
        raise unprocessable("Invalid request.\n\nFor 'properties/inputs', it is not an object.")
    if len(given) > MAX_INPUTS:
        raise unprocessable(
            f"Invalid request.\n\nNo more than {MAX_INPUTS} properties are allowed; {len(given)} were supplied."
        )
    if len(json.dumps(given, ensure_ascii=False)) > MAX_INPUT_CHARACTERS:
        raise unprocessable("inputs are too large.")
    if unexpected := [name for name in given if name not in declared]:
        raise unprocessable(f"Unexpected inputs provided: {json.dumps(unexpected)}")
    for name, spec in declared.items():
        if (spec or {}).get("required") and name not in given and "default" not in (spec or {}):
            raise unprocessable(f"Required input '{name}' not provided")
    defaults = {name: spec["default"] for name, spec in declared.items() if spec and "default" in spec}
    return {name: str(value) for name, value in (defaults | given).items()}


def start_run(
    hub: Hub, repo: Repository, path: str, parsed: Json, branch: str, sha: str, actor: Account, inputs: Json
) -> WorkflowRun:
    """Make a queued run and send `workflow_run.requested`. `run-name` may use the inputs, for correlating."""
    name = str(parsed.get("name") or path)
    title = str(parsed.get("run-name") or name)
    for key, value in inputs.items():
        for spelling in (f"${{{{ inputs.{key} }}}}", f"${{{{inputs.{key}}}}}", f"${{{{ github.event.inputs.{key} }}}}"):
            title = title.replace(spelling, str(value))
    number = sum(run.path == path for run in repo.workflow_runs.values()) + 1
    now, next_id = hub.now(), hub.world.next_id
    run = WorkflowRun(
        id=next_id("workflow_run"),
        repo=repo,
        path=path,
        name=name,
        title=title,
        workflow_id=repo.workflow_ids.setdefault(path, next_id("workflow")),
        number=number,
        event="workflow_dispatch",
        head_branch=branch,
        head_sha=sha,
        actor=actor,
        inputs=inputs,
        suite_id=next_id("check_suite"),
        created_at=now,
        updated_at=now,
    )
    repo.workflow_runs[run.id] = run
    emit_workflow_run(hub, run, "requested", actor)
    return run


def emit_workflow_run(hub: Hub, run: WorkflowRun, action: str, sender: Account) -> None:
    shape = workflow(hub.site, run.repo, run.path, run.name, run.workflow_id)
    payload: Json = {"action": action, "workflow_run": workflow_run(hub.site, run), "workflow": shape}
    hub.emit(run.repo, "workflow_run", payload, sender)


def advance_run(hub: Hub, run: WorkflowRun, status: str, conclusion: str | None) -> None:
    """Put a run into another state, as a runner would."""
    run.status, run.conclusion, run.updated_at = status, conclusion, hub.now()
    if status in ("in_progress", "completed"):
        emit_workflow_run(hub, run, status, run.actor)


def _runs(call: Call, path: str | None = None) -> Reply:
    query = call.query
    wanted = {"branch": "head_branch", "event": "event", "head_sha": "head_sha"}
    found = []
    for run in reversed(call.repo.workflow_runs.values()):
        if path is not None and run.path != path:
            continue
        if any(query.get(key) not in (None, getattr(run, field)) for key, field in wanted.items()):
            continue
        if query.get("status") not in (None, run.status, run.conclusion) or query.get("actor") not in (
            None,
            run.actor.login,
        ):
            continue
        found.append(workflow_run(call.hub.site, run))
    return wrapped_page(call, "workflow_runs", found[:MAX_LISTED])


@route("GET", "/repos/{owner}/{repo}/actions/runs", needs="actions:read", role="read")
def list_runs(call: Call) -> Reply:
    return _runs(call)


@route("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", needs="actions:read", role="read")
def list_workflow_runs(call: Call) -> Reply:
    return _runs(call, _find(call)[0])


def _run(call: Call) -> WorkflowRun:
    if (run := call.repo.workflow_runs.get(call.number("run_id"))) is None:
        raise not_found()
    return run


@route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id:int}", needs="actions:read", role="read")
def get_run(call: Call) -> Reply:
    return ok(workflow_run(call.hub.site, _run(call)))


@route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/jobs", needs="actions:read", role="read")
def list_jobs(call: Call) -> Reply:
    _run(call)
    return wrapped_page(call, "jobs", [])


@route("POST", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/cancel", needs="actions:write", role="write")
def cancel_run(call: Call) -> Reply:
    run = _run(call)
    if run.status == "completed":
        raise GitHubError(409, "Cannot cancel a workflow run that is completed.")
    advance_run(call.hub, run, "completed", "cancelled")
    return Reply(202, {})


@route("POST", "/repos/{owner}/{repo}/actions/runs/{run_id:int}/rerun", needs="actions:write", role="write")
def rerun(call: Call) -> Reply:
    """Run again: the id stays, the attempt goes up."""
    run = _run(call)
    run.attempt, run.status, run.conclusion = run.attempt + 1, "queued", None
    emit_workflow_run(call.hub, run, "requested", call.account)
    return created({})
