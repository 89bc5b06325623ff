"""Of all processes on one database one holds a name; whoever loses the session stops at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.store.errors import StoreError
from bot.store.holds import HoldLost, Holds
from tests.clusters import Cluster
from tests.databases import query

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def two(database: str) -> AsyncIterator[tuple[Holds, Holds]]:
    """Two processes' holds."""
    one, other = Holds(database), Holds(database)
    yield one, other
    await one.close()
    await other.close()


def end_sessions(url: str) -> None:
    query(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


async def test_a_name_is_held_by_one_at_a_time(two: tuple[Holds, Holds]) -> None:
    one, other = two
    async with one.holding("pull 1") as mine, other.holding("pull 1") as theirs, other.holding("pull 2") as another:
        assert (mine, theirs, another) == (True, False, True)
    async with other.holding("pull 1") as theirs:
        assert theirs


async def test_a_process_does_not_hold_a_name_twice(two: tuple[Holds, Holds]) -> None:
    one, other = two
    async with one.holding("pull 1"):
        async with one.holding("pull 1") as again:
            assert not again
        assert not await one.is_free("pull 1")
        assert not await other.is_free("pull 1")
    assert await one.is_free("pull 1")


async def test_a_block_that_fails_lets_go(two: tuple[Holds, Holds]) -> None:
    one, other = two
    with pytest.raises(ValueError, match="no"):
        async with one.holding("pull 1"):
            raise ValueError("no")
    assert await other.is_free("pull 1")


async def test_a_block_that_is_cancelled_lets_go(two: tuple[Holds, Holds]) -> None:
    one, other = two
    holds = asyncio.Event()

    async def hold() -> None:
        async with one.holding("pull 1"):
            holds.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await holds.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await other.is_free("pull 1")


async def test_whoever_loses_the_session_is_stopped_before_anybody_else_asks(
    two: tuple[Holds, Holds], database: str
) -> None:
    one, other = two
    async with other.holding("another"):
        pass
    stopped: list[str] = []
    holds = asyncio.Event()

    async def hold() -> None:
        async with one.holding("pull 1"):
            holds.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.append("stopped")

    task = asyncio.create_task(hold())
    await holds.wait()
    end_sessions(database)
    with pytest.raises(HoldLost, match="went away while pull 1 was held"):
        await asyncio.wait_for(task, 5)
    assert stopped == ["stopped"]
    async with one.holding("pull 1") as again:
        assert again


async def test_a_server_that_is_away_is_said_and_its_return_is_noticed(server: Cluster, database: str) -> None:
    holds = Holds(database)
    async with holds.holding("pull 1"):
        pass
    server.stop()
    try:
        with pytest.raises(StoreError):
            async with holds.holding("pull 1"):
                raise AssertionError("nothing can be held now")
    finally:
        server.start()
    async with holds.holding("pull 1") as mine:
        assert mine
    await holds.close()
