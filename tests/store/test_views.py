from __future__ import annotations

from bot.runs.facts import Shown
from bot.store.store import Store
from bot.store.views import ShownCheck, ShownViews
from tests.store.examples import HEAD, NOON, PULL, a_reaction, a_run

OLD = "b" * 40


async def test_nothing_is_shown_at_first(store: Store) -> None:
    assert await store.shown(PULL) == ShownViews()


async def test_the_checklist_is_remembered_with_what_it_shows_as_waiting(store: Store) -> None:
    await store.record(a_reaction(run=a_run()))
    awaiting = Shown(HEAD, "B02", NOON)
    await store.save_comment(PULL, 12, "digest-1", awaiting, "run-1")
    assert await store.shown(PULL) == ShownViews(12, "digest-1", "run-1", awaiting)
    await store.save_comment(PULL, 13, "digest-2", None)
    assert await store.shown(PULL) == ShownViews(13, "digest-2")
    await store.forget_comment(PULL)
    assert await store.shown(PULL) == ShownViews()


async def test_checks_are_remembered_per_head_and_name(store: Store) -> None:
    await store.save_check(PULL, OLD, "stepwise/plan", 1, "d1", NOON)
    await store.save_check(PULL, HEAD, "stepwise/plan", 2, "d2", NOON)
    await store.save_check(PULL, HEAD, "stepwise/plan", 3, "d3", NOON)
    assert (await store.shown(PULL)).checks == {
        (OLD, "stepwise/plan"): ShownCheck(1, "d1"),
        (HEAD, "stepwise/plan"): ShownCheck(3, "d3"),
    }
    assert await store.forget_old_checks(PULL, HEAD) == 1
    assert (await store.shown(PULL)).checks == {(HEAD, "stepwise/plan"): ShownCheck(3, "d3")}
