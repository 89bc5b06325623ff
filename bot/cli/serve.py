"""`stepwise serve`: the webhook endpoint and workers' reports, and on SQLite the reactions in the same process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import aiohttp
import structlog
import uvloop
from aiohttp import web

from bot.cli.collector import settle_collector
from bot.cli.migrate import stop
from bot.cli.reacting import Dispatching, dispatching
from bot.github.app import GitHubApp, utc_now
from bot.github.exchange import Timeouts
from bot.github.oidc import Verifier
from bot.github.oidc_keys import fetch_with
from bot.logs import configure_logs
from bot.metrics import Metrics
from bot.service.gauges import Gauges
from bot.service.reports import ReportDesk, default_branch_on
from bot.settings import Settings, SettingsError, load_settings
from bot.store.errors import StoreError
from bot.store.inbox import Inbox
from bot.store.migrate import check_revision, prepare
from bot.store.operations import Operations
from bot.store.store import Store
from bot.web.app import create_app
from bot.web.health import Readiness
from bot.web.malformed import server_logger
from bot.web.reports import Reports

log = structlog.get_logger(__name__)

# Requests that are being answered get this long to end after the process was asked to stop.
SHUTDOWN_SECONDS: Final = 10.0
# A proxy in front keeps its connections open; strangers shall not for an hour, aiohttp's default.
KEEPALIVE_SECONDS: Final = 75.0
# A worker gives its report 30 seconds.
KEY_TIMEOUTS: Final = Timeouts(connect=3.0, total=8.0)


class CannotListen(Exception):  # noqa: N818
    """HOST and PORT cannot be had; the message is one line for the operator."""


def serve() -> None:
    """Receive webhooks and hold pull requests to their plans, until SIGTERM or Ctrl-C."""
    try:
        settings = load_settings()
    except SettingsError as error:
        stop(*error.problems, code=2)
    secret = settings.webhook_secret.get_secret_value()
    configure_logs(settings.log_level, [secret, settings.private_key.get_secret_value()])
    try:
        if prepare(settings.database_url):
            log.info("database made", file=settings.database_url)
        settle_collector()
        # A fifth less CPU for each delivery than asyncio's own loop (docs/benchmarks.md).
        uvloop.run(run_server(settings))
    except (StoreError, CannotListen) as error:
        stop(str(error), code=1)


async def run_server(settings: Settings, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, on a migrated database; the address goes to `on_ready`, else it is printed."""
    async with serving(settings) as running:
        stopped = stop_signal()
        (on_ready or _print_address)(running.address)
        await until_stopped(stopped, running.reacting)
        log.info("stopping")


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs: where it listens, and its parts."""

    address: str
    dispatcher: Dispatching
    reacting: asyncio.Task[None]
    store: Store
    metrics: Metrics


@asynccontextmanager
async def serving(settings: Settings, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Serving]:
    """The whole server of one process; on PostgreSQL the reactions are those of `stepwise worker`.

    Stopping goes backwards: no new requests, those being answered end, what they stored becomes durable, the reactions
    that run come to their end, and what nobody has begun stays in the database for the next start.
    """
    metrics = Metrics()
    async with AsyncExitStack() as parts:
        store = Operations.open(settings.database_url).measured(metrics.transaction)
        parts.push_async_callback(store.close)
        app, session = await parts.enter_async_context(connected(settings, metrics, clock))
        dispatcher, reacting = await parts.enter_async_context(dispatching(settings, app, store, metrics, clock))
        inbox = Inbox.open(settings.database_url, metrics.batch)
        await inbox.start()
        parts.push_async_callback(inbox.stop)
        reports = None
        if settings.public_url:
            verifier = Verifier(
                settings.oidc_issuer, settings.report_audience, fetch_with(session, KEY_TIMEOUTS), clock
            )
            reports = Reports(
                verifier, ReportDesk(store, inbox, default_branch_on(app), clock), dispatcher.wake, metrics
            )
        refresh = Gauges(store, app, metrics, clock).refresh
        site = create_app(
            settings, inbox, dispatcher.wake, readiness(settings, store), metrics, reports=reports, refresh=refresh
        )
        address = await parts.enter_async_context(listening(site, settings.host, settings.port))
        yield Serving(address, dispatcher, reacting, store, metrics)


@asynccontextmanager
async def connected(
    settings: Settings, metrics: Metrics, clock: Callable[[], datetime]
) -> AsyncIterator[tuple[GitHubApp, aiohttp.ClientSession]]:
    """The way to GitHub, with every call counted, and the connections below it."""

    def count(method: str, route: str, status: int | None, seconds: float) -> None:
        metrics.github_calls.labels(method, route, str(status or "none")).inc()
        metrics.github_call_seconds.labels(method).observe(seconds)

    async with aiohttp.ClientSession() as session:
        app = GitHubApp(
            session,
            api_url=settings.github_api_url,
            app_id=settings.app_id,
            private_key=settings.private_key.get_secret_value(),
            clock=clock,
            on_call=count,
        )
        yield app, session


async def until_stopped(stopped: asyncio.Event, reacting: asyncio.Task[None]) -> None:
    """Until somebody asks to stop; what ends the reactions before that is raised, as such a process is of no use."""
    asked = asyncio.create_task(stopped.wait())
    await asyncio.wait([asked, reacting], return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if reacting.done():
        await reacting


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve an application on a port (0 takes a free one); its address, as people write it."""
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=server_logger(),
        shutdown_timeout=SHUTDOWN_SECONDS,
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotListen(f"HOST {host} with PORT {port} cannot be listened on: {reason}") from error
        bound_host, bound_port = runner.addresses[0][:2]
        yield f"http://[{bound_host}]:{bound_port}" if ":" in bound_host else f"http://{bound_host}:{bound_port}"
    finally:
        await runner.cleanup()


def readiness(settings: Settings, store: Store) -> Readiness:
    """What this process needs in order to work."""

    async def check() -> dict[str, str | None]:
        # The key was read at the start; without it there would be no process to ask.
        found: dict[str, str | None] = {"database": None, "migrations": None, "credentials": None}
        try:
            await store.ping()
        except StoreError as error:
            log.error("database not ready", reason=str(error))
            found["database"] = "the database cannot be reached"
        try:
            await asyncio.to_thread(check_revision, settings.database_url)
        except StoreError as error:
            log.error("migrations not ready", reason=str(error))
            found["migrations"] = "the database is not at the revision this version needs: run `stepwise migrate`"
        return found

    return check


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets; the second signal ends the process at once."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        stopped.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    return stopped


def _print_address(address: str) -> None:
    print(f"listening on {address}", flush=True)
