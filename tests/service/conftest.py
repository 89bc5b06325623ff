from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.migrate import migrate
from bot.store.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A migrated database of its own."""
    url = f"sqlite:///{tmp_path / 'stepwise.db'}"
    migrate(url)
    return url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """A store with nothing in it."""
    store = Store.open(url)
    yield store
    await store.close()
