from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.inbox import Inbox
from bot.store.operations import Operations
from tests.store.examples import NOON, PULL, a_reaction, later, remember


@pytest.fixture
async def operations(url: str) -> AsyncIterator[Operations]:
    operations = Operations.open(url)
    await remember(operations)
    yield operations
    await operations.close()


async def test_a_handled_delivery_waits_again_at_the_same_pull_requests(operations: Operations, inbox: Inbox) -> None:
    await inbox.accept("g1", "push", b"{}")
    await operations.route("g1", [PULL], NOON)
    assert not await operations.replay("g1", NOON), "it waits already"
    await operations.record(a_reaction(handled_guids=("g1",)))
    assert await operations.keys_waiting(NOON) == []
    assert await operations.replay("g1", later(hours=1))
    assert [one.guid for one in await operations.deliveries_for(PULL)] == ["g1"]
    assert await operations.keys_waiting(later(hours=1)) == [PULL]
    assert await operations.unrouted(10) == []
    assert not await operations.replay("g1", later(hours=1)), "twice is once"


async def test_an_ignored_delivery_is_looked_into_again(operations: Operations, inbox: Inbox) -> None:
    await inbox.accept("g1", "push", b"{}")
    await operations.ignore({"g1": "of no interest"}, NOON)
    kept = await operations.kept("g1")
    assert kept is not None and kept.ignored == "of no interest"
    assert await operations.replay("g1", NOON)
    assert [one.guid for one in await operations.unrouted(10)] == ["g1"]


async def test_only_looking_leaves_the_delivery_handled_and_the_pull_request_due(
    operations: Operations, inbox: Inbox
) -> None:
    await inbox.accept("g1", "push", b"{}")
    await operations.route("g1", [PULL], NOON)
    await operations.record(a_reaction(handled_guids=("g1",)))
    await operations.note_failure(PULL, "GitHub is down", later(days=1))
    assert await operations.replay("g1", NOON, only_look=True)
    assert await operations.deliveries_for(PULL) == []
    assert await operations.keys_waiting(NOON) == [PULL], "nor does it wait for its next try"


async def test_nothing_is_replayed_that_is_not_there(operations: Operations) -> None:
    assert await operations.kept("nowhere") is None
    assert not await operations.replay("nowhere", NOON)
