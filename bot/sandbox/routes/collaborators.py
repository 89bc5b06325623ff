"""Who may do what in a repository."""

from __future__ import annotations

from bot.sandbox.call import Call, Reply, no_content, ok, page, route
from bot.sandbox.errors import GitHubError, not_found, validation_failed
from bot.sandbox.payloads.accounts import simple_user
from bot.sandbox.payloads.repos import permissions
from bot.sandbox.state import Account, Json, Role, at_least

CLASSIC: dict[Role, str] = {
    "none": "none",
    "read": "read",
    "triage": "read",
    "write": "write",
    "maintain": "write",
    "admin": "admin",
}
GIVEN: dict[str, Role] = {"pull": "read", "push": "write", "triage": "triage", "maintain": "maintain", "admin": "admin"}


@route("GET", "/repos/{owner}/{repo}/collaborators/{login}/permission", needs="metadata:read", role="write")
def permission_of(call: Call) -> Reply:
    """Give the highest role: `permission` in the old four words, `role_name` in full. It knows no bots."""
    account = call.world.accounts.get(call.params["login"].lower())
    if account is None or account.type != "User":
        raise GitHubError(404, f"{call.params['login']} is not a user")
    role = call.world.role(account, call.repo)
    user = _collaborator(call, account, role)
    return ok({"permission": CLASSIC[role], "role_name": role, "user": user if account else None})


def _collaborator(call: Call, account: Account, role: Role) -> Json:
    return simple_user(call.hub.site, account) | {"permissions": permissions(role), "role_name": role}


@route("GET", "/repos/{owner}/{repo}/collaborators", needs="metadata:read", role="write")
def list_collaborators(call: Call) -> Reply:
    shapes = []
    for account in call.world.accounts.values():
        role = call.world.role(account, call.repo)
        if account.type == "User" and (at_least(role, "triage") or account.login.lower() in call.repo.collaborators):
            shapes.append(_collaborator(call, account, role))
    return page(call, shapes)


@route("GET", "/repos/{owner}/{repo}/collaborators/{login}", needs="metadata:read", role="write")
def is_collaborator(call: Call) -> Reply:
    account = call.world.account(call.params["login"])
    known = account.login.lower() in call.repo.collaborators or at_least(call.world.role(account, call.repo), "triage")
    if not known:
        raise not_found()
    return no_content()


@route("PUT", "/repos/{owner}/{repo}/collaborators/{login}", needs="administration:write", role="admin")
def add_collaborator(call: Call) -> Reply:
    """Change or give a role; the sandbox accepts the invitation at once, so the answer is 204."""
    account = call.world.account(call.params["login"])
    asked = str(call.body.get("permission", "push"))
    if asked not in GIVEN:
        raise validation_failed("Repository", "permission", "invalid")
    call.repo.collaborators[account.login.lower()] = GIVEN[asked]
    return no_content()


@route("DELETE", "/repos/{owner}/{repo}/collaborators/{login}", needs="administration:write", role="admin")
def remove_collaborator(call: Call) -> Reply:
    account = call.world.account(call.params["login"])
    call.repo.collaborators.pop(account.login.lower(), None)
    return no_content()
