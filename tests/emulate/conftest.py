"""An emulated GitHub and a bot for each test. They run where they are asked for by name: `make test-emulate`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import structlog

from bot.github.app import utc_now
from bot.sandbox.server import generate_key
from bot.settings import Settings
from bot.store.migrate import prepare
from tests.e2e.whole import whole
from tests.emulate.between import HOOKS, Between, between
from tests.emulate.emulator import emulator, missing
from tests.emulate.seed import APP_ID, MANIFEST, SECRET, seed
from tests.emulate.world import World

MARKER = "emulate"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these out, and say so, unless they were asked for; who asks for them gets no silence if they cannot run."""
    own = [item for item in items if item.get_closest_marker(MARKER)]
    if config.getoption("-m") == MARKER:
        if own and (why := missing()) is not None:
            raise pytest.UsageError(why)
        return
    for item in own:
        item.add_marker(pytest.mark.skip(reason=missing() or "an emulator that others wrote: `make test-emulate`"))


@pytest.fixture(scope="session")
def key() -> str:
    return generate_key()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Logs are not what these tests look at."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.configure(**before)


@asynccontextmanager
async def furnished(
    key: str, folder: Path, permissions: Mapping[str, str] | None = None, *, is_heard: bool = True
) -> AsyncIterator[World]:
    """A GitHub with `acme/shop`; nobody serves it yet, and unless it `is_heard` nobody is told of anything."""
    granted = MANIFEST["default_permissions"] if permissions is None else permissions
    async with between() as middle, aiohttp.ClientSession() as http:
        seeded = seed(key, middle.address + HOOKS if is_heard else "", granted)
        async with emulator(seeded, folder, middle.address) as middle.github:
            world = World(middle, http, key)
            await world.furnish()
            yield world


@asynccontextmanager
async def emulated(key: str, folder: Path, permissions: Mapping[str, str] | None = None) -> AsyncIterator[World]:
    """That GitHub, and a bot that serves it as `stepwise serve` does."""
    async with furnished(key, folder, permissions) as world:
        settings = settings_for(world.between, folder, key)
        prepare(settings.database_url)
        async with whole(settings, utc_now) as world.bot:
            world.between.bot = world.bot.address + settings.webhook_path
            yield world


def settings_for(middle: Between, folder: Path, key: str) -> Settings:
    return Settings(
        app_id=APP_ID,
        private_key=key,
        webhook_secret=SECRET,
        github_api_url=middle.address,
        github_url=middle.address,
        public_url="https://stepwise.example",
        database_url=f"sqlite:///{folder / 'stepwise.db'}",
        port=0,
    )


@pytest.fixture
async def github(key: str, tmp_path: Path) -> AsyncIterator[World]:
    async with emulated(key, tmp_path) as world:
        yield world
