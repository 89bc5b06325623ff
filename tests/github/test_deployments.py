from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.github import deployments
from bot.github.client import Client
from bot.github.errors import Forbidden, UnexpectedAnswer
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

SHA = "a" * 40
LIST = "/repos/octo/plans/deployments"


def deployed(number: int, environment: str, minute: int) -> dict[str, Any]:
    return {"id": number, "sha": SHA, "environment": environment, "created_at": f"2026-05-01T12:{minute:02}:00Z"}


def status(number: int, state: str, minute: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "state": state, "created_at": f"2026-05-01T12:{minute:02}:00Z", **more}


async def test_the_newest_status_of_the_newest_deployment_of_each_environment_counts(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on(
        "GET",
        LIST,
        Reply(
            [
                deployed(1, "staging", 1),
                deployed(3, "staging", 5),
                deployed(0, "staging", 2),
                deployed(2, "production", 5),
            ]
        ),
    )
    page = {"environment_url": "https://staging.example", "log_url": "https://ci.example/3", "description": "up"}
    github.on("GET", f"{LIST}/3/statuses", Reply([status(8, "in_progress", 6), status(9, "success", 7, **page)]))
    github.on("GET", f"{LIST}/2/statuses", Reply([]))
    found, complete = await deployments.newest_of(client, repo, SHA)
    production, staging = found
    assert complete
    assert (production.id, production.state, production.url) == (2, None, None)
    assert production.updated_at == production.created_at
    assert (staging.id, staging.state, staging.description) == (3, "success", "up")
    assert (staging.url, staging.log_url) == ("https://staging.example", "https://ci.example/3")
    assert staging.updated_at == datetime(2026, 5, 1, 12, 7, tzinfo=UTC)
    assert github.requests("GET", LIST)[0].query == f"sha={SHA}&per_page=100"
    assert not github.requests("GET", f"{LIST}/1/statuses")


async def test_addresses_that_nobody_gave_are_none_and_an_old_one_stands_in_for_the_log(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", LIST, Reply([deployed(1, "staging", 1)]))
    old = status(8, "failure", 6, environment_url="", log_url="", target_url="https://ci.example/1")
    github.on("GET", f"{LIST}/1/statuses", Reply([old]))
    ((found,), _) = await deployments.newest_of(client, repo, SHA)
    assert (found.url, found.log_url) == (None, "https://ci.example/1")


async def test_a_commit_that_went_to_very_many_environments_is_known_in_part_only(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", LIST, Reply([deployed(number, f"preview-{number}", 1) for number in range(51)]))
    for number in range(51):
        github.on("GET", f"{LIST}/{number}/statuses", Reply([]))
    found, complete = await deployments.newest_of(client, repo, SHA)
    assert (len(found), complete) == (50, False)


async def test_not_being_allowed_to_ask_is_an_error_and_not_no_deployments(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", LIST, Reply({"message": "Resource not accessible by integration"}, 403))
    with pytest.raises(Forbidden):
        await deployments.newest_of(client, repo, SHA)
    github.on("GET", LIST, Reply([{**deployed(1, "staging", 1), "environment": None}]))
    with pytest.raises(UnexpectedAnswer):
        await deployments.newest_of(client, repo, SHA)
