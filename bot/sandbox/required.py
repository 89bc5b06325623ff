"""What a protected branch demands of a commit before a pull request may be merged."""

from __future__ import annotations

from bot.sandbox.ci import CheckRun, CommitStatus
from bot.sandbox.payloads.pulls import base_tip
from bot.sandbox.state import Pull, Repository

PASSING = ("success", "skipped", "neutral")


def newest_runs(repo: Repository, sha: str) -> list[CheckRun]:
    """Give the newest run of each (App, name) on a commit."""
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in repo.check_runs.values():
        if run.suite.head_sha == sha:
            newest[run.suite.app.id, run.name] = run
    return list(newest.values())


def newest_statuses(repo: Repository, sha: str) -> list[CommitStatus]:
    """Give the newest status of each context, newest first."""
    newest: dict[str, CommitStatus] = {}
    for status in repo.statuses:
        if status.sha == sha:
            newest.pop(status.context, None)
            newest[status.context] = status
    return list(reversed(newest.values()))


def unmet_checks(repo: Repository, branch: str, sha: str) -> list[str]:
    """Name the required checks that have not passed. A check run and a status of one name must both pass."""
    protection = repo.protections.get(branch)
    if protection is None:
        return []
    runs, statuses = newest_runs(repo, sha), newest_statuses(repo, sha)
    unmet = []
    for context, app_id in protection.checks.items():
        found = [
            run.conclusion in PASSING for run in runs if run.name == context and app_id in (None, run.suite.app.id)
        ]
        if app_id is None:
            found += [status.state == "success" for status in statuses if status.context == context]
        if not found or not all(found):
            unmet.append(context)
    return unmet


def failed_checks(repo: Repository, branch: str, sha: str) -> list[str]:
    """Name the required checks that are over and have not passed."""
    protection = repo.protections.get(branch)
    failed = []
    for context, app_id in protection.checks.items() if protection is not None else ():
        runs = [run for run in newest_runs(repo, sha) if run.name == context and app_id in (None, run.suite.app.id)]
        states = [one.state for one in newest_statuses(repo, sha) if one.context == context and app_id is None]
        if any(run.conclusion not in (*PASSING, None) for run in runs) or {"failure", "error"} & set(states):
            failed.append(context)
    return failed


def mergeable_state(pull: Pull) -> str:
    """Sum up as GitHub does: dirty, draft, behind, blocked, unstable or clean."""
    test, repo = pull.merge_test, pull.repo
    if test is not None and test.tree is None:
        return "dirty"
    if pull.draft:
        return "draft"
    protection = repo.protections.get(pull.base_ref)
    if protection is not None and protection.strict and not repo.git.is_ancestor(base_tip(pull), pull.head_sha):
        return "behind"
    if unmet_checks(repo, pull.base_ref, pull.head_sha):
        return "blocked"
    failed = any(run.conclusion not in (*PASSING, None) for run in newest_runs(repo, pull.head_sha))
    failed = failed or any(one.state in ("failure", "error") for one in newest_statuses(repo, pull.head_sha))
    return "unstable" if failed else "clean"
