from __future__ import annotations

import pytest

from bot.github import repos
from bot.github.app import GitHubApp
from bot.github.client import Client
from bot.github.errors import NotFound, UnexpectedAnswer
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

REPOSITORY = {
    "id": 7,
    "full_name": "octo/renamed",
    "default_branch": "main",
    "private": True,
    "archived": False,
    "owner": {"login": "octo", "type": "Organization"},
}
INSTALLATION = {
    "id": 5,
    "account": {"login": "octo", "type": "User"},
    "permissions": {"checks": "write"},
    "events": ["push"],
    "suspended_at": None,
}


async def test_a_repository_is_found_by_its_id_after_a_rename(github: FakeGitHub, client: Client) -> None:
    github.on("GET", "/repositories/7", Reply(REPOSITORY))
    found = await repos.by_id(client, 7)
    assert found.repo == Repo("octo", "renamed")
    assert (found.default_branch, found.is_private, found.is_archived) == ("main", True, False)
    assert found.owner_is_organization


async def test_a_repository_is_found_by_its_old_name(github: FakeGitHub, client: Client, repo: Repo) -> None:
    github.on("GET", "/repos/octo/plans", Reply({}, 301, {"location": "/repositories/7"}))
    github.on("GET", "/repositories/7", Reply(REPOSITORY))
    assert (await repos.by_name(client, repo)).full_name == "octo/renamed"


@pytest.mark.parametrize(
    "answer",
    [
        {**REPOSITORY, "id": "7"},
        {**REPOSITORY, "id": True},
        {**REPOSITORY, "private": None},
        {**REPOSITORY, "owner": []},
        {"id": 7},
        [],
        None,
        "text",
    ],
)
async def test_a_field_of_the_wrong_type_is_a_clear_error(github: FakeGitHub, client: Client, answer: object) -> None:
    github.on("GET", "/repositories/7", Reply(answer))
    with pytest.raises(UnexpectedAnswer, match=r"repository|entry"):
        await repos.by_id(client, 7)


async def test_the_installation_of_a_repository_is_asked_as_the_app(
    github: FakeGitHub, app: GitHubApp, repo: Repo
) -> None:
    github.on("GET", "/repos/octo/plans/installation", Reply(INSTALLATION))
    found = await repos.installation_of(app.as_app(), repo)
    assert (found.id, found.account_login, found.is_suspended) == (5, "octo", False)
    assert found.permissions == {"checks": "write"}
    assert github.seen[0].headers["authorization"].startswith("bearer ")


async def test_a_suspended_installation_of_an_enterprise_is_read(github: FakeGitHub, app: GitHubApp) -> None:
    enterprise = {**INSTALLATION, "account": {"slug": "acme"}, "suspended_at": "2026-01-01T00:00:00Z"}
    github.on("GET", "/app/installations/5", Reply(enterprise))
    found = await repos.installation_by_id(app.as_app(), 5)
    assert (found.account_login, found.is_suspended) == ("acme", True)


async def test_installations_and_their_repositories_are_listed_in_full(
    github: FakeGitHub, app: GitHubApp, client: Client
) -> None:
    github.on("GET", "/app/installations?per_page=100", Reply([INSTALLATION]))
    github.on("GET", "/installation/repositories?per_page=100", Reply({"total_count": 1, "repositories": [REPOSITORY]}))
    installations, complete = await repos.installations(app.as_app())
    assert ([one.id for one in installations], complete) == ([5], True)
    repositories, complete = await repos.installation_repositories(client)
    assert ([one.id for one in repositories], complete) == ([7], True)


async def test_an_app_that_is_not_installed_is_not_found(github: FakeGitHub, app: GitHubApp, repo: Repo) -> None:
    with pytest.raises(NotFound):
        await repos.installation_of(app.as_app(), repo)
