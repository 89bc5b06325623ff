"""The sandbox's parts in one place, and how an event reaches the Apps."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.sandbox.auth import Vault
from bot.sandbox.clock import Clock
from bot.sandbox.faults import Faults
from bot.sandbox.hooks import Hooks
from bot.sandbox.payloads.accounts import Site, organization, simple_installation, simple_user
from bot.sandbox.payloads.repos import repository
from bot.sandbox.signing import Issuer
from bot.sandbox.state import Account, App, Installation, Json, Repository
from bot.sandbox.world import World

DispatchWebhook = Literal["any", "first", "later", "never"]
DISPATCH_WEBHOOKS: tuple[DispatchWebhook, ...] = ("any", "first", "later", "never")
# What an App must have been granted, besides being subscribed, to hear of an event.
EVENT_PERMISSIONS = {
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "issue_comment": "issues",
    "issues": "issues",
    "push": "contents",
    "create": "contents",
    "delete": "contents",
    "check_run": "checks",
    "check_suite": "checks",
    "status": "statuses",
    "workflow_run": "actions",
    "merge_group": "merge_queues",
    "deployment": "deployments",
    "deployment_status": "deployments",
}


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
    issuer: Issuer = field(default_factory=Issuer)
    dispatch_webhook: DispatchWebhook = "any"
    """whether `workflow_run.requested` comes before or after the answer to the dispatch that caused it"""

    def now(self) -> datetime:
        return self.clock.now()

    def emit(
        self,
        repo: Repository,
        name: str,
        payload: Json,
        sender: Account,
        *,
        only: App | None = None,
        held: bool = False,
    ) -> None:
        """Send an event about a repository to every App that is installed there and subscribed to it.

        `only` narrows it to the App concerned: GitHub tells nobody else about buttons and requested suites.
        `held` keeps it back until the control API releases it.
        """
        for installed in self.world.installations.values():
            app = installed.app
            if (
                not installed.covers(repo)
                or installed.suspended_at is not None
                or (only is not None and app is not only)
            ):
                continue
            if app.webhook_url is None or not subscribed(app, name) or not _granted(installed, name):
                continue
            complete = dict(payload)
            complete.setdefault("repository", repository(self.site, repo))
            if repo.owner.type == "Organization":
                complete["organization"] = organization(self.site, repo.owner)
            complete["sender"] = simple_user(self.site, sender)
            complete["installation"] = simple_installation(installed)
            self.hooks.send(app, name, complete, repository_id=repo.id, held=held)


def subscribed(app: App, event: str) -> bool:
    """An App that may write checks hears of check runs and suites without asking."""
    if event in ("check_run", "check_suite") and app.permissions.get("checks") == "write":
        return True
    return event in app.events


def _granted(installed: Installation, event: str) -> bool:
    """Tell whether the owner of the account has granted what the event is backed by; `repository` needs nothing."""
    permission = EVENT_PERMISSIONS.get(event)
    return permission is None or permission in installed.permissions
