"""What tests and the demo do to the sandbox from outside GitHub: CI, queues, installations, protection."""

from __future__ import annotations

from typing import Literal

from bot.sandbox import mergequeue, repositories
from bot.sandbox.ci import CheckRun, CheckSuite, WorkflowRun
from bot.sandbox.errors import GitHubError, forbidden, not_found
from bot.sandbox.hub import Hub, subscribed
from bot.sandbox.payloads.accounts import installation, node_id, simple_user
from bot.sandbox.payloads.pulls import pull_full
from bot.sandbox.routes.checks import check_fields, emit_run, rerequest_run, rerequest_suite, write_run
from bot.sandbox.state import ROLES, Account, App, Installation, Json, Protection, Pull, Repository, Team, at_least

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
    run = write_run(hub, repo, app_by_slug(hub, app), sha, body)
    mergequeue.reconsider(hub, repo)
    return run


def request_action(hub: Hub, run: CheckRun, identifier: str, sender: Account) -> None:
    """Press a button of a completed check run; whoever sees the repository sees the button."""
    if not at_least(hub.world.role(sender, run.suite.repo), "read"):
        raise not_found()
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


def rerequest(hub: Hub, what: CheckRun | CheckSuite, sender: Account) -> None:
    """Press "Re-run" of a check run, or "Re-run all checks" of a suite: the App concerned hears of it."""
    suite = what.suite if isinstance(what, CheckRun) else what
    if not at_least(hub.world.role(sender, suite.repo), "write"):
        raise forbidden("Must have write access to re-run checks.")
    if isinstance(what, CheckRun):
        rerequest_run(hub, what, sender)
    else:
        rerequest_suite(hub, what, sender)


def set_draft(hub: Hub, pull: Pull, draft: bool, sender: Account) -> None:
    """Say that a pull request is ready, or only a draft; GitHub offers this by page and GraphQL, not by REST."""
    if sender is not pull.issue.user and not at_least(hub.world.role(sender, pull.repo), "write"):
        raise forbidden("Must have write access or be the author of the pull request.")
    if pull.draft is draft or not pull.is_open:
        raise GitHubError(422, f"The pull request is {'already' if pull.is_open else 'no longer'} open like that")
    pull.draft, pull.issue.updated_at = draft, hub.now()
    action = "converted_to_draft" if draft else "ready_for_review"
    payload: Json = {"action": action, "number": pull.number, "pull_request": pull_full(hub.site, pull)}
    hub.emit(pull.repo, "pull_request", payload, sender)


def queue(hub: Hub, repo: Repository, number: int, sender: Account, leave: str | None = None) -> None:
    """Put a pull request into the merge queue, or take it out for a reason of GitHub's list."""
    if not at_least(hub.world.role(sender, repo), "write"):
        raise forbidden("Must have write access to use the merge queue.")
    if leave is not None:
        mergequeue.leave(hub, repo, number, leave, sender)
    else:
        mergequeue.enqueue(hub, repo, number, sender)


def rename(hub: Hub, repo: Repository, name: str, sender: Account | None = None) -> None:
    """Rename a repository, as its owner or an administrator of it does."""
    administrators = [hub.world.account(login) for login in hub.world.org_admins.get(repo.owner.login.lower(), ())]
    repositories.rename(hub, repo, name, sender or next(iter(administrators), repo.owner))


def set_team(hub: Hub, org: Account, slug: str, settings: Json) -> Team:
    """Make a team or change it: what is not given stays."""
    for role in (settings.get("repos") or {}).values():
        if role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}")
    team = next((one for one in hub.world.teams if (one.org, one.slug) == (org.login, slug)), None)
    if team is None:
        team = Team(hub.world.next_id("team"), org.login, slug, str(settings.get("name", slug)), {}, set(), {})
        hub.world.teams.append(team)
    if "members" in settings:
        team.members = {hub.world.account(login).login.lower(): role for login, role in settings["members"].items()}
    if "pending" in settings:
        team.pending = {login.lower() for login in settings["pending"]}
    if "repos" in settings:
        team.repos = {name.lower(): role for name, role in settings["repos"].items()}
    team.parent = settings.get("parent", team.parent)
    return team


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
