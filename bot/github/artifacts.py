"""Artifacts: what a workflow run kept, by name and address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.github.answers import Json, field, optional, optional_moment
from bot.github.client import Client
from bot.github.repos import Repo


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact: `size` in bytes, `url` the page that people can download it from until `expires_at`."""

    id: int
    name: str
    size: int
    url: str
    is_expired: bool
    expires_at: datetime | None


async def of_run(client: Client, repo: Repo, workflow_run_id: int, *, run_url: str) -> tuple[list[Artifact], bool]:
    """The artifacts of a run by ascending id, and whether these are all; `run_url` is the page of the run itself."""
    items, complete = await client.pages(
        "/repos/{owner}/{repo}/actions/runs/{workflow_run_id}/artifacts{?per_page}",
        iterable_key="artifacts",
        owner=repo.owner,
        repo=repo.name,
        workflow_run_id=workflow_run_id,
    )
    return sorted((_artifact(item, run_url) for item in items), key=lambda one: one.id), complete


def _artifact(value: Json, run_url: str) -> Artifact:
    of = "the artifact"
    number = field(value, "id", int, of)
    return Artifact(
        id=number,
        name=field(value, "name", str, of),
        size=optional(value, "size_in_bytes", int, of) or 0,
        # The API's own address answers only to a token.
        url=f"{run_url}/artifacts/{number}",
        is_expired=optional(value, "expired", bool, of) or False,
        expires_at=optional_moment(value, "expires_at", of),
    )
