"""Is the process alive, can it work, and what has it counted?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.metrics import Metrics

Readiness = Callable[[], Awaitable[Mapping[str, str | None]]]
"""What is needed to work, by name; None where it is there, else the reason why not, free of secrets."""

Refresh = Callable[[], Awaitable[None]]
"""Brings the gauges up to date that are looked up when somebody asks for them; raises nothing."""


async def healthz(_request: web.Request) -> web.Response:
    """200 as long as the process answers at all."""
    return web.json_response({"status": "alive"})


class Health:
    """Readiness and metrics of one process."""

    def __init__(self, readiness: Readiness, metrics: Metrics, refresh: Refresh | None = None) -> None:
        self._readiness = readiness
        self._metrics = metrics
        self._refresh = refresh

    async def readyz(self, _request: web.Request) -> web.Response:
        """200 when everything needed is there, else 503 with the reasons."""
        found = await self._readiness()
        is_ready = all(reason is None for reason in found.values())
        answer = {
            "status": "ready" if is_ready else "not ready",
            "checks": {name: "ok" if reason is None else reason for name, reason in found.items()},
        }
        return web.json_response(answer, status=200 if is_ready else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        """The metrics in Prometheus' text form."""
        if self._refresh is not None:
            await self._refresh()
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def add_health(app: web.Application, health: Health) -> None:
    """Where a process answers for itself."""
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", health.readyz)
    app.router.add_get("/metrics", health.metrics)
