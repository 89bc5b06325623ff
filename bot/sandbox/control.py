"""What tests and the demo do to the sandbox from outside GitHub: CI, queues, installations, protection."""

from __future__ import annotations

from typing import Literal

from bot.sandbox.errors import GitHubError, not_found
from bot.sandbox.git.merge import merge_commits
from bot.sandbox.git.store import Person
from bot.sandbox.hub import Hub, subscribed
from bot.sandbox.payloads.accounts import installation, node_id, simple_user
from bot.sandbox.payloads.commits import simple_commit
from bot.sandbox.payloads.pulls import base_tip
from bot.sandbox.routes.checks import check_fields, emit_run, write_run
from bot.sandbox.state import Account, App, CheckRun, Installation, Json, Protection, Repository, WorkflowRun

InstallationAction = Literal["created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"]


def app_by_slug(hub: Hub, slug: str) -> App:
    for app in hub.world.apps.values():
        if app.slug == slug:
            return app
    raise GitHubError(404, f"There is no app {slug}")


def set_ci(
    hub: Hub, repo: Repository, ref: str, name: str, conclusion: str | None, *, app: str = "ci", summary: str = ""
) -> CheckRun:
    """Let a second App report on a commit or branch; no conclusion means that it is still running."""
    sha = repo.git.resolve(ref)
    if sha is None:
        raise GitHubError(422, f"No commit found for SHA: {ref}")
    body: Json = {"name": name, "status": "in_progress"}
    if conclusion is not None:
        text = summary or f"{name}: {conclusion}"
        body = {"name": name, "conclusion": conclusion, "output": {"title": conclusion, "summary": text}}
    check_fields(body)
    return write_run(hub, repo, app_by_slug(hub, app), sha, body)


def request_action(hub: Hub, run: CheckRun, identifier: str, sender: Account) -> None:
    """Press a button of a completed check run."""
    if run.status != "completed" or identifier not in [one["identifier"] for one in run.actions]:
        raise GitHubError(422, f"The check run shows no button {identifier}")
    emit_run(hub, run, "requested_action", sender, run.suite.app, requested_action={"identifier": identifier})


def check_run_named(repo: Repository, run_id: int) -> CheckRun:
    if (run := repo.check_runs.get(run_id)) is None:
        raise not_found()
    return run


def workflow_run_of(repo: Repository, run_id: int) -> WorkflowRun:
    if (run := repo.workflow_runs.get(run_id)) is None:
        raise not_found()
    return run


def queue_for_merge(hub: Hub, repo: Repository, number: int, sender: Account) -> Json:
    """Put a pull request into the merge queue: a group branch with the test merge, and `checks_requested`."""
    pull = repo.pull(number)
    base = base_tip(pull)
    merged = merge_commits(repo.git, base, pull.head_sha)
    if merged.tree is None:
        raise GitHubError(422, "Pull request is not mergeable")
    bot = Person("GitHub", "noreply@github.com", hub.now())
    message = f"Merge pull request #{number} from {pull.head_label.replace(':', '/')}"
    sha = repo.git.add_commit(merged.tree, [base, pull.head_sha], message, bot, bot)
    ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{number}-{base}"
    repo.git.set_ref(ref, sha)
    group = {
        "head_sha": sha,
        "head_ref": ref,
        "base_sha": base,
        "base_ref": f"refs/heads/{pull.base_ref}",
        "head_commit": simple_commit(repo, sha),
    }
    hub.emit(repo, "merge_group", {"action": "checks_requested", "merge_group": group}, sender)
    return group


def leave_queue(hub: Hub, repo: Repository, group: Json, reason: str, sender: Account) -> None:
    """Take a group out of the queue: `merged`, `invalidated` or `dequeued`."""
    if repo.git.ref(group["head_ref"]) is not None:
        repo.git.delete_ref(group["head_ref"])
    hub.emit(repo, "merge_group", {"action": "destroyed", "reason": reason, "merge_group": group}, sender)


def protect(
    repo: Repository,
    branch: str,
    checks: dict[str, int | None] | None,
    *,
    strict: bool = False,
    pull_request: bool = False,
    merge_queue: bool = False,
) -> None:
    """Protect a branch with required checks (context -> App id or None); None for `checks` lifts the protection."""
    if checks is None:
        repo.protections.pop(branch, None)
    else:
        repo.protections[branch] = Protection(dict(checks), strict, pull_request, merge_queue)


def rename(hub: Hub, repo: Repository, name: str) -> None:
    """Rename a repository; its former name answers 301 from then on."""
    hub.world.repos.pop(repo.full_name.lower())
    repo.old_names.add(repo.full_name.lower())
    repo.name = name
    hub.world.repos[repo.full_name.lower()] = repo


def change_installation(hub: Hub, installed: Installation, action: InstallationAction, sender: Account) -> None:
    """Create, delete, suspend, or widen an installation, and send `installation`."""
    match action:
        case "created":
            hub.world.installations[installed.id] = installed
        case "deleted":
            hub.world.installations.pop(installed.id, None)
        case "suspend":
            installed.suspended_at, installed.suspended_by = hub.now(), sender
        case "unsuspend":
            installed.suspended_at = installed.suspended_by = None
        case "new_permissions_accepted":
            installed.permissions = dict(installed.app.permissions)
    payload: Json = {"action": action, "installation": installation(hub.site, installed)}
    payload["repositories"] = [_brief(repo) for repo in hub.world.repos.values() if installed.covers(repo)]
    if action == "created":
        payload["requester"] = None
    _send(hub, installed, "installation", payload, sender)


def select_repositories(
    hub: Hub, installed: Installation, added: list[Repository], removed: list[Repository], sender: Account
) -> None:
    """Change which repositories an installation covers, and send `installation_repositories` for each direction."""
    if installed.repositories is None:
        installed.repositories = {repo.id for repo in hub.world.repos.values() if repo.owner is installed.account}
    installed.repositories |= {repo.id for repo in added}
    installed.repositories -= {repo.id for repo in removed}
    for action, some in (("added", added), ("removed", removed)):
        if some:
            payload: Json = {
                "action": action,
                "installation": installation(hub.site, installed),
                "repository_selection": "selected",
                "repositories_added": [_brief(repo) for repo in added] if action == "added" else [],
                "repositories_removed": [_brief(repo) for repo in removed] if action == "removed" else [],
                "requester": None,
            }
            _send(hub, installed, "installation_repositories", payload, sender)


def _brief(repo: Repository) -> Json:
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }


def _send(hub: Hub, installed: Installation, name: str, payload: Json, sender: Account) -> None:
    hub.hooks.send(installed.app, name, payload | {"sender": simple_user(hub.site, sender)}, repository_id=None)


def ping(hub: Hub, app: App) -> None:
    """Send `ping`, as when a webhook is set up; it names no installation."""
    assert not subscribed(app, "ping")
    hook: Json = {
        "type": "App",
        "id": app.hook_id,
        "name": "web",
        "active": True,
        "events": app.events,
        "config": {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": app.webhook_url},
        "updated_at": hub.now().isoformat(),
        "created_at": hub.now().isoformat(),
        "app_id": app.id,
        "deliveries_url": f"{hub.site.url}/app/hook/deliveries",
    }
    zen = "Practicality beats purity."
    hub.hooks.send(app, "ping", {"zen": zen, "hook_id": app.hook_id, "hook": hook}, repository_id=None)
