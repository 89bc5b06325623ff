"""Repositories and the installations that reach them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.github.answers import Json, field, optional, optional_moment, record
from bot.github.client import Client, Pages
from bot.github.errors import UnsafeValue

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository's name as it goes into URLs. Raises UnsafeValue for what can be no name on GitHub."""

    owner: str
    name: str

    def __post_init__(self) -> None:
        for part in (self.owner, self.name):
            if not _NAME.fullmatch(part) or part in (".", ".."):
                raise UnsafeValue(f"{part[:100]!a} is not the name of an owner or repository on GitHub")

    @classmethod
    def of(cls, full_name: str) -> Repo:
        """The repository called `owner/name`."""
        owner, _, name = full_name.partition("/")
        return cls(owner, name)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as it is now; the id stays when it is renamed or transferred, the name does not."""

    id: int
    full_name: str
    default_branch: str
    is_private: bool
    is_archived: bool
    owner_is_organization: bool

    @property
    def repo(self) -> Repo:
        return Repo.of(self.full_name)


@dataclass(frozen=True, slots=True)
class Installation:
    """The App on one account; `permissions` are those that the account's owner has accepted."""

    id: int
    account_login: str
    account_is_organization: bool
    is_suspended: bool
    permissions: dict[str, str]
    events: tuple[str, ...]


async def by_id(client: Client, repository_id: int) -> Repository:
    """The repository with this id, whatever it is called by now. Raises NotFound."""
    return repository(await client.get("/repositories/{repository_id}", repository_id=repository_id))


async def by_name(client: Client, repo: Repo) -> Repository:
    """The repository of this name; GitHub follows renames. Raises NotFound."""
    return repository(await client.get("/repos/{owner}/{repo}", owner=repo.owner, repo=repo.name))


async def installation_of(app: Client, repo: Repo) -> Installation:
    """The installation that reaches this repository (asked as the App). Raises NotFound when there is none."""
    return installation(await app.get("/repos/{owner}/{repo}/installation", owner=repo.owner, repo=repo.name))


async def installation_by_id(app: Client, installation_id: int) -> Installation:
    """One installation (asked as the App). Raises NotFound."""
    return installation(await app.get("/app/installations/{installation_id}", installation_id=installation_id))


async def installations(app: Client) -> tuple[list[Installation], bool]:
    """All installations of the App (asked as the App), and whether these are all."""
    items, complete = await app.pages("/app/installations{?per_page}")
    return [installation(item) for item in items], complete


async def installation_repositories(client: Client) -> tuple[list[Repository], bool]:
    """All repositories that this installation reaches, and whether these are all."""
    found: Pages = await client.pages("/installation/repositories{?per_page}", iterable_key="repositories")
    return [repository(item) for item in found.items], found.complete


def repository(value: Json) -> Repository:
    """A repository from an answer."""
    of = "the repository"
    return Repository(
        id=field(value, "id", int, of),
        full_name=field(value, "full_name", str, of),
        default_branch=field(value, "default_branch", str, of),
        is_private=field(value, "private", bool, of),
        is_archived=optional(value, "archived", bool, of) or False,
        owner_is_organization=optional(value, "owner.type", str, of) == "Organization",
    )


def installation(value: Json) -> Installation:
    """An installation from an answer."""
    of = "the installation"
    permissions = record(optional(value, "permissions", dict, of) or {}, "permissions")
    events: list[Json] = optional(value, "events", list, of) or []
    return Installation(
        id=field(value, "id", int, of),
        # An enterprise's account has a slug and no login.
        account_login=optional(value, "account.login", str, of) or field(value, "account.slug", str, of),
        account_is_organization=optional(value, "account.type", str, of) == "Organization",
        is_suspended=optional_moment(value, "suspended_at", of) is not None,
        permissions={name: str(level) for name, level in permissions.items()},
        events=tuple(str(event) for event in events),
    )
