from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.runs.ledger import EntryKind
from bot.runs.model import PullKey, RunState
from bot.store import reactions
from bot.store.errors import Conflict
from bot.store.inbox import Inbox
from bot.store.pulls import PullUpdate
from bot.store.store import Store
from tests.store.examples import HEAD, NOON, PULL, a_reaction, a_reply, a_run, an_entry, later, remember


async def test_a_run_comes_back_as_it_was_recorded(store: Store) -> None:
    await store.record(a_reaction(run=a_run()))
    stored = await store.live_run(PULL)
    assert stored is not None
    assert stored.run == a_run()
    assert stored.version == 1
    assert await store.run("run-1") == stored
    assert await store.latest_run(PULL) == stored
    assert await store.run("run-2") is None


async def test_each_record_is_the_next_version_of_the_run(store: Store) -> None:
    await store.record(a_reaction(run=a_run()))
    await store.record(a_reaction(run=a_run(fix_rounds=1), expected_version=1))
    stored = await store.live_run(PULL)
    assert stored is not None
    assert (stored.version, stored.run.fix_rounds) == (2, 1)


async def test_a_run_that_has_moved_on_is_a_conflict(store: Store) -> None:
    await store.record(a_reaction(run=a_run()))
    await store.record(a_reaction(run=a_run(fix_rounds=1), expected_version=1))
    with pytest.raises(Conflict, match="no longer at version 1"):
        await store.record(a_reaction(run=a_run(fix_rounds=9), expected_version=1, entries=(an_entry(),)))
    stored = await store.live_run(PULL)
    assert stored is not None
    assert stored.run.fix_rounds == 1
    assert await store.ledger("run-1") == []


async def test_of_many_writers_of_one_version_exactly_one_wins(store: Store) -> None:
    await store.record(a_reaction(run=a_run()))
    results = await asyncio.gather(
        *(
            store.record(a_reaction(run=a_run(fix_rounds=n), expected_version=1, entries=(an_entry(str(n)),)))
            for n in range(12)
        ),
        return_exceptions=True,
    )
    assert results.count(None) == 1
    assert all(isinstance(result, Conflict) for result in results if result is not None)
    stored = await store.live_run(PULL)
    assert stored is not None
    assert stored.version == 2
    assert [entry.text for entry in await store.ledger("run-1")] == [str(stored.run.fix_rounds)]


async def test_two_live_runs_on_one_pull_request_are_a_conflict(store: Store) -> None:
    await store.record(a_reaction(run=a_run()))
    with pytest.raises(Conflict):
        await store.record(a_reaction(run=a_run("run-2")))
    await remember(store, PullKey(77, 6))
    await store.record(a_reaction(key=PullKey(77, 6), run=a_run("run-3", PullKey(77, 6))))
    assert await store.live_run_count() == 2


async def test_a_new_run_may_follow_one_that_is_over(store: Store) -> None:
    await store.record(a_reaction(run=a_run()))
    await store.record(a_reaction(run=a_run(state=RunState.ABORTED), expected_version=1))
    assert await store.live_run(PULL) is None
    await store.record(a_reaction(run=a_run("run-2", state=RunState.CLOSED)))
    latest = await store.latest_run(PULL)
    assert latest is not None
    assert latest.run.id == "run-2"


async def test_the_ledger_grows_in_the_order_of_recording(store: Store) -> None:
    first = (an_entry("one"), an_entry("two", EntryKind.APPROVED))
    await store.record(a_reaction(run=a_run(), entries=first))
    third = replace(an_entry("three"), commit=None, block=None, comment_id=None, at=later(hours=-1))
    await store.record(a_reaction(run=a_run(), expected_version=1, entries=(third,)))
    assert await store.ledger("run-1") == [*first, third]


async def test_a_comment_is_handled_once(store: Store) -> None:
    assert await store.unhandled_comments(77, [1, 2]) == {1, 2}
    assert await store.unhandled_comments(77, []) == set()
    await store.record(a_reaction(comment_ids=(1, 1)))
    assert await store.unhandled_comments(77, [1, 2]) == {2}
    assert await store.unhandled_comments(78, [1]) == {1}
    with pytest.raises(Conflict):
        await store.record(a_reaction(comment_ids=(2, 1)))
    assert await store.unhandled_comments(77, [1, 2]) == {2}


async def test_an_unknown_pull_request_cannot_have_a_reaction(store: Store) -> None:
    with pytest.raises(LookupError):
        await store.record(a_reaction(key=PullKey(1, 1)))


async def test_entries_without_a_run_and_runs_of_others_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="belong to a run"):
        await store.record(a_reaction(entries=(an_entry(),)))
    with pytest.raises(ValueError, match="another pull request"):
        await store.record(a_reaction(run=a_run(key=PullKey(77, 6))))


@pytest.mark.parametrize("step", ["update_pull", "write_run", "append_entries", "add_effects", "mark_handled"])
async def test_a_failure_at_any_step_leaves_nothing_behind(
    store: Store, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await inbox.accept("g1", "push", b"{}")
    await store.route("g1", [PULL], NOON)
    before = await _everything(store)

    def breaks(*_arguments: object) -> None:
        raise RuntimeError("the power went")

    whole = a_reaction(
        run=a_run(),
        entries=(an_entry(),),
        effects=(a_reply(),),
        handled_guids=("g1",),
        comment_ids=(1,),
        pull=PullUpdate(False, HEAD, "main", "acme/renamed", later(hours=1)),
    )
    with monkeypatch.context() as patch:
        patch.setattr(reactions, step, breaks)
        with pytest.raises(RuntimeError):
            await store.record(whole)
    assert await _everything(store) == before

    await store.record(whole)
    after = await _everything(store)
    assert all(now != then for now, then in zip(after, before, strict=True))


async def _everything(store: Store) -> list[object]:
    return [
        await store.live_run(PULL),
        await store.ledger("run-1"),
        await store.due_effects(PULL, NOON),
        await store.deliveries_for(PULL),
        await store.unhandled_comments(77, [1]),
        await store.pull(PULL),
    ]
