"""PostgreSQL's own: a server that restarted is read from and written to as if nothing had been."""

from __future__ import annotations

import pytest

from bot.store.inbox import Inbox
from bot.store.store import Store
from tests.clusters import Cluster
from tests.store.examples import NOON, PULL
from tests.store.test_holds import end_sessions

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize("mode", ["immediate", "fast"])
async def test_the_first_read_and_the_first_write_after_a_restart_succeed(
    store: Store, server: Cluster, mode: str
) -> None:
    assert await store.pull(PULL) is not None
    server.stop(mode)
    server.start()
    assert await store.pull(PULL) is not None
    server.stop(mode)
    server.start()
    await store.set_wake_at(PULL, NOON)
    assert await store.keys_waiting(NOON) == [PULL]


async def test_sessions_that_an_administrator_ended_are_replaced(store: Store, url: str) -> None:
    assert await store.pull(PULL) is not None
    end_sessions(url)
    assert await store.pull(PULL) is not None


async def test_a_nul_in_text_is_kept_as_a_sign_that_it_was_there(store: Store) -> None:
    await store.note_failure(PULL, "no\0thing", NOON)
    found = await store.pull(PULL)
    assert found is not None
    assert found.last_error == "no\ufffdthing"


async def test_a_delivery_of_any_bytes_comes_back_as_it_was(store: Store, inbox: Inbox) -> None:
    body = bytes(range(256)) * 4096
    await inbox.accept("g1", "push", body)
    (delivery,) = await store.unrouted(10)
    assert delivery.body == body
