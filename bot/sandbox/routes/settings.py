"""What administrators change: a repository's settings, its owner, the names of branches."""

from __future__ import annotations

from bot.sandbox import repositories
from bot.sandbox.call import Call, Reply, created, ok, route
from bot.sandbox.errors import forbidden, not_accessible, unprocessable, validation_failed
from bot.sandbox.payloads.repos import full_repository, repository
from bot.sandbox.routes.repos import branch_shape
from bot.sandbox.state import Json


@route("PATCH", "/repos/{owner}/{repo}", needs="administration:write", role="admin")
def update_repo(call: Call) -> Reply:
    """Change description, default branch, visibility, whether there are issues; or the name, an event of its own."""
    repo, body, changes = call.repo, call.body, Json()
    if "description" in body and body["description"] != repo.description:
        changes["description"], repo.description = {"from": repo.description}, body["description"]
    if (branch := body.get("default_branch")) not in (None, repo.default_branch):
        if repo.git.branch(str(branch)) is None:
            raise validation_failed("Repository", "default_branch", "invalid")
        changes["default_branch"], repo.default_branch = {"from": repo.default_branch}, str(branch)
        repo.git.set_head(str(branch))
    repo.has_issues = bool(body.get("has_issues", repo.has_issues))
    repo.private = bool(body.get("private", repo.private))
    if changes:
        call.hub.emit(repo, "repository", {"action": "edited", "changes": changes}, call.account)
    if (name := body.get("name")) not in (None, repo.name):
        repositories.rename(call.hub, repo, str(name), call.account)
    return ok(full_repository(call.hub.site, repo, call.viewer))


@route("POST", "/repos/{owner}/{repo}/transfer", needs="administration:write", role="admin")
def transfer_repo(call: Call) -> Reply:
    """Give the repository away: 202, and GitHub does it in the background."""
    owner = call.world.account(call.text("new_owner"))
    if owner is call.repo.owner:
        raise unprocessable("Validation Failed: the repository is there already")
    repositories.transfer(call.hub, call.repo, owner, call.account)
    return Reply(202, repository(call.hub.site, call.repo, call.viewer))


@route("POST", "/repos/{owner}/{repo}/branches/{branch:path}/rename", needs="contents:write", role="write")
def rename_branch(call: Call) -> Reply:
    """Rename a branch. The default branch and protected ones need an administrator."""
    branch, new_name = call.params["branch"], call.text("new_name")
    if branch == call.repo.default_branch or branch in call.repo.protections:
        call.check_app_permission("administration:write")
        if not call.has_role("admin"):
            raise not_accessible() if call.app is not None else forbidden("Must have admin rights to Repository.")
    repositories.rename_branch(call.hub, call.repo, branch, new_name, call.account)
    return created(branch_shape(call, new_name))
