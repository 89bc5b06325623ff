"""Deployments: what was brought where, and how that went."""

from __future__ import annotations

from bot.sandbox.call import Call, Reply, created, no_content, ok, page, route
from bot.sandbox.ci import Deployment, DeploymentStatus
from bot.sandbox.errors import GitHubError, not_found, unprocessable, validation_failed
from bot.sandbox.payloads.deployments import deployment, deployment_status
from bot.sandbox.required import newest_runs, newest_statuses
from bot.sandbox.state import Json

STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
MAX_DESCRIPTION = 140


@route("GET", "/repos/{owner}/{repo}/deployments", needs="deployments:read", role="read")
def list_deployments(call: Call) -> Reply:
    """List deployments, newest first, by `sha`, `ref`, `task` and `environment`."""
    found = list(reversed(call.repo.deployments.values()))
    for name in ("sha", "ref", "task", "environment"):
        if (wanted := call.query.get(name)) not in (None, "none"):
            found = [one for one in found if getattr(one, name) == wanted]
    return page(call, [deployment(call.hub.site, one) for one in found])


@route("POST", "/repos/{owner}/{repo}/deployments", needs="deployments:write", role="write", hidden=True)
def create_deployment(call: Call) -> Reply:
    """Deploy a ref: 409 while a commit status or check of it has not passed, unless `required_contexts` says less."""
    ref, body, now = call.text("ref"), call.body, call.hub.now()
    sha = call.repo.git.resolve(ref)
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    _check_contexts(call, sha)
    environment = str(body.get("environment") or "production")
    made = Deployment(
        id=call.world.next_id("deployment"),
        repo=call.repo,
        sha=sha,
        ref=ref,
        task=str(body.get("task") or "deploy"),
        payload=body.get("payload") or {},
        environment=environment,
        description=body.get("description") or None,
        transient=bool(body.get("transient_environment", False)),
        production=bool(body.get("production_environment", environment == "production")),
        creator=call.account,
        via=call.app,
        created_at=now,
        updated_at=now,
    )
    call.repo.deployments[made.id] = made
    shape = deployment(call.hub.site, made)
    payload: Json = {"action": "created", "deployment": shape, "workflow": None, "workflow_run": None}
    call.hub.emit(call.repo, "deployment", payload, call.account)
    return created(shape)


def _check_contexts(call: Call, sha: str) -> None:
    wanted = call.body.get("required_contexts")
    states = {one.context: one.state == "success" for one in newest_statuses(call.repo, sha)}
    passed = ("success", "skipped", "neutral")
    states |= {one.name: one.conclusion in passed for one in newest_runs(call.repo, sha)}
    names = list(states) if wanted is None else wanted
    if failing := [name for name in names if not states.get(name, False)]:
        error = {"contexts": [{"context": name, "state": "pending"} for name in failing], "code": "invalid"}
        message = f"Conflict: Commit status checks failed for {call.body['ref']}."
        raise GitHubError(409, message, errors=[error | {"resource": "Deployment", "field": "required_contexts"}])


def _find(call: Call) -> Deployment:
    if (found := call.repo.deployments.get(call.number("deployment_id"))) is None:
        raise not_found()
    return found


@route("GET", "/repos/{owner}/{repo}/deployments/{deployment_id:int}", needs="deployments:read", role="read")
def get_deployment(call: Call) -> Reply:
    return ok(deployment(call.hub.site, _find(call)))


@route("DELETE", "/repos/{owner}/{repo}/deployments/{deployment_id:int}", needs="deployments:write", role="write")
def delete_deployment(call: Call) -> Reply:
    one = _find(call)
    if one.statuses and one.statuses[-1].state != "inactive" and len(call.repo.deployments) > 1:
        raise unprocessable("We cannot delete an active deployment unless it is the only deployment.")
    del call.repo.deployments[one.id]
    return no_content()


@route("GET", "/repos/{owner}/{repo}/deployments/{deployment_id:int}/statuses", needs="deployments:read", role="read")
def list_statuses(call: Call) -> Reply:
    """List the statuses of a deployment, newest first."""
    one = _find(call)
    return page(call, [deployment_status(call.hub.site, one, each) for each in reversed(one.statuses)])


@route(
    "GET",
    "/repos/{owner}/{repo}/deployments/{deployment_id:int}/statuses/{status_id:int}",
    needs="deployments:read",
    role="read",
)
def get_status(call: Call) -> Reply:
    one = _find(call)
    for each in one.statuses:
        if each.id == call.number("status_id"):
            return ok(deployment_status(call.hub.site, one, each))
    raise not_found()


@route(
    "POST",
    "/repos/{owner}/{repo}/deployments/{deployment_id:int}/statuses",
    needs="deployments:write",
    role="write",
    hidden=True,
)
def create_status(call: Call) -> Reply:
    """Say how it went. A success makes the earlier ones of that environment inactive unless `auto_inactive` is off."""
    one, body, now = _find(call), call.body, call.hub.now()
    state, description = body.get("state"), str(body.get("description") or "")
    if state not in STATES:
        raise validation_failed("DeploymentStatus", "state", "custom", "state is not included in the list")
    if len(description) > MAX_DESCRIPTION:
        raise validation_failed("DeploymentStatus", "description", "custom", "description is too long")
    log = str(body.get("log_url") or body.get("target_url") or "")
    one.environment = str(body.get("environment") or one.environment)
    number, link = call.world.next_id("deployment_status"), str(body.get("environment_url") or "")
    made = DeploymentStatus(number, state, call.account, call.app, description, one.environment, link, log, now)
    one.statuses.append(made)
    one.updated_at = now
    _emit(call, one, made)
    if state == "success" and body.get("auto_inactive", True):
        _retire_others(call, one)
    return created(deployment_status(call.hub.site, one, made))


def _retire_others(call: Call, newest: Deployment) -> None:
    """Make the earlier deployments to this environment inactive, unless they were meant to pass."""
    for one in call.repo.deployments.values():
        is_current = bool(one.statuses) and one.statuses[-1].state == "success"
        if one is not newest and is_current and one.environment == newest.environment and not one.transient:
            number, now = call.world.next_id("deployment_status"), call.hub.now()
            made = DeploymentStatus(number, "inactive", call.account, call.app, "", one.environment, "", "", now)
            one.statuses.append(made)
            _emit(call, one, made)


def _emit(call: Call, one: Deployment, made: DeploymentStatus) -> None:
    payload: Json = {
        "action": "created",
        "deployment_status": deployment_status(call.hub.site, one, made),
        "deployment": deployment(call.hub.site, one),
        "check_run": None,
        "workflow": None,
        "workflow_run": None,
    }
    call.hub.emit(call.repo, "deployment_status", payload, call.account)
