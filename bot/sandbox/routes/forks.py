"""Forks: another owner's copy, with its history, whose pull requests stand in the original."""

from __future__ import annotations

import shutil

from bot.sandbox.call import Call, Reply, route
from bot.sandbox.git.store import GitStore
from bot.sandbox.payloads.repos import full_repository
from bot.sandbox.state import Repository


@route("POST", "/repos/{owner}/{repo}/forks", needs="administration:write", role="read")
def create_fork(call: Call) -> Reply:
    """Fork into the caller's account: 202, and the same fork when there is one. The App is not installed there."""
    account, origin, now = call.account, call.repo, call.hub.now()
    name = str(call.body.get("name") or origin.name)
    for repo in call.world.repos.values():
        if repo.owner is account and repo.parent is origin:
            return Reply(202, full_repository(call.hub.site, repo, call.viewer))
    path = call.hub.directory / account.login / f"{name}.git"
    shutil.copytree(origin.git.path, path)
    git = GitStore(path)
    for ref in git.refs("refs/pull/"):
        git.delete_ref(ref)
    number = max(repo.id for repo in call.world.repos.values()) + 1
    description, default = origin.description, origin.default_branch
    fork = Repository(number, account, name, origin.private, description, default, git, now, now, now, parent=origin)
    call.world.repos[fork.full_name.lower()] = fork
    return Reply(202, full_repository(call.hub.site, fork, call.viewer))
