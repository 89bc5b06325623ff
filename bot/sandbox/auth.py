"""Who is calling: App JWTs, installation tokens, users' tokens, and what each may do.

GitHub answers 401 to credentials it does not know, 403 "Resource not accessible by integration" to an App that
lacks a permission, and 404 where telling the difference would reveal a private repository.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt

from bot.sandbox.clock import Clock
from bot.sandbox.errors import GitHubError, bad_credentials
from bot.sandbox.state import Account, App, Installation, Repository
from bot.sandbox.world import ACTIONS_APP, World

TOKEN_LIFE = timedelta(hours=1)
LEVELS = ("none", "read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials: public things can be read, 60 calls an hour."""

    name: str = "anonymous"


@dataclass(frozen=True, slots=True)
class AsUser:
    account: Account

    @property
    def name(self) -> str:
        return self.account.login


@dataclass(frozen=True, slots=True)
class AsApp:
    """An App by its JWT."""

    app: App

    @property
    def name(self) -> str:
        return f"app:{self.app.slug}"


@dataclass(frozen=True, slots=True)
class AsInstallation:
    """An installation token; narrowed permissions and repositories are already applied."""

    installation: Installation
    token: str
    expires_at: datetime
    permissions: dict[str, str]
    repositories: frozenset[int] | None

    @property
    def name(self) -> str:
        return f"installation:{self.installation.app.slug}"

    @property
    def account(self) -> Account:
        return self.installation.app.bot

    def covers(self, repo: Repository) -> bool:
        return self.installation.covers(repo) and (self.repositories is None or repo.id in self.repositories)

    def allows(self, permission: str, level: str) -> bool:
        granted = "read" if permission == "metadata" else self.permissions.get(permission, "none")
        return LEVELS.index(granted) >= LEVELS.index(level)


Actor = Anonymous | AsUser | AsApp | AsInstallation


@dataclass(slots=True)
class Vault:
    """The tokens that are out, by their text."""

    world: World
    clock: Clock
    tokens: dict[str, AsInstallation] = field(default_factory=dict)

    def issue(
        self, installation: Installation, permissions: dict[str, str], repositories: frozenset[int] | None
    ) -> AsInstallation:
        """Make a token for an hour: `ghs_<app id>_<JWT>`, about 520 characters with dots inside, to be opaque."""
        body = ".".join(secrets.token_urlsafe(size) for size in (50, 200, 120))
        token = f"ghs_{installation.app.id}_{body}"
        expires = self.clock.now() + TOKEN_LIFE
        actor = AsInstallation(installation, token, expires, permissions, repositories)
        self.tokens[token] = actor
        return actor

    def revoke(self, token: str) -> None:
        self.tokens.pop(token, None)

    def authenticate(self, authorization: str | None) -> Actor:
        """Tell who an `Authorization` header stands for; raises 401."""
        if authorization is None:
            return Anonymous()
        scheme, _, credential = authorization.strip().partition(" ")
        match scheme.lower():
            case "bearer" | "token":
                return self.by_token(credential.strip())
            case "basic":
                return self.by_token(_password(credential))
            case _:
                raise bad_credentials()

    def by_token(self, token: str) -> Actor:
        if (account := self.world.user_tokens.get(token)) is not None:
            return AsUser(account)
        if (actor := self.tokens.get(token)) is not None:
            return self._alive(actor)
        if token.startswith("gh") or token.count(".") != 2:
            raise bad_credentials()
        return AsApp(self._app(token))

    def _alive(self, actor: AsInstallation) -> AsInstallation:
        # The token of a workflow run belongs to the Actions App, which is nowhere installed.
        is_installed = actor.installation.id in self.world.installations or actor.installation.app.id == ACTIONS_APP
        if self.clock.precise() >= actor.expires_at or not is_installed:
            raise bad_credentials()
        if actor.installation.suspended_at is not None:
            raise GitHubError(403, "This installation has been suspended")
        return actor

    def _app(self, token: str) -> App:
        """Verify a JWT: RS256 by the App's key, `iat` not ahead, `exp` at most ten minutes ahead."""
        undecodable = GitHubError(401, "A JSON web token could not be decoded")
        try:
            issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss", ""))
            app = next((a for a in self.world.apps.values() if issuer in (str(a.id), a.client_id)), None)
            if app is None:
                raise GitHubError(404, "Integration not found")
            if app.public_key is None:
                raise undecodable
            unchecked = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_iss": False}
            claims = jwt.decode(token, app.public_key, algorithms=["RS256"], options=unchecked)  # type: ignore[arg-type]
            issued, expires = float(claims["iat"]), float(claims["exp"])
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as problem:
            raise undecodable from problem
        now = self.clock.timestamp()
        if issued > now + 5:
            raise GitHubError(
                401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            )
        if expires <= now:
            raise GitHubError(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which "
                "the assertion expires",
            )
        if expires > now + 605:
            raise GitHubError(401, "'Expiration time' claim ('exp') is too far in the future")
        return app


def _password(credential: str) -> str:
    try:
        decoded = base64.b64decode(credential, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise bad_credentials() from problem
    user, _, password = decoded.partition(":")
    return password or user
