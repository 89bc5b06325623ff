"""What follows when a branch moves, whoever moved it: by git, by the API, or by a merge."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.ci import CheckSuite
from bot.sandbox.errors import GitHubError
from bot.sandbox.git.diff import diff_trees
from bot.sandbox.git.store import ZERO
from bot.sandbox.hub import Hub
from bot.sandbox.payloads.accounts import simple_user
from bot.sandbox.payloads.checks import check_suite_event
from bot.sandbox.payloads.commits import parent_tree, push_commit
from bot.sandbox.payloads.pulls import base_tip, pull_full
from bot.sandbox.payloads.repos import html_url, repository
from bot.sandbox.state import Account, App, Json, Pull, Repository

MAX_COMMITS_IN_PAYLOAD = 2048
WORKFLOWS = ".github/workflows/"


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """A reference that has moved; 40 zeros stand for nothing."""

    ref: str
    before: str
    after: str

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None


def move(hub: Hub, repo: Repository, update: RefUpdate, actor: Account) -> None:
    """Write a reference and tell the world."""
    if update.after == ZERO:
        repo.git.delete_ref(update.ref)
    else:
        repo.git.set_ref(update.ref, update.after)
    announce(hub, repo, update, actor)


def announce(hub: Hub, repo: Repository, update: RefUpdate, actor: Account) -> None:
    """Send what GitHub sends after a push, and bring the pull requests of the branch up to date."""
    repo.pushed_at = repo.updated_at = hub.now()
    branch = update.branch
    _created_or_deleted(hub, repo, update, actor)
    if branch is None and not update.ref.startswith("refs/tags/"):
        return
    hub.emit(repo, "push", push_payload(hub, repo, update, actor), actor)
    if branch is None:
        return
    for pull in [pull for pull in all_pulls(hub) if pull.is_open]:
        if pull.head_repo is repo and pull.head_ref == branch:
            _head_moved(hub, pull, update, actor)
    for pull in [pull for pull in repo.pulls() if pull.is_open and pull.base_ref == branch]:
        _base_moved(hub, pull, update, actor)
    if update.after != ZERO:
        request_suites(hub, repo, branch, update, actor)


def all_pulls(hub: Hub) -> list[Pull]:
    return [pull for repo in hub.world.repos.values() for pull in repo.pulls()]


def _created_or_deleted(hub: Hub, repo: Repository, update: RefUpdate, actor: Account) -> None:
    name = update.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    kind = "tag" if update.ref.startswith("refs/tags/") else "branch"
    common: Json = {"ref": name, "ref_type": kind, "pusher_type": "user"}
    if update.before == ZERO:
        extra = {"master_branch": repo.default_branch, "description": repo.description}
        hub.emit(repo, "create", common | extra, actor)
    elif update.after == ZERO:
        hub.emit(repo, "delete", common, actor)


def _head_moved(hub: Hub, pull: Pull, update: RefUpdate, actor: Account) -> None:
    """Follow the head branch. GitHub closes the pull request when the branch goes."""
    if update.after == ZERO:
        close(hub, pull, actor)
        return
    before, pull.head_sha = pull.head_sha, update.after
    fetch_head(pull)
    pull.base_sha = base_tip(pull)
    pull.issue.updated_at = hub.now()
    payload = {"action": "synchronize", "number": pull.number, "before": before, "after": update.after}
    hub.emit(pull.repo, "pull_request", payload | {"pull_request": pull_full(hub.site, pull)}, actor)


def _base_moved(hub: Hub, pull: Pull, update: RefUpdate, actor: Account) -> None:
    """A pull request whose commits have all arrived in the base branch is merged, however they came."""
    if update.after == ZERO:
        close(hub, pull, actor)
        return
    git = pull.repo.git
    if not git.is_ancestor(pull.head_sha, update.after):
        return
    if update.before != ZERO and git.is_ancestor(pull.head_sha, update.before):
        return
    mark_merged(hub, pull, update.after, update.before, actor)


def mark_merged(hub: Hub, pull: Pull, commit: str, base_before: str, actor: Account) -> None:
    """Note the merge and send `pull_request.closed` with `merged: true`."""
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = hub.now(), actor, commit
    pull.closed_base = base_before
    close(hub, pull, actor)


def close(hub: Hub, pull: Pull, actor: Account) -> None:
    issue = pull.issue
    pull.closed_base = pull.closed_base or base_tip(pull)
    issue.state, issue.closed_at, issue.closed_by, issue.updated_at = "closed", hub.now(), actor, hub.now()
    payload = {"action": "closed", "number": pull.number, "pull_request": pull_full(hub.site, pull)}
    hub.emit(pull.repo, "pull_request", payload, actor)


def fetch_head(pull: Pull) -> None:
    """Keep `refs/pull/N/head` in the base repository: that is how a fork's commits can be read there."""
    if pull.head_repo is not None and pull.head_repo is not pull.repo:
        pull.head_repo.git.repo.fetch(pull.repo.git.repo)
    pull.repo.git.set_ref(f"refs/pull/{pull.number}/head", pull.head_sha)


def request_suites(hub: Hub, repo: Repository, branch: str, update: RefUpdate, actor: Account) -> None:
    """Open one suite per App that may write checks; `skip-checks: true` at the end of the message prevents that."""
    commit = repo.git.commit(update.after)
    if commit is None or commit.message.decode("utf-8", "replace").rstrip().endswith("\n\nskip-checks: true"):
        return
    for installed in hub.world.installations.values():
        if installed.covers(repo) and installed.permissions.get("checks") == "write" and installed.suspended_at is None:
            before = None if update.before == ZERO else update.before
            suite, is_new = open_suite(hub, repo, installed.app, update.after, branch, before)
            if is_new:
                payload = {"action": "requested", "check_suite": check_suite_event(hub.site, suite)}
                hub.emit(repo, "check_suite", payload, actor, only=installed.app)


def open_suite(
    hub: Hub, repo: Repository, app: App, sha: str, branch: str | None, before: str | None = None
) -> tuple[CheckSuite, bool]:
    """Give the App's suite for a commit: there is one per App and commit."""
    for suite in repo.suites.values():
        if suite.app is app and suite.head_sha == sha:
            return suite, False
    now = hub.now()
    suite = CheckSuite(hub.world.next_id("check_suite"), repo, app, sha, branch, before, now, now)
    repo.suites[suite.id] = suite
    return suite, True


def push_payload(hub: Hub, repo: Repository, update: RefUpdate, actor: Account) -> Json:
    git, site = repo.git, hub.site
    created, deleted = update.before == ZERO, update.after == ZERO
    after = None if deleted else git.peel(update.after)
    if after is None:
        shas: list[str] = []
    elif created:
        others = {sha for ref, sha in git.refs("refs/heads/").items() if ref != update.ref}
        hidden = set().union(*(git.ancestors(sha) for sha in others)) if others else set()
        shas = [sha for sha in git.between(ZERO, after) if sha not in hidden]
    else:
        shas = git.between(update.before, after)
    listed = [_pushed(hub, repo, sha) for sha in shas[-MAX_COMMITS_IN_PAYLOAD:]]
    forced = not created and after is not None and not git.is_ancestor(update.before, after)
    head = _pushed(hub, repo, after) if after is not None else None
    compare = f"{update.before[:12]}...{update.after[:12]}"
    return {
        "ref": update.ref,
        "before": update.before,
        "after": update.after,
        "repository": _push_repository(hub, repo),
        "pusher": {"name": actor.login, "email": actor.email},
        "created": created,
        "deleted": deleted,
        "forced": forced,
        "base_ref": None,
        "compare": f"{html_url(site, repo)}/compare/{compare}",
        "commits": listed,
        "head_commit": head,
    }


def _pushed(hub: Hub, repo: Repository, sha: str) -> Json:
    changes = diff_trees(repo.git, parent_tree(repo, sha), repo.git.tree_of(sha))
    return push_commit(hub.site, repo, sha, changes)


def _push_repository(hub: Hub, repo: Repository) -> Json:
    """The repository of a push has its moments in seconds and its owner's name."""
    shape = repository(hub.site, repo)
    owner = simple_user(hub.site, repo.owner) | {"name": repo.owner.login, "email": repo.owner.email}
    return shape | {
        "owner": owner,
        "created_at": int(repo.created_at.timestamp()),
        "pushed_at": int(repo.pushed_at.timestamp()),
        "stargazers": 0,
        "master_branch": repo.default_branch,
    }


def touches_workflows(repo: Repository, before: str, after: str) -> bool:
    """Tell whether a push changes a workflow file: that needs a permission of its own."""
    old = repo.git.tree_of(before) if before != ZERO else None
    if old is None:
        default = repo.git.branch(repo.default_branch)
        old = repo.git.tree_of(default) if default is not None else repo.git.tree_of(ZERO)
    if old == repo.git.tree_of(after):
        return False
    one = repo.git.lookup(old, WORKFLOWS)
    other = repo.git.lookup(repo.git.tree_of(after), WORKFLOWS)
    return (one.sha if one is not None else None) != (other.sha if other is not None else None)


def check_protection(repo: Repository, update: RefUpdate) -> None:
    """Refuse what a protected branch does not take directly."""
    protection = repo.protections.get(update.branch or "")
    if protection is None:
        return
    if update.after == ZERO:
        raise GitHubError(422, "Cannot delete a protected branch")
    if update.before != ZERO and not repo.git.is_ancestor(update.before, update.after):
        raise GitHubError(422, "Cannot force-push to this branch")
    if protection.merge_queue:
        raise GitHubError(422, "Repository rule violations found\n\nChanges must be made through the merge queue\n\n")
    if protection.pull_request:
        raise GitHubError(422, "Repository rule violations found\n\nChanges must be made through a pull request.\n\n")
