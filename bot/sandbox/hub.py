"""The sandbox's parts in one place, and how an event reaches the Apps."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.sandbox.auth import Vault
from bot.sandbox.clock import Clock
from bot.sandbox.faults import Faults
from bot.sandbox.hooks import Hooks
from bot.sandbox.payloads.accounts import Site, organization, simple_installation, simple_user
from bot.sandbox.payloads.repos import repository
from bot.sandbox.state import Account, App, Json, Repository
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Logged:
    """One API call: `route` is the template, `status` 304 costs nothing."""

    number: int
    method: str
    route: str
    path: str
    query: str
    status: int
    actor: str
    not_modified: bool
    at: datetime


@dataclass(slots=True)
class RequestLog:
    """The calls since the start or the last reset."""

    calls: list[Logged] = field(default_factory=list)

    def reset(self) -> None:
        self.calls.clear()

    def by(self, actor: str) -> list[Logged]:
        """Give the calls of one actor: a login, `app:<slug>` or `installation:<slug>`."""
        return [call for call in self.calls if call.actor == actor]

    def counts(self) -> Counter[str]:
        """Count calls by method and route template."""
        return Counter(f"{call.method} {call.route}" for call in self.calls)


@dataclass(slots=True)
class Window:
    """One caller's hour."""

    limit: int
    used: int
    resets_at: datetime


@dataclass(slots=True)
class Hub:
    site: Site
    world: World
    clock: Clock
    vault: Vault
    faults: Faults
    hooks: Hooks
    directory: Path
    requests: RequestLog = field(default_factory=RequestLog)
    windows: dict[str, Window] = field(default_factory=dict)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    rate_limit: int = 5000

    def now(self) -> datetime:
        return self.clock.now()

    def emit(self, repo: Repository, name: str, payload: Json, sender: Account, *, only: App | None = None) -> None:
        """Send an event about a repository to every App that is installed there and subscribed to it.

        `only` narrows it to the App concerned: GitHub tells nobody else about buttons and requested suites.
        """
        for installed in self.world.installations.values():
            app = installed.app
            if (
                not installed.covers(repo)
                or installed.suspended_at is not None
                or (only is not None and app is not only)
            ):
                continue
            if app.webhook_url is None or not subscribed(app, name):
                continue
            complete = dict(payload)
            complete.setdefault("repository", repository(self.site, repo))
            if repo.owner.type == "Organization":
                complete["organization"] = organization(self.site, repo.owner)
            complete["sender"] = simple_user(self.site, sender)
            complete["installation"] = simple_installation(installed)
            self.hooks.send(app, name, complete, repository_id=repo.id)


def subscribed(app: App, event: str) -> bool:
    """An App that may write checks hears of check runs and suites without asking."""
    if event in ("check_run", "check_suite") and app.permissions.get("checks") == "write":
        return True
    return event in app.events
