"""The App as GitHub has it registered: what it may, what it hears, where its webhook goes, where it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.github.answers import Json, field, optional, optional_moment, record
from bot.github.client import Client
from bot.github.errors import UnexpectedAnswer


@dataclass(frozen=True, slots=True)
class Registration:
    """`permissions` maps a permission to `read` or `write`; `events` are those the App subscribed to."""

    id: int
    slug: str
    owner: str
    html_url: str
    permissions: Mapping[str, str]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Installation:
    """`permissions` are those that the account's owner has accepted, which may be older than the App's."""

    id: int
    account: str
    html_url: str
    permissions: Mapping[str, str]
    events: frozenset[str]
    suspended_at: datetime | None


@dataclass(frozen=True, slots=True)
class HookConfig:
    """Where GitHub sends deliveries and how; of the secret GitHub only tells that there is one."""

    url: str
    content_type: str
    checks_certificate: bool
    has_secret: bool


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The hour's budget of REST calls; the window ends at `resets_at` (UTC)."""

    limit: int
    remaining: int
    resets_at: datetime


async def registration(app: Client) -> Registration:
    """The App that the key belongs to. Raises Unauthorized when key, App id or clock are not right."""
    value = await app.get("/app")
    of = "the App"
    return Registration(
        id=field(value, "id", int, of),
        slug=optional(value, "slug", str, of) or "",
        owner=optional(value, "owner.login", str, of) or optional(value, "owner.slug", str, of) or "",
        html_url=optional(value, "html_url", str, of) or "",
        permissions=_permissions(value, of),
        events=_events(value),
    )


async def installations(app: Client, limit: int = 1_000) -> tuple[list[Installation], bool]:
    """Where the App is installed, and whether these are all."""
    found = await app.pages("/app/installations{?per_page}", limit=limit)
    return [_installation(item) for item in found.items], found.complete


async def hook_config(app: Client) -> HookConfig:
    """The webhook's settings. Raises NotFound for an App without a webhook."""
    value = await app.get("/app/hook/config")
    of = "the webhook"
    return HookConfig(
        url=optional(value, "url", str, of) or "",
        content_type=optional(value, "content_type", str, of) or "form",
        # GitHub's docs give it as the text "0" or "1", and allow the number.
        checks_certificate=str(record(value, of).get("insecure_ssl", "0")) == "0",
        has_secret=bool(optional(value, "secret", str, of)),
    )


async def rate_limit(client: Client) -> RateLimit:
    """What is left of this caller's calls; asking for it is free."""
    value = await client.get("/rate_limit")
    of = "the rate limit"
    try:
        resets_at = datetime.fromtimestamp(field(value, "resources.core.reset", int, of), UTC)
    except (ValueError, OverflowError, OSError):
        raise UnexpectedAnswer("resources.core.reset of the rate limit is not a time") from None
    return RateLimit(
        field(value, "resources.core.limit", int, of), field(value, "resources.core.remaining", int, of), resets_at
    )


def _installation(value: Json) -> Installation:
    of = "the installation"
    return Installation(
        id=field(value, "id", int, of),
        account=optional(value, "account.login", str, of) or optional(value, "account.slug", str, of) or "",
        html_url=optional(value, "html_url", str, of) or "",
        permissions=_permissions(value, of),
        events=_events(value),
        suspended_at=optional_moment(value, "suspended_at", of),
    )


def _permissions(value: Json, of: str) -> dict[str, str]:
    granted = record(field(value, "permissions", dict, of), f"permissions of {of}")
    return {name: level for name, level in granted.items() if isinstance(level, str)}


def _events(value: Json) -> frozenset[str]:
    return frozenset(event for event in optional(value, "events", list, "the App") or () if isinstance(event, str))
