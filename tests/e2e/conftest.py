"""A GitHub and a bot for each test, on loopback, with one clock for both."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
import structlog

from bot.sandbox import Sandbox
from bot.sandbox.clock import Clock
from bot.sandbox.server import generate_key
from bot.settings import Settings
from tests.databases import url_for
from tests.e2e.scenario import Scenario
from tests.e2e.whole import whole


@pytest.fixture(scope="session")
def app_key() -> str:
    """One key for all tests: making one takes longer than a scenario."""
    return generate_key()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Logs are not what these tests look at, and writing them takes a good part of the time."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.configure(**before)


PUBLIC_URL = "https://stepwise.example"
"""Where the bot says that it is. Tests send to the port that it has got."""


def settings_for(sandbox: Sandbox, folder: Path, port: int = 0) -> Settings:
    return Settings(
        app_id=sandbox.app_id,
        private_key=sandbox.private_key_pem,
        webhook_secret=sandbox.webhook_secret,
        github_api_url=sandbox.url,
        github_url=sandbox.url,
        public_url=PUBLIC_URL,
        oidc_issuer=sandbox.url,
        database_url=url_for(folder),
        host="127.0.0.1",
        port=port,
    )


@pytest.fixture
async def github(app_key: str, tmp_path: Path, database: str) -> AsyncIterator[Scenario]:
    """The scenario: a GitHub with `acme/shop`, and a bot that serves it."""
    clock = Clock()
    clock.freeze(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    sandbox = await Sandbox.start(private_key_pem=app_key, clock=clock, directory=tmp_path / "git")
    settings = settings_for(sandbox, tmp_path)
    try:
        async with whole(settings, clock.precise) as bot, aiohttp.ClientSession() as http:
            sandbox.set_webhook_url(bot.address + settings.webhook_path)
            yield Scenario(sandbox, bot, http, tmp_path)
    finally:
        await sandbox.stop()
