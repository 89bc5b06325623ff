"""Commit statuses."""

from __future__ import annotations

from bot.sandbox.call import Call, Reply, created, ok, page, route
from bot.sandbox.ci import CommitStatus
from bot.sandbox.errors import unprocessable, validation_failed
from bot.sandbox.payloads.checks import status
from bot.sandbox.payloads.commits import commit_item
from bot.sandbox.payloads.repos import minimal_repository, repo_url
from bot.sandbox.required import newest_statuses
from bot.sandbox.routes.history import resolved
from bot.sandbox.state import Json

STATES = ("error", "failure", "pending", "success")


@route("POST", "/repos/{owner}/{repo}/statuses/{sha}", needs="statuses:write", role="write", hidden=True)
def create_status(call: Call) -> Reply:
    """Post a status: by anybody who can write, under any context."""
    sha = call.params["sha"]
    if call.repo.git.commit(sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    state, description = call.body.get("state"), call.body.get("description")
    if state not in STATES:
        raise validation_failed("Status", "state", "custom", "state is not included in the list")
    if len(description or "") > 140:
        raise validation_failed(
            "Status", "description", "custom", "description is too long (maximum is 140 characters)"
        )
    context = call.body.get("context") or "default"
    target = call.body.get("target_url")
    now, number = call.hub.now(), call.world.next_id("status")
    made = CommitStatus(number, sha, state, context, description, target, call.account, now)
    call.repo.statuses.append(made)
    shape = status(call.hub.site, call.repo, made)
    call.hub.emit(call.repo, "status", _event(call, made, shape), call.account)
    return created(shape)


def _event(call: Call, made: CommitStatus, shape: Json) -> Json:
    """Write the payload: it has no action, and names the branches whose head the commit is."""
    api, heads = repo_url(call.hub.site, call.repo), call.repo.git.refs("refs/heads/")
    branches = [
        {
            "name": ref.removeprefix("refs/heads/"),
            "commit": {"sha": sha, "url": f"{api}/commits/{sha}"},
            "protected": False,
        }
        for ref, sha in heads.items()
        if sha == made.sha
    ]
    fields = ("id", "avatar_url", "target_url", "context", "description", "state", "created_at", "updated_at")
    commit = commit_item(call.hub.site, call.repo, made.sha)
    return {
        "sha": made.sha,
        "name": call.repo.full_name,
        **{k: shape[k] for k in fields},
        "commit": commit,
        "branches": branches,
    }


@route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/statuses", needs="statuses:read", role="read")
def list_statuses(call: Call) -> Reply:
    sha = resolved(call, call.params["ref"])
    found = [one for one in reversed(call.repo.statuses) if one.sha == sha]
    return page(call, [status(call.hub.site, call.repo, one) for one in found])


@route("GET", "/repos/{owner}/{repo}/commits/{ref:path}/status", needs="statuses:read", role="read")
def combined_status(call: Call) -> Reply:
    """Sum up: failure if any failed, pending if any is pending or there are none, else success."""
    sha = resolved(call, call.params["ref"])
    newest = newest_statuses(call.repo, sha)
    states = {one.state for one in newest}
    state = (
        "failure" if states & {"error", "failure"} else "pending" if "pending" in states or not states else "success"
    )
    cut, headers = call.paginate(newest)
    api = repo_url(call.hub.site, call.repo)
    body = {
        "state": state,
        "statuses": [_simple(status(call.hub.site, call.repo, one)) for one in cut],
        "sha": sha,
        "total_count": len(newest),
        "repository": minimal_repository(call.hub.site, call.repo),
        "commit_url": f"{api}/commits/{sha}",
        "url": f"{api}/commits/{sha}/status",
    }
    return ok(body, headers)


def _simple(shape: Json) -> Json:
    return {key: value for key, value in shape.items() if key != "creator"}
