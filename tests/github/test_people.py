from __future__ import annotations

from typing import Any

import pytest

from bot.github import people
from bot.github.client import Client
from bot.github.errors import Forbidden, UnexpectedAnswer, UnsafeValue
from bot.github.repos import Repo
from tests.github.conftest import FakeGitHub, Reply

PATH = "/repos/octo/plans/collaborators/maria/permission"


def level(permission: Any, role: Any) -> Reply:
    return Reply({"permission": permission, "role_name": role, "user": {"login": "maria", "id": 1}})


@pytest.mark.parametrize(
    ("permission", "role", "may_write"),
    [
        ("admin", "admin", True),
        ("write", "maintain", True),
        ("write", "our-own-role", True),
        ("read", "triage", False),
        ("read", "read", False),
        ("none", "none", False),
    ],
)
async def test_the_level_decides_and_the_role_is_told(
    github: FakeGitHub, client: Client, repo: Repo, permission: str, role: str, may_write: bool
) -> None:
    github.on("GET", PATH, level(permission, role))
    found = await people.permission(client, repo, "maria")
    assert (found.level, found.role_name, found.user_id) == (permission, role, 1)
    assert found.may_write is may_write


@pytest.mark.parametrize("login", ["dependabot[bot]", "Stepwise[BOT]"])
async def test_bots_have_no_permission_and_are_not_asked_about(
    github: FakeGitHub, client: Client, repo: Repo, login: str
) -> None:
    assert await people.permission(client, repo, login) == people.NOBODY
    assert github.seen == []


async def test_somebody_unknown_has_no_permission(github: FakeGitHub, client: Client, repo: Repo) -> None:
    assert not (await people.permission(client, repo, "nobody")).may_write


@pytest.mark.parametrize("permission", ["owner", "", None, 3, ["admin"]])
async def test_an_unknown_level_is_an_error_and_never_a_permission(
    github: FakeGitHub, client: Client, repo: Repo, permission: object
) -> None:
    github.on("GET", PATH, level(permission, "admin"))
    with pytest.raises(UnexpectedAnswer):
        await people.permission(client, repo, "maria")


async def test_not_being_allowed_to_ask_is_an_error_and_never_an_answer(
    github: FakeGitHub, client: Client, repo: Repo
) -> None:
    github.on("GET", PATH, Reply({"message": "Resource not accessible by integration"}, 403))
    with pytest.raises(Forbidden):
        await people.permission(client, repo, "maria")


@pytest.mark.parametrize("login", ["../../x", "a/../b", "a\n", ""])
async def test_a_login_that_is_none_is_refused(github: FakeGitHub, client: Client, repo: Repo, login: str) -> None:
    with pytest.raises(UnsafeValue):
        await people.permission(client, repo, login)
    assert github.seen == []


@pytest.mark.parametrize("login", ["maria/permission?x=", "maria%2F..", "maria#", "m ä"])
async def test_a_hostile_login_asks_about_nobody_else(
    github: FakeGitHub, client: Client, repo: Repo, login: str
) -> None:
    github.on("GET", PATH, level("admin", "admin"))
    assert await people.permission(client, repo, login) == people.NOBODY
    assert github.requests()[0].path.count("/") == PATH.count("/")


@pytest.mark.parametrize(("state", "is_member"), [("active", True), ("pending", False)])
async def test_only_an_active_membership_counts(
    github: FakeGitHub, client: Client, state: str, is_member: bool
) -> None:
    github.on("GET", "/orgs/octo/teams/leads/memberships/maria", Reply({"role": "member", "state": state}))
    assert await people.is_team_member(client, "octo", "leads", "maria") is is_member
    assert await people.is_team_member(client, "octo", "leads", "paul") is False
