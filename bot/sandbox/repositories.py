"""A repository's own life: made, renamed, given to another owner, a branch renamed."""

from __future__ import annotations

from pathlib import PurePosixPath

from bot.sandbox.errors import GitHubError, unprocessable, validation_failed
from bot.sandbox.git.store import ZERO, GitStore, Person
from bot.sandbox.hub import Hub
from bot.sandbox.payloads.accounts import organization, simple_user
from bot.sandbox.payloads.pulls import pull_full
from bot.sandbox.pushes import RefUpdate, all_pulls, announce
from bot.sandbox.state import Account, Json, Pull, Repository


def create(
    hub: Hub,
    full_name: str,
    sender: Account,
    *,
    private: bool = False,
    description: str | None = None,
    files: dict[str, str] | None = None,
) -> Repository:
    """Make a repository with one commit on `main`; raises GitHubError 422 for a name that is taken."""
    owner_login, _, name = full_name.partition("/")
    owner = hub.world.account(owner_login)
    if full_name.lower() in hub.world.repos:
        raise validation_failed("Repository", "name", "custom", "name already exists on this account")
    if not name or PurePosixPath(name).name != name:
        raise unprocessable(f"{full_name} is not owner/name")
    now = hub.now()
    number = max((repo.id for repo in hub.world.repos.values()), default=3000) + 1
    git = GitStore.create(hub.directory / owner.login / f"{number}-{name}.git", "main")
    repo = Repository(number, owner, name, private, description, "main", git, now, now, now)
    if sender is not owner:
        repo.collaborators[sender.login.lower()] = "admin"
    blobs = {path: (0o100644, git.add_blob(text.encode())) for path, text in (files or {"README.md": ""}).items()}
    person = Person(sender.name, sender.email, now)
    git.set_ref("refs/heads/main", git.add_commit(git.add_tree(blobs), [], "Begin\n", person, person))
    for other in hub.world.repos.values():
        other.old_names.discard(full_name.lower())
    hub.world.repos[full_name.lower()] = repo
    hub.emit(repo, "repository", {"action": "created"}, sender)
    return repo


def rename(hub: Hub, repo: Repository, name: str, sender: Account) -> None:
    """Rename a repository; its former name answers 301 from then on, and its id stays."""
    before = repo.name
    _move(hub, repo, repo.owner, name)
    hub.emit(repo, "repository", {"action": "renamed", "changes": {"repository": {"name": {"from": before}}}}, sender)


def transfer(hub: Hub, repo: Repository, owner: Account, sender: Account) -> None:
    """Give a repository to another owner. The App is there only if it is installed on that account, too."""
    before = repo.owner
    for installed in hub.world.installations.values():
        if installed.account is before and installed.repositories is not None:
            installed.repositories.discard(repo.id)
    _move(hub, repo, owner, repo.name)
    for team in hub.world.teams:
        team.repos.pop(repo.full_name.lower(), None)
    who: Json = (
        {"organization": organization(hub.site, before)}
        if before.type == "Organization"
        else {"user": simple_user(hub.site, before)}
    )
    hub.emit(repo, "repository", {"action": "transferred", "changes": {"owner": {"from": who}}}, sender)


def _move(hub: Hub, repo: Repository, owner: Account, name: str) -> None:
    former, wanted = repo.full_name.lower(), f"{owner.login}/{name}".lower()
    if hub.world.repos.get(wanted, repo) is not repo:
        raise validation_failed("Repository", "name", "custom", "name already exists on this account")
    del hub.world.repos[former]
    for other in hub.world.repos.values():
        other.old_names.discard(wanted)
    repo.owner, repo.name, repo.moved_at, repo.updated_at = owner, name, hub.now(), hub.now()
    repo.old_names = (repo.old_names | {former}) - {wanted}
    hub.world.repos[wanted] = repo
    for team in hub.world.teams:
        if former in team.repos:
            team.repos[wanted] = team.repos.pop(former)
    for pull in all_pulls(hub):
        if pull.head_repo is repo:
            pull.head_label = f"{owner.login}:{pull.head_ref}"


def rename_branch(hub: Hub, repo: Repository, branch: str, new_name: str, sender: Account) -> None:
    """Rename a branch: open pull requests into it follow, an open pull request from it is closed.

    GitHub's docs say that the base branch of open pull requests is updated, and that a pull request is closed
    whose head the renamed branch is.
    """
    git = repo.git
    sha = git.branch(branch)
    if sha is None:
        raise GitHubError(404, "Branch not found")
    if git.branch(new_name) is not None:
        raise unprocessable(f"Branch {new_name} already exists")
    git.set_ref(f"refs/heads/{new_name}", sha)
    git.delete_ref(f"refs/heads/{branch}")
    if repo.default_branch == branch:
        repo.default_branch = new_name
        git.set_head(new_name)
    if (protection := repo.protections.pop(branch, None)) is not None:
        repo.protections[new_name] = protection
    for pull in [one for one in repo.pulls() if one.is_open and one.base_ref == branch]:
        _retarget(hub, pull, new_name, sender)
    announce(hub, repo, RefUpdate(f"refs/heads/{new_name}", ZERO, sha), sender)
    announce(hub, repo, RefUpdate(f"refs/heads/{branch}", sha, ZERO), sender)


def _retarget(hub: Hub, pull: Pull, base: str, sender: Account) -> None:
    changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
    pull.base_ref = base
    payload: Json = {"action": "edited", "number": pull.number, "changes": changes}
    hub.emit(pull.repo, "pull_request", payload | {"pull_request": pull_full(hub.site, pull)}, sender)
