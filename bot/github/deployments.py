"""Deployments of a commit: where it went, and how that stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.github.answers import Json, field, moment, optional
from bot.github.client import Client
from bot.github.repos import Repo

_MOST_ENVIRONMENTS: Final = 50


@dataclass(frozen=True, slots=True)
class Deployment:
    """The newest deployment of a commit to one environment, with its newest status.

    `state` is error, failure, inactive, pending, success, queued or in_progress, None as long as nobody set one;
    `url` is where the environment can be seen and `log_url` the log, both as somebody else wrote them.
    """

    id: int
    environment: str
    sha: str
    state: str | None
    description: str
    url: str | None
    log_url: str | None
    created_at: datetime
    updated_at: datetime


async def newest_of(client: Client, repo: Repo, sha: str) -> tuple[list[Deployment], bool]:
    """The newest deployment of a commit to each environment, by the environment's name, and whether these are all."""
    items, complete = await client.pages(
        "/repos/{owner}/{repo}/deployments{?sha,per_page}", owner=repo.owner, repo=repo.name, sha=sha
    )
    newest: dict[str, Json] = {}
    for item in items:
        environment = field(item, "environment", str, _OF)
        if environment not in newest or _age(item) > _age(newest[environment]):
            newest[environment] = item
    chosen = [newest[name] for name in sorted(newest)]
    # One call for each: a commit that went to more environments than these is told to be known in part only.
    found = [await _with_status(client, repo, item) for item in chosen[:_MOST_ENVIRONMENTS]]
    return found, complete and len(chosen) <= _MOST_ENVIRONMENTS


_OF: Final = "the deployment"


def _age(value: Json) -> tuple[datetime, int]:
    return moment(value, "created_at", _OF), field(value, "id", int, _OF)


async def _with_status(client: Client, repo: Repo, value: Json) -> Deployment:
    number = field(value, "id", int, _OF)
    statuses, _ = await client.pages(
        "/repos/{owner}/{repo}/deployments/{number}/statuses{?per_page}",
        owner=repo.owner,
        repo=repo.name,
        number=number,
    )
    status: Json = max(statuses, key=_age, default={})
    created_at = moment(value, "created_at", _OF)
    return Deployment(
        id=number,
        environment=field(value, "environment", str, _OF),
        sha=field(value, "sha", str, _OF),
        state=optional(status, "state", str, _OF),
        description=optional(status, "description", str, _OF) or "",
        # Empty strings stand for addresses that nobody gave.
        url=optional(status, "environment_url", str, _OF) or None,
        log_url=optional(status, "log_url", str, _OF) or optional(status, "target_url", str, _OF) or None,
        created_at=created_at,
        updated_at=moment(status, "created_at", _OF) if status else created_at,
    )
