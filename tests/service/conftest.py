from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.store import Store
from tests.databases import migrated


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A migrated database of its own."""
    url = f"sqlite:///{tmp_path / 'stepwise.db'}"
    migrated(url)
    return url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """A store with nothing in it."""
    store = Store.open(url)
    yield store
    await store.close()
