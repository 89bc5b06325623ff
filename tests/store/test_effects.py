from __future__ import annotations

import pytest

from bot.runs.effects import React
from bot.runs.facts import Outcome, OutcomeState
from bot.runs.model import PullKey
from bot.store.effects import EffectState
from bot.store.store import Store
from tests.store.examples import NOON, PULL, a_reaction, a_reply, a_run, later, remember


async def test_effects_are_due_in_the_order_decided(store: Store) -> None:
    react = React("react-9", 9, "+1")
    await store.record(a_reaction(effects=(a_reply("z"), react)))
    await store.record(a_reaction(effects=(a_reply("a"),)))
    due = await store.due_effects(PULL, NOON)
    assert [stored.effect for stored in due] == [a_reply("z"), react, a_reply("a")]
    assert {(stored.state, stored.attempts, stored.error) for stored in due} == {(EffectState.PENDING, 0, None)}


async def test_an_effect_of_another_pull_request_is_not_due_here(store: Store) -> None:
    await remember(store, PullKey(77, 6))
    await store.record(a_reaction(key=PullKey(77, 6), effects=(a_reply(),)))
    assert await store.due_effects(PULL, NOON) == []


async def test_an_effect_that_was_started_and_never_finished_is_due_again_after_a_restart(
    store: Store, url: str
) -> None:
    await store.record(a_reaction(effects=(a_reply(),)))
    assert await store.start_effect("reply-1", NOON) == 1
    await store.close()

    again = Store.open(url)
    (due,) = await again.due_effects(PULL, NOON)
    assert (due.state, due.attempts) == (EffectState.STARTED, 1)
    assert await again.start_effect("reply-1", NOON) == 2
    await again.finish_effect("reply-1", {"comment_id": "12"}, NOON)
    assert await again.due_effects(PULL, NOON) == []
    await again.close()


async def test_deciding_an_effect_again_leaves_the_first_as_it_is(store: Store) -> None:
    await store.record(a_reaction(effects=(a_reply(body="first"),)))
    await store.record(a_reaction(effects=(a_reply(body="second"), a_reply("reply-2"))))
    assert [stored.effect for stored in await store.due_effects(PULL, NOON)] == [
        a_reply(body="first"),
        a_reply("reply-2"),
    ]
    await store.finish_effect("reply-1", {}, NOON)
    await store.record(a_reaction(effects=(a_reply(body="third"),)))
    assert [stored.key for stored in await store.due_effects(PULL, NOON)] == ["reply-2"]


async def test_outcomes_say_how_each_effect_of_a_run_went(store: Store) -> None:
    replies = tuple(a_reply(name) for name in ("pending", "started", "done", "failed"))
    await store.record(a_reaction(run=a_run(), effects=replies))
    await store.record(a_reaction(effects=(a_reply("of no run"),)))
    await store.start_effect("started", NOON)
    await store.finish_effect("done", {"commit": "b" * 40}, NOON)
    await store.fail_effect("failed", "422 Validation Failed", NOON)
    assert await store.outcomes("run-1") == {
        "pending": Outcome(OutcomeState.PENDING, {}),
        "started": Outcome(OutcomeState.PENDING, {}),
        "done": Outcome(OutcomeState.DONE, {"commit": "b" * 40}),
        "failed": Outcome(OutcomeState.FAILED, {}, "422 Validation Failed"),
    }


async def test_a_postponed_effect_says_why_and_holds_nothing_else_back(store: Store) -> None:
    await store.record(a_reaction(effects=(a_reply("one"), a_reply("two"))))
    await store.start_effect("one", NOON)
    await store.postpone_effect("one", later(minutes=1), "secondary limit")
    assert [stored.key for stored in await store.due_effects(PULL, NOON)] == ["two"]
    first, _ = await store.due_effects(PULL, later(minutes=1))
    assert (first.key, first.state, first.attempts, first.error) == ("one", EffectState.STARTED, 1, "secondary limit")


async def test_a_finished_effect_cannot_be_changed(store: Store) -> None:
    await store.record(a_reaction(effects=(a_reply(),)))
    await store.finish_effect("reply-1", {}, NOON)
    with pytest.raises(LookupError, match="no open effect reply-1"):
        await store.start_effect("reply-1", NOON)
    with pytest.raises(LookupError):
        await store.fail_effect("reply-1", "late", NOON)
    with pytest.raises(LookupError):
        await store.postpone_effect("unknown", NOON, "never")


async def test_progress_noted_in_the_middle_of_the_act_is_there_after_a_crash(store: Store) -> None:
    await store.record(a_reaction(effects=(a_reply(),)))
    await store.start_effect("reply-1", NOON)
    await store.note_progress("reply-1", {"tree": "t1"})
    await store.note_progress("reply-1", {"commit": "c1"})
    (due,) = await store.due_effects(PULL, NOON)
    assert (due.state, due.result) == (EffectState.STARTED, {"tree": "t1", "commit": "c1"})
