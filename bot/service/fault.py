"""A reaction that keeps failing says so on the pull request, in GitHub's own words."""

from __future__ import annotations

import structlog

from bot.github import comments
from bot.github.app import GitHubApp
from bot.github.errors import GitHubError
from bot.github.repos import Repo
from bot.store.pulls import PullRow
from bot.views.words import plain

FAULT_MARKER = "<!-- stepwise:fault -->"
_log = structlog.get_logger()


async def take_fault_back(app: GitHubApp, app_id: int, row: PullRow) -> bool:
    """The pull request can be worked on again: what was told of the fault goes. False when that must be tried again."""
    client, repo = app.installation(row.installation_id, row.key.repository_id), Repo.of(row.full_name)
    try:
        found = await comments.find_own(client, repo, row.key.number, marker=FAULT_MARKER, app_id=app_id)
        if found is not None:
            await comments.delete(client, repo, found.id)
    except GitHubError as error:
        _log.warning("what was told of the fault could not be taken back", error=error.sentence())
        return not error.is_transient
    return True


async def tell_fault(app: GitHubApp, app_id: int, row: PullRow, sentence: str) -> None:
    """Say it once per pull request: a comment that is there is edited, if it says something else.

    What GitHub refuses here is only logged: it is told with the next failure.
    """
    client, repo = app.installation(row.installation_id, row.key.repository_id), Repo.of(row.full_name)
    body = (
        f"Stepwise cannot go on here: {plain(sentence, 600)}.\n\nIt keeps trying. Nothing that was said is lost.\n\n"
        f"{FAULT_MARKER}"
    )
    try:
        found = await comments.find_own(client, repo, row.key.number, marker=FAULT_MARKER, app_id=app_id)
        if found is None:
            await comments.create(client, repo, row.key.number, body)
        elif found.body != body:
            await comments.update(client, repo, found.id, body)
    except GitHubError as error:
        _log.warning("the fault could not be told", error=error.sentence())
