"""Who may do what, asked from GitHub at the time it matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from bot.github.answers import field, optional
from bot.github.client import Client
from bot.github.errors import NotFound, UnexpectedAnswer
from bot.github.repos import Repo

Level = Literal["admin", "write", "read", "none"]


@dataclass(frozen=True, slots=True)
class Permission:
    """What somebody may do in a repository.

    GitHub counts maintain as write and triage as read in `level`; `role_name` tells them apart, and may be a role
    that the organisation made up. `user_id` is whose it is, as a login can pass to somebody else.
    """

    level: Level
    role_name: str
    user_id: int | None

    @property
    def may_write(self) -> bool:
        return self.level in ("admin", "write")


NOBODY = Permission("none", "none", None)


async def permission(client: Client, repo: Repo, login: str) -> Permission:
    """The permission of an account; none for bots, which GitHub's endpoint does not know, and for unknown logins.

    On a public repository everybody has at least `read`.
    """
    if login.lower().endswith("[bot]"):
        return NOBODY
    try:
        value = await client.get(
            "/repos/{owner}/{repo}/collaborators/{login}/permission", owner=repo.owner, repo=repo.name, login=login
        )
    except NotFound:
        return NOBODY
    of = "the permission"
    level = field(value, "permission", str, of)
    if level not in ("admin", "write", "read", "none"):
        raise UnexpectedAnswer(f"The permission has the unknown level {level[:40]!r}")
    return Permission(
        level=cast(Level, level),
        role_name=optional(value, "role_name", str, of) or level,
        user_id=optional(value, "user.id", int, of),
    )


async def is_team_member(client: Client, organization: str, team_slug: str, login: str) -> bool:
    """Whether somebody is an active member of a team or of one of its child teams; an invitation is not enough."""
    try:
        value = await client.get(
            "/orgs/{organization}/teams/{team_slug}/memberships/{login}",
            organization=organization,
            team_slug=team_slug,
            login=login,
        )
    except NotFound:
        return False
    return field(value, "state", str, "the membership") == "active"
