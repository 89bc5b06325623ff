from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.store import Store


@pytest.fixture
def url(database: str) -> str:
    """A migrated database of its own."""
    return database


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """A store with nothing in it."""
    store = Store.open(url)
    yield store
    await store.close()
