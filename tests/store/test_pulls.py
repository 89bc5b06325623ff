from __future__ import annotations

import pytest

from bot.runs.model import PullKey, RunState
from bot.store.pulls import PullUpdate
from bot.store.store import Store
from tests.store.examples import HEAD, NOON, PULL, a_reaction, a_run, later, remember

NEXT = "b" * 40


async def test_what_a_delivery_does_not_say_stays_known(store: Store) -> None:
    await remember(store, head_sha=HEAD, base_ref="main", is_open=False)
    await remember(store, installation_id=2, full_name="acme/store", now=later(hours=1))
    row = await store.pull(PULL)
    assert row is not None
    assert (row.installation_id, row.full_name) == (2, "acme/store")
    assert (row.head_sha, row.head_seen_at, row.base_ref, row.is_open) == (HEAD, NOON, "main", False)


async def test_an_unknown_pull_request_is_none(store: Store) -> None:
    assert await store.pull(PullKey(1, 1)) is None
    with pytest.raises(LookupError):
        await store.set_head(PullKey(1, 1), HEAD, NOON)


async def test_a_head_keeps_the_time_it_was_first_seen(store: Store) -> None:
    assert await store.set_head(PULL, HEAD, NOON) == NOON
    assert await store.set_head(PULL, HEAD, later(hours=1)) == NOON
    assert await store.set_head(PULL, NEXT, later(hours=2)) == later(hours=2)
    await remember(store, head_sha=NEXT, now=later(hours=3))
    await store.record(a_reaction(now=later(hours=4), pull=PullUpdate(True, NEXT, "main", "acme/shop")))
    row = await store.pull(PULL)
    assert row is not None
    assert (row.head_sha, row.head_seen_at) == (NEXT, later(hours=2))


async def test_several_open_pull_requests_can_have_one_head(store: Store) -> None:
    await remember(store, head_sha=HEAD)
    await remember(store, PullKey(77, 6), head_sha=HEAD)
    await remember(store, PullKey(77, 7), head_sha=HEAD, is_open=False)
    await remember(store, PullKey(78, 5), head_sha=HEAD)
    assert await store.pulls_at_head(77, HEAD) == [PullKey(77, 5), PullKey(77, 6)]
    assert await store.pulls_at_head(77, NEXT) == []


async def test_open_pull_requests_and_those_with_a_live_run_are_found(store: Store) -> None:
    await remember(store, PullKey(77, 6), is_open=False)
    await remember(store, PullKey(77, 7))
    await store.record(a_reaction(key=PullKey(77, 6), run=a_run("run-6", PullKey(77, 6))))
    over = a_run("run-7", PullKey(77, 7), state=RunState.ABORTED)
    await store.record(a_reaction(key=PullKey(77, 7), run=over))
    await remember(store, PullKey(77, 8))
    await store.record(a_reaction(key=PullKey(77, 8), run=a_run("run-8", PullKey(77, 8))))
    assert await store.open_pulls() == [PULL, PullKey(77, 7), PullKey(77, 8)]
    assert await store.open_pulls_with_live_run() == [PullKey(77, 8)], "neither the closed one nor the ended run"
    assert await store.live_run_count() == 2


async def test_a_renamed_repository_is_renamed_everywhere(store: Store) -> None:
    await remember(store, PullKey(77, 6))
    await remember(store, PullKey(78, 1), full_name="acme/other")
    await store.rename_repository(77, "acme/renamed")
    names = [await store.pull(key) for key in (PULL, PullKey(77, 6), PullKey(78, 1))]
    assert [row.full_name for row in names if row] == ["acme/renamed", "acme/renamed", "acme/other"]


async def test_ids_beyond_32_bits_are_kept(store: Store) -> None:
    key = PullKey(2**53 - 1, 1)
    await remember(store, key, installation_id=2**53 - 2)
    row = await store.pull(key)
    assert row is not None
    assert (row.key, row.installation_id) == (key, 2**53 - 2)


async def test_a_long_error_is_cut(store: Store) -> None:
    await store.note_failure(PULL, "x" * 100_000, NOON)
    row = await store.pull(PULL)
    assert row is not None
    assert row.last_error is not None
    assert len(row.last_error) == 2000


async def test_open_pull_requests_into_a_branch_are_found(store: Store) -> None:
    await remember(store, base_ref="main")
    await remember(store, PullKey(77, 6), base_ref="main", is_open=False)
    await remember(store, PullKey(77, 7), base_ref="next")
    await remember(store, PullKey(78, 1), base_ref="main")
    assert await store.pulls_into(77, "main") == [PULL]
