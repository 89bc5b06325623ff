from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.inbox import Inbox
from bot.store.store import Store
from tests.store.examples import remember


@pytest.fixture
def url(database: str) -> str:
    """A migrated database of its own."""
    return database


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
