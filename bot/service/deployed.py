"""Where the head was deployed to, as facts."""

from __future__ import annotations

from typing import Final

from bot.github import deployments
from bot.github.errors import GitHubError
from bot.plans.model import Dialect
from bot.runs.facts import Deployment, PullFacts
from bot.runs.model import Run, RunState
from bot.service.target import Target

_DEPLOYABLE: Final = frozenset({RunState.VALIDATING, RunState.COMPLETED, RunState.CLOSED})


async def deployed(target: Target, pull: PullFacts, run: Run | None) -> tuple[Deployment, ...]:
    """Where the head was deployed to; asked for only where a record has a place for it."""
    if run is None or run.dialect is not Dialect.MEMORY_BANK or run.state not in _DEPLOYABLE:
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
