from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.inbox import Inbox
from bot.store.store import Store
from tests.databases import migrated
from tests.store.examples import remember


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A migrated database of its own."""
    url = f"sqlite:///{tmp_path / 'stepwise.db'}"
    migrated(url)
    return url


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """The store, with one pull request remembered."""
    store = Store.open(url)
    await remember(store)
    yield store
    await store.close()


@pytest.fixture
async def inbox(url: str) -> AsyncIterator[Inbox]:
    inbox = Inbox.open(url)
    await inbox.start()
    yield inbox
    await inbox.stop()
