from __future__ import annotations

import pytest

from bot.web import health
from tests.web.conftest import Site


async def test_a_live_process_says_so(site: Site) -> None:
    answer = await site.client.get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"status": "alive"})


async def test_readiness_says_what_is_missing(site: Site) -> None:
    answer = await site.client.get("/readyz")
    assert (answer.status, await answer.json()) == (200, {"status": "ready", "checks": {"database": "ok"}})
    site.ready["migrations"] = "run `stepwise migrate`"
    answer = await site.client.get("/readyz")
    assert answer.status == 503
    assert await answer.json() == {
        "status": "not ready",
        "checks": {"database": "ok", "migrations": "run `stepwise migrate`"},
    }


async def test_metrics_are_prometheus_text(site: Site) -> None:
    await site.deliver()
    answer = await site.client.get("/metrics")
    text = await answer.text()
    assert answer.content_type == "text/plain"
    assert 'stepwise_deliveries_accepted_total{event="ping"} 1.0' in text
    assert "stepwise_inbox_waiting 0.0" in text
    assert "stepwise_acknowledge_seconds_count 1.0" in text


async def test_a_fault_of_ours_is_a_bare_500(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_arguments: object) -> bytes:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(health, "generate_latest", breaks)
    answer = await site.client.get("/metrics")
    assert (answer.status, await answer.json()) == (500, {"error": "internal error"})
