"""One API call: who asks for what, and whether they may."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from bot.sandbox.auth import Actor, Anonymous, AsApp, AsInstallation, AsUser
from bot.sandbox.errors import GitHubError, forbidden, not_accessible, not_found
from bot.sandbox.hub import Hub
from bot.sandbox.state import Account, App, Json, Repository, Role, at_least
from bot.sandbox.world import World

MAX_PER_PAGE = 100
DEFAULT_PER_PAGE = 30

AuthKind = Literal["any", "jwt", "user", "installation"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON, raw bytes, or nothing (204)."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: its template, who may use it, and what it does.

    `needs` names the App permissions of which one suffices (`issues:write|pull_requests:write`); `role` is what a
    user needs; `hidden` endpoints answer 404 to users whose role is too low, the others 403.
    """

    method: str
    template: str
    handler: Callable[[Call], Reply | Awaitable[Reply]]
    needs: str | None
    role: Role
    hidden: bool
    auth: AuthKind
    pattern: re.Pattern[str]


@dataclass(slots=True)
class Call:
    hub: Hub
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    actor: Actor
    body: Json
    params: dict[str, str] = field(default_factory=dict)
    route: Route | None = None
    _repo: Repository | None = None

    @property
    def world(self) -> World:
        return self.hub.world

    @property
    def version(self) -> str:
        return self.headers.get("x-github-api-version", "2022-11-28")

    @property
    def repo(self) -> Repository:
        """Give the repository of the path; it has passed the access check."""
        assert self._repo is not None
        return self._repo

    @property
    def account(self) -> Account:
        """Give the account that acts: the user, or the App's bot."""
        match self.actor:
            case AsUser(account):
                return account
            case AsInstallation():
                return self.actor.account
            case Anonymous() | AsApp():
                raise GitHubError(401, "Requires authentication")

    @property
    def app(self) -> App | None:
        """Give the App on whose behalf the call is made, for `performed_via_github_app`."""
        return self.actor.installation.app if isinstance(self.actor, AsInstallation) else None

    @property
    def viewer(self) -> Account | None:
        return self.actor.account if isinstance(self.actor, AsUser) else None

    def number(self, name: str) -> int:
        try:
            return int(self.params[name])
        except ValueError:
            raise not_found() from None

    def text(self, name: str) -> str:
        """Give a required text of the body; 422 when it is missing or of another type."""
        value = self.body.get(name)
        if not isinstance(value, str):
            wrong = (
                f'"{name}" wasn\'t supplied.'
                if value is None
                else f"For 'properties/{name}', {value!r} is not a string."
            )
            raise GitHubError(422, f"Invalid request.\n\n{wrong}")
        return value

    def check_app_permission(self, needs: str) -> None:
        """Refuse an App whose token has none of the permissions; users are not concerned."""
        if isinstance(self.actor, AsInstallation):
            pairs = [one.split(":") for one in needs.split("|")]
            if not any(self.actor.allows(permission, level) for permission, level in pairs):
                raise not_accessible()

    def has_role(self, role: Role) -> bool:
        """Tell whether the acting user has a role here; installations are judged by permissions instead."""
        if isinstance(self.actor, AsInstallation):
            return True
        return isinstance(self.actor, AsUser) and at_least(self.world.role(self.actor.account, self.repo), role)

    def paginate(self, items: list[Any]) -> tuple[list[Any], dict[str, str]]:
        """Cut out the page asked for and write the `Link` header."""
        per_page = min(max(self._positive("per_page", DEFAULT_PER_PAGE), 1), MAX_PER_PAGE)
        page = max(self._positive("page", 1), 1)
        last = max(-(-len(items) // per_page), 1)
        links = []
        if page > 1:
            links += [("prev", min(page - 1, last)), ("first", 1)]
        if page < last:
            links = [("next", page + 1), ("last", last), *links]
        header = ", ".join(f'<{self._page_url(number)}>; rel="{rel}"' for rel, number in links)
        return items[(page - 1) * per_page : page * per_page], ({"Link": header} if header else {})

    def _positive(self, name: str, default: int) -> int:
        value = self.query.get(name, "")
        return int(value) if value.isdecimal() else default

    def _page_url(self, page: int) -> str:
        return f"{self.hub.site.url}{self.path}?{urlencode(self.query | {'page': str(page)})}"


ROUTES: list[Route] = []

_SEGMENTS = {"int": r"\d+", "path": r".+", "": r"[^/]+"}


def route(
    method: str,
    template: str,
    *,
    needs: str | None = None,
    role: Role = "none",
    hidden: bool = False,
    auth: AuthKind = "any",
) -> Callable[[Callable[[Call], Reply | Awaitable[Reply]]], Callable[[Call], Reply | Awaitable[Reply]]]:
    """Register an endpoint. `{name}` matches one segment, `{name:int}` digits, `{name:path}` slashes too."""

    def segment(found: re.Match[str]) -> str:
        name, _, kind = found[1].partition(":")
        return f"(?P<{name}>{_SEGMENTS[kind]})"

    pattern = re.compile("^" + re.sub(r"\{([^}]+)\}", segment, template.replace(".", r"\.")) + "$")

    def register(handler: Callable[[Call], Reply | Awaitable[Reply]]) -> Callable[[Call], Reply | Awaitable[Reply]]:
        plain = re.sub(r":(int|path)\}", "}", template)
        ROUTES.append(Route(method, plain, handler, needs, role, hidden, auth, pattern))
        return handler

    return register


def ok(body: Any, headers: dict[str, str] | None = None) -> Reply:
    return Reply(200, body, headers or {})


def created(body: Any) -> Reply:
    return Reply(201, body)


def no_content() -> Reply:
    return Reply(204)


def page(call: Call, items: list[Any]) -> Reply:
    """Answer one page of a plain list."""
    cut, headers = call.paginate(items)
    return Reply(200, cut, headers)


def wrapped_page(call: Call, key: str, items: list[Any], **extra: Any) -> Reply:
    """Answer one page of a list that comes as an object with its total."""
    cut, headers = call.paginate(items)
    return Reply(200, {"total_count": len(items), **extra, key: cut}, headers)


def accepted_permissions(needs: str) -> str:
    """Write `X-Accepted-GitHub-Permissions`: alternatives are separated by semicolons."""
    return "; ".join(one.replace(":", "=") for one in needs.split("|"))


def authorise(call: Call, found: Route) -> None:
    """Check the kind of credentials, then what they give on the repository; raises 401, 403 or 404."""
    _check_kind(call, found.auth)
    if "owner" in call.params and "repo" in call.params:
        call._repo = visible_repo(call)
        _check_access(call, found)
    elif found.needs is not None:
        call.check_app_permission(found.needs)


def _check_kind(call: Call, auth: AuthKind) -> None:
    actor = call.actor
    match auth:
        case "jwt" if not isinstance(actor, AsApp):
            raise GitHubError(401, "A JSON web token could not be decoded")
        case "user" if not isinstance(actor, AsUser):
            raise not_accessible() if isinstance(actor, AsInstallation) else GitHubError(401, "Requires authentication")
        case "installation" if not isinstance(actor, AsInstallation):
            raise forbidden("You must authenticate with an installation access token to use this endpoint.")
        case "any" if isinstance(actor, AsApp):
            raise GitHubError(401, "Bad credentials")


def visible_repo(call: Call) -> Repository:
    """Find the repository of the path, or 404 when the caller may not know of it."""
    repo = call.world.repo(f"{call.params['owner']}/{call.params['repo']}")
    match call.actor:
        case AsInstallation() as actor if repo.private and not actor.covers(repo):
            raise not_found()
        case AsUser(account) if not at_least(call.world.role(account, repo), "read"):
            raise not_found()
        case Anonymous() if repo.private:
            raise not_found()
    return repo


def _check_access(call: Call, found: Route) -> None:
    repo, actor = call.repo, call.actor
    if isinstance(actor, AsInstallation):
        if found.needs is None:
            raise not_accessible()
        if actor.covers(repo):
            call.check_app_permission(found.needs)
        elif found.method != "GET":
            raise not_accessible()
        return
    if isinstance(actor, Anonymous):
        if found.method != "GET" or not at_least("read", found.role):
            raise GitHubError(401, "Requires authentication")
        return
    if isinstance(actor, AsUser) and not at_least(call.world.role(actor.account, repo), found.role):
        raise not_found() if found.hidden else forbidden("Must have admin rights to Repository.")


def json_body(raw: bytes) -> Json:
    """Read a request body; GitHub answers 400 to what is not a JSON object."""
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw)
    except ValueError:
        raise GitHubError(400, "Problems parsing JSON") from None
    if isinstance(value, list):
        return {"_list": value}
    if not isinstance(value, dict):
        raise GitHubError(400, "Body should be a JSON object")
    return value
