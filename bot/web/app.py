"""The web application: the webhook endpoint, workers' reports, health and metrics."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.metrics import Metrics
from bot.settings import REPORTS_PATH, Settings
from bot.store.inbox import Inbox
from bot.web.health import Health, Readiness, Refresh, add_health
from bot.web.refusals import add_headers, answer_in_json
from bot.web.reports import Reports, no_reports
from bot.web.webhook import BODY_LIMIT, BODY_SECONDS, Webhook


def create_app(
    settings: Settings,
    inbox: Inbox,
    on_accepted: Callable[[], None],
    readiness: Readiness,
    metrics: Metrics,
    *,
    reports: Reports | None = None,
    refresh: Refresh | None = None,
    body_seconds: float = BODY_SECONDS,
) -> web.Application:
    """The application. `on_accepted` is called after each durable delivery and must return at once.

    Without `reports` none are taken.
    """
    webhook = Webhook(
        secret=settings.webhook_secret.get_secret_value().encode(),
        app_id=settings.app_id,
        inbox=inbox,
        on_accepted=on_accepted,
        metrics=metrics,
        body_seconds=body_seconds,
    )
    metrics.inbox_waiting.set_function(lambda: inbox.waiting)
    # aiohttp refuses bodies above 1 MiB unless told otherwise.
    app = web.Application(middlewares=[answer_in_json], client_max_size=BODY_LIMIT)
    app.on_response_prepare.append(add_headers)
    app.router.add_post(settings.webhook_path, webhook.receive)
    app.router.add_post(REPORTS_PATH, reports.receive if reports is not None else no_reports)
    add_health(app, Health(readiness, metrics, refresh))
    return app


def create_health_app(readiness: Readiness, metrics: Metrics, refresh: Refresh) -> web.Application:
    """What a process serves that takes nothing in: health and metrics."""
    app = web.Application(middlewares=[answer_in_json])
    app.on_response_prepare.append(add_headers)
    add_health(app, Health(readiness, metrics, refresh))
    return app
