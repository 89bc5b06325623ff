"""Gates: the check runs and statuses of others on a commit, as facts."""

from __future__ import annotations

from typing import Final

from bot.github import checks
from bot.github.client import Client
from bot.github.errors import GitHubError
from bot.github.repos import Repo
from bot.runs.facts import GateReport, GateState, Unknown

_GREEN: Final = frozenset({"success", "neutral", "skipped"})


async def gates_at(client: Client, repo: Repo, sha: str, own_app_id: int) -> tuple[GateReport, ...] | Unknown:
    """What everybody but this App reports on a commit, by name. Raises GitHubError for a fault that may pass."""
    try:
        runs, all_runs = await checks.runs_for(client, repo, sha)
        statuses, all_statuses = await checks.statuses_for(client, repo, sha)
    except GitHubError as error:
        return unknown(error)
    if not all_runs or not all_statuses:
        return Unknown(f"GitHub listed only a part of the checks on {sha[:7]}")
    reports = [_run_report(run) for run in runs if run.app_id != own_app_id]
    reports += [_status_report(status) for status in statuses]
    return tuple(sorted(reports, key=lambda report: (report.name, report.source)))


def unknown(error: GitHubError) -> Unknown:
    """A fact that asking again would not bring; what may pass is raised instead, and the pass tried again."""
    if error.is_transient:
        raise error
    return Unknown(error.sentence())


def _run_report(run: checks.CheckRun) -> GateReport:
    if run.status != "completed":
        state, said = GateState.PENDING, run.status.replace("_", " ")
    else:
        state = GateState.GREEN if run.conclusion in _GREEN else GateState.RED
        said = run.conclusion or "no conclusion"
    return GateReport(run.name, run.app_slug or "check", state, said, run.details_url or run.html_url, run.title)


def _status_report(status: checks.CommitStatus) -> GateReport:
    states = {"success": GateState.GREEN, "pending": GateState.PENDING}
    state = states.get(status.state, GateState.RED)
    return GateReport(status.context, "status", state, status.state, status.target_url, status.description)
