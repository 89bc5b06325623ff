"""References of the git database. The messages of their 422s are how callers tell the cases apart."""

from __future__ import annotations

import re
from urllib.parse import quote

from bot.sandbox.auth import AsInstallation
from bot.sandbox.call import Call, Reply, created, no_content, ok, page, route
from bot.sandbox.errors import GitHubError, not_accessible, not_found, unprocessable
from bot.sandbox.git.store import ZERO
from bot.sandbox.payloads.accounts import node_id
from bot.sandbox.payloads.repos import repo_url
from bot.sandbox.pushes import RefUpdate, check_protection, move, touches_workflows
from bot.sandbox.state import Json

_SHA = re.compile(r"^[0-9a-f]{40}$")
_READ_ONLY = re.compile(r"^refs/(pull|changes)/")
_WRONG_NAME = re.compile(r"[\x00-\x20~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|[./]$|^refs/[^/]+$|/\.")


def _ref(call: Call, name: str, sha: str) -> Json:
    thing = call.repo.git.get(sha)
    kind = thing.type_name.decode() if thing is not None else "commit"
    api = repo_url(call.hub.site, call.repo)
    target = {"sha": sha, "type": kind, "url": f"{api}/git/{kind}s/{sha}"}
    return {
        "ref": name,
        "node_id": node_id("Ref", call.repo.id) + quote(name, safe=""),
        "url": f"{api}/git/{quote(name)}",
        "object": target,
    }


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref:path}", needs="contents:read", role="read")
def get_ref(call: Call) -> Reply:
    """Give one reference by its name without `refs/`; 404 unless it is exact."""
    name = f"refs/{call.params['ref'].removeprefix('refs/')}"
    sha = call.repo.git.ref(name)
    if sha is None:
        if not call.repo.git.refs("refs/heads/"):
            raise GitHubError(409, "Git Repository is empty.")
        raise not_found()
    return ok(_ref(call, name, sha))


@route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref:path}", needs="contents:read", role="read")
def matching_refs(call: Call) -> Reply:
    found = call.repo.git.refs(f"refs/{call.params['ref']}")
    return page(call, [_ref(call, name, sha) for name, sha in found.items()])


@route("POST", "/repos/{owner}/{repo}/git/refs", needs="contents:write", role="write", hidden=True)
def create_ref(call: Call) -> Reply:
    name, sha = call.text("ref"), call.text("sha")
    if not name.startswith("refs/") or _WRONG_NAME.search(name) or _READ_ONLY.match(name):
        raise unprocessable(f"{name} is not a valid ref name.")
    if not call.repo.git.refs("refs/heads/"):
        raise GitHubError(409, "Git Repository is empty.")
    _check_object(call, sha)
    if call.repo.git.ref(name) is not None:
        raise unprocessable("Reference already exists")
    _write(call, RefUpdate(name, ZERO, sha))
    return created(_ref(call, name, sha))


@route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref:path}", needs="contents:write", role="write", hidden=True)
def update_ref(call: Call) -> Reply:
    """Move a reference; without `force` only to a descendant, which makes this the optimistic lock."""
    name, sha = f"refs/{call.params['ref']}", call.text("sha")
    before = call.repo.git.ref(name)
    if before is None:
        raise unprocessable("Reference does not exist")
    _check_object(call, sha)
    if call.body.get("force") is not True and not call.repo.git.is_ancestor(before, sha):
        raise unprocessable("Update is not a fast forward")
    if sha != before:
        _write(call, RefUpdate(name, before, sha))
    return ok(_ref(call, name, sha))


@route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref:path}", needs="contents:write", role="write", hidden=True)
def delete_ref(call: Call) -> Reply:
    name = f"refs/{call.params['ref']}"
    before = call.repo.git.ref(name)
    if before is None or _READ_ONLY.match(name):
        raise unprocessable("Reference does not exist")
    if name == f"refs/heads/{call.repo.default_branch}":
        raise unprocessable("Cannot delete the default branch")
    _write(call, RefUpdate(name, before, ZERO))
    return no_content()


def _check_object(call: Call, sha: str) -> None:
    if _SHA.match(sha) is None:
        raise unprocessable("The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    if call.repo.git.get(sha) is None:
        raise unprocessable("Object does not exist")


def _write(call: Call, update: RefUpdate) -> None:
    check_workflow_permission(call, update)
    check_protection(call.repo, update)
    move(call.hub, call.repo, update, call.account)


def check_workflow_permission(call: Call, update: RefUpdate) -> None:
    """An App needs `workflows: write` besides contents to bring in a changed workflow file."""
    if isinstance(call.actor, AsInstallation) and update.after != ZERO and update.branch is not None:
        changes = touches_workflows(call.repo, update.before, update.after)
        if changes and not call.actor.allows("workflows", "write"):
            raise not_accessible()
