"""Repositories and their branches; the rate limit and what else needs no repository."""

from __future__ import annotations

from urllib.parse import quote

from bot.sandbox.call import Call, Reply, ok, page, route
from bot.sandbox.errors import not_found
from bot.sandbox.limits import window_of
from bot.sandbox.payloads.commits import commit_item
from bot.sandbox.payloads.repos import full_repository, html_url, repo_url
from bot.sandbox.state import Json, Protection, Repository


@route("GET", "/repos/{owner}/{repo}", needs="metadata:read", role="read")
def get_repo(call: Call) -> Reply:
    return ok(full_repository(call.hub.site, call.repo, call.viewer))


@route("GET", "/rate_limit")
def rate_limit(call: Call) -> Reply:
    found = window_of(call.hub, call.actor)
    core: Json = {
        "limit": found.limit,
        "used": found.used,
        "remaining": max(found.limit - found.used, 0),
        "reset": int(found.resets_at.timestamp()),
    }
    other = core | {"limit": 30, "used": 0, "remaining": 30}
    body: Json = {"resources": {"core": core, "search": other, "graphql": core | {"used": 0, "remaining": found.limit}}}
    if call.version == "2022-11-28":
        body["rate"] = core
    return ok(body)


@route("GET", "/repos/{owner}/{repo}/branches", needs="contents:read", role="read")
def list_branches(call: Call) -> Reply:
    heads = call.repo.git.refs("refs/heads/")
    api = repo_url(call.hub.site, call.repo)
    shapes = []
    for ref, sha in heads.items():
        name = ref.removeprefix("refs/heads/")
        commit = {"sha": sha, "url": f"{api}/commits/{sha}"}
        shapes.append({"name": name, "commit": commit, **_protection(call, call.repo, name)})
    if (wanted := call.query.get("protected")) is not None:
        shapes = [shape for shape in shapes if shape["protected"] == (wanted == "true")]
    return page(call, shapes)


@route("GET", "/repos/{owner}/{repo}/branches/{branch:path}", needs="contents:read", role="read")
def get_branch(call: Call) -> Reply:
    return ok(branch_shape(call, call.params["branch"]))


def branch_shape(call: Call, name: str) -> Json:
    """Give a branch with its commit and what it demands; raises 404."""
    sha = call.repo.git.branch(name)
    if sha is None:
        raise not_found()
    api = repo_url(call.hub.site, call.repo)
    links = {
        "self": f"{api}/branches/{quote(name)}",
        "html": f"{html_url(call.hub.site, call.repo)}/tree/{quote(name)}",
    }
    commit = commit_item(call.hub.site, call.repo, sha)
    return {"name": name, "commit": commit, "_links": links, **_protection(call, call.repo, name)}


def _protection(call: Call, repo: Repository, branch: str) -> Json:
    """Say what a branch demands, in the short form that needs no administration permission."""
    found = repo.protections.get(branch)
    url = f"{repo_url(call.hub.site, repo)}/branches/{quote(branch)}/protection"
    required: Json = {"enforcement_level": "off", "contexts": [], "checks": []}
    if found is not None and found.checks:
        checks = [{"context": name, "app_id": app_id} for name, app_id in found.checks.items()]
        required = {"enforcement_level": "non_admins", "contexts": list(found.checks), "checks": checks}
    protection = {"enabled": found is not None, "required_status_checks": required}
    return {"protected": found is not None, "protection": protection, "protection_url": url}


@route("GET", "/repos/{owner}/{repo}/rules/branches/{branch:path}", needs="metadata:read", role="read")
def branch_rules(call: Call) -> Reply:
    """List the rules that apply; a branch that does not exist has none."""
    found = call.repo.protections.get(call.params["branch"])
    return page(call, _rules(call.repo, found) if found is not None else [])


def _rules(repo: Repository, found: Protection) -> list[Json]:
    origin = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": repo.id}
    rules: list[Json] = [{"type": "non_fast_forward", **origin}]
    if found.pull_request:
        reviews = {
            "required_approving_review_count": 0,
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_review_thread_resolution": False,
        }
        rules.append({"type": "pull_request", "parameters": reviews, **origin})
    if found.checks:
        checks = [
            {"context": name} | ({"integration_id": app_id} if app_id is not None else {})
            for name, app_id in found.checks.items()
        ]
        parameters = {"required_status_checks": checks, "strict_required_status_checks_policy": found.strict}
        rules.append({"type": "required_status_checks", "parameters": parameters, **origin})
    if found.merge_queue:
        queue = {
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "MERGE",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5,
        }
        rules.append({"type": "merge_queue", "parameters": queue, **origin})
    return rules
