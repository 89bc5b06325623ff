"""What a record cites besides commits and checks: where the head was deployed to, and what its workflow runs kept."""

from __future__ import annotations

import re
from typing import Final

from bot.github import artifacts, deployments
from bot.github.errors import GitHubError
from bot.plans.model import Dialect
from bot.runs.facts import Artifact, Deployment, GateReport, PullFacts, Unknown
from bot.runs.model import Run, RunState
from bot.service.target import Target

_CITING: Final = frozenset({RunState.VALIDATING, RunState.COMPLETED, RunState.CLOSED})
_WORKFLOW_RUN: Final = re.compile(r"(?P<page>https?://\S+/actions/runs/(?P<id>\d{1,18}))(?:/|$)")
RUNS_ASKED: Final = 5


def _is_cited(run: Run | None) -> bool:
    """Only the execution log of a memory-bank plan has a place for these, and only towards its end."""
    return run is not None and run.dialect is Dialect.MEMORY_BANK and run.state in _CITING


async def deployed(target: Target, pull: PullFacts, run: Run | None) -> tuple[Deployment, ...]:
    """Where the head was deployed to; asked for only where a record has a place for it."""
    if not _is_cited(run):
        return ()
    try:
        found, _ = await deployments.newest_of(target.client, target.repo, pull.head_sha)
    except GitHubError as error:
        if error.is_transient:
            raise
        # An installation that was not given this permission has no deployments to speak of.
        return ()
    return tuple(
        Deployment(item.environment, item.state or "unknown", item.url, item.created_at, item.updated_at)
        for item in found
    )


async def kept_by_runs(
    target: Target, gates: tuple[GateReport, ...] | Unknown, run: Run | None
) -> tuple[Artifact, ...]:
    """The artifacts of the workflow runs behind the gates, of the first few; nothing where they cannot be listed."""
    if not _is_cited(run) or isinstance(gates, Unknown):
        return ()
    pages = {int(match["id"]): match["page"] for gate in gates if (match := _WORKFLOW_RUN.match(gate.url or ""))}
    found: list[Artifact] = []
    for workflow_run_id, page in list(pages.items())[:RUNS_ASKED]:
        try:
            items, _ = await artifacts.of_run(target.client, target.repo, workflow_run_id, run_url=page)
        except GitHubError as error:
            if error.is_transient:
                raise
            continue
        found += [Artifact(item.name, item.url) for item in items if not item.is_expired]
    return tuple(found)
