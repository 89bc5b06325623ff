"""`stepwise replay DELIVERY`: have one delivery handled again, or fetch one that never arrived.

It works beside a running server: all it does is one write to the same database, and the server finds it there.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import aiohttp
import typer

from bot.cli.migrate import stop
from bot.cli.replay_words import after_replay, if_replayed, is_click, of_attempt, of_kept
from bot.cli.terminal import say
from bot.github import deliveries
from bot.github.app import GitHubApp
from bot.github.deliveries import DeliveryRequest
from bot.github.errors import GitHubError, NotFound
from bot.github.exchange import Timeouts
from bot.logs import Redactor, configure_logs
from bot.printable import printable
from bot.settings import Settings, SettingsError, load_settings
from bot.store.delivery import OWN_EVENT, OWN_GUIDS
from bot.store.errors import InboxUnavailable, StoreError
from bot.store.inbox import Inbox
from bot.store.migrate import check_revision
from bot.store.operations import Operations

# GitHub keeps its log for three days, its Enterprise Server for seven.
LOG_KEPT: Final = timedelta(days=7)
TIMEOUTS: Final = Timeouts(connect=3.0, total=15.0)


class CannotReplay(Exception):  # noqa: N818 - one line for the operator
    """Nothing was changed, and why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    delivery: str
    dry_run: bool
    redeliver: bool


def replay(
    delivery: Annotated[
        str, typer.Argument(metavar="DELIVERY", help="X-GitHub-Delivery, or the numeric id in the App's delivery log")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it is and what became of it")] = False,
    redeliver: Annotated[
        bool, typer.Option("--redeliver", help="have GitHub send it again, instead of fetching what it sent")
    ] = False,
) -> None:
    """Have a delivery handled again; doing it twice is harmless. Exit 0: done; 1: not possible; 2: wrong setting."""
    try:
        settings = load_settings()
    except SettingsError as error:
        stop(*error.problems, code=2)
    secrets = [settings.webhook_secret.get_secret_value(), settings.private_key.get_secret_value()]
    configure_logs("fatal", secrets)
    redactor = Redactor(secrets)
    try:
        check_revision(settings.database_url)
        lines = asyncio.run(_replayed(settings, Request(delivery.strip(), dry_run, redeliver)))
    except (CannotReplay, StoreError, InboxUnavailable) as error:
        stop(printable(redactor.clean_text(str(error))), code=1)
    except GitHubError as error:
        stop(printable(redactor.clean_text(error.sentence())), code=1)
    for line in lines:
        say(printable(redactor.clean_text(line)))


async def _replayed(settings: Settings, request: Request) -> list[str]:
    store = Operations.open(settings.database_url)
    try:
        async with aiohttp.ClientSession() as session:
            app = GitHubApp(
                session,
                api_url=settings.github_api_url,
                app_id=settings.app_id,
                private_key=settings.private_key.get_secret_value(),
                timeouts=TIMEOUTS,
            )
            return await _replay(settings, store, app, request)
    finally:
        await store.close()


async def _replay(settings: Settings, store: Operations, app: GitHubApp, request: Request) -> list[str]:
    attempt_id = int(request.delivery) if request.delivery.isascii() and request.delivery.isdigit() else None
    guid = request.delivery
    sent: DeliveryRequest | None = None
    if attempt_id is not None:
        sent = await _from_log(app, attempt_id)
        guid = sent.delivery.guid
    kept = await store.kept(guid)
    if kept is not None:
        lines = of_kept(kept)
        if request.dry_run:
            return [*lines, await if_replayed(kept, settings.app_id, store)]
        only_look = is_click(kept, settings.app_id)
        was_handled = await store.replay(guid, datetime.now(UTC), only_look=only_look)
        return [*lines, await after_replay(kept, settings.app_id, store, was_handled=was_handled)]
    if sent is None:
        attempt = await deliveries.find(app.as_app(), guid, datetime.now(UTC) - LOG_KEPT)
        if attempt is None:
            raise CannotReplay(
                f"the delivery {guid} is neither in the database nor in the App's log on GitHub: "
                "look for it in the App's settings, *Advanced*; GitHub keeps it for three days"
            )
        sent = await _from_log(app, attempt.id)
    lines = of_attempt(sent.delivery)
    if request.dry_run:
        return [*lines, "it is not stored here: without --dry-run it is fetched from GitHub and handled"]
    if request.redeliver:
        await deliveries.redeliver(app.as_app(), sent.delivery.id)
        return [*lines, "GitHub was asked to send it again; it arrives by the webhook"]
    return [*lines, await _take_in(settings, sent)]


async def _from_log(app: GitHubApp, attempt_id: int) -> DeliveryRequest:
    try:
        return await deliveries.get(app.as_app(), attempt_id)
    except NotFound:
        raise CannotReplay(
            f"the App's log on GitHub has no attempt {attempt_id}: it keeps them for three days"
        ) from None


async def _take_in(settings: Settings, sent: DeliveryRequest) -> str:
    """Into the inbox, the way a webhook's body goes; GitHub itself has just said what it sent."""
    guid, event = sent.delivery.guid, sent.delivery.event
    if event == OWN_EVENT or guid.startswith(OWN_GUIDS) or not isinstance(sent.payload, dict):
        raise CannotReplay(f"GitHub's log does not say what the delivery {guid} held: try --redeliver")
    inbox = Inbox.open(settings.database_url)
    await inbox.start()
    try:
        is_new = await inbox.accept(guid, event, json.dumps(sent.payload, ensure_ascii=False).encode())
    finally:
        await inbox.stop()
    if not is_new:
        return "it has arrived meanwhile"
    return "it was fetched from GitHub and put into the inbox; it is handled like any other"
