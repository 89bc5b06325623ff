from __future__ import annotations

import pytest

from bot.runs.model import PullKey
from bot.store.inbox import Inbox
from bot.store.pulls import PullUpdate
from bot.store.store import Store
from tests.store.examples import HEAD, NOON, PULL, a_reaction, a_reply, later, remember

OTHER = PullKey(77, 6)


async def test_a_delivery_waits_for_routing_then_for_its_pull_request(store: Store, inbox: Inbox) -> None:
    await inbox.accept("g1", "issue_comment", b'{"a": 1}')
    (delivery,) = await store.unrouted(10)
    assert (delivery.guid, delivery.event, delivery.body) == ("g1", "issue_comment", b'{"a": 1}')
    assert delivery.received_at.tzinfo is not None
    assert await store.keys_waiting(NOON) == []

    await store.route("g1", [PULL], NOON)
    assert await store.unrouted(10) == []
    assert await store.keys_waiting(NOON) == [PULL]
    assert await store.deliveries_for(PULL) == [delivery]

    await store.record(a_reaction(handled_guids=("g1",)))
    assert await store.deliveries_for(PULL) == []
    assert await store.keys_waiting(NOON) == []


async def test_deliveries_come_in_the_order_they_arrived(store: Store, inbox: Inbox) -> None:
    for guid in ("z", "a", "m"):
        await inbox.accept(guid, "push", b"{}")
    assert [delivery.guid for delivery in await store.unrouted(2)] == ["z", "a"]
    for guid in ("m", "z", "a"):
        await store.route(guid, [PULL], NOON)
    assert [delivery.guid for delivery in await store.deliveries_for(PULL)] == ["z", "a", "m"]


async def test_what_came_in_first_is_looked_at_first_and_a_sweep_comes_after_it(store: Store, inbox: Inbox) -> None:
    numbers = [PullKey(77, number) for number in (1, 2, 3)]
    for key in numbers:
        await remember(store, key)
        await store.set_wake_at(key, NOON)
    await inbox.accept("first", "issue_comment", b"{}")
    await inbox.accept("second", "issue_comment", b"{}")
    await store.route("second", [numbers[1]], NOON)
    await store.route("first", [numbers[2]], NOON)
    assert (await store.agenda(NOON)).pulls == (numbers[2], numbers[1], numbers[0])


async def test_a_delivery_for_two_pull_requests_is_done_when_both_have_handled_it(store: Store, inbox: Inbox) -> None:
    await remember(store, OTHER)
    await inbox.accept("g1", "check_run", b"{}")
    await store.route("g1", [PULL, OTHER, PULL], NOON)
    assert await store.keys_waiting(NOON) == [PULL, OTHER]

    await store.record(a_reaction(handled_guids=("g1",)))
    assert await store.keys_waiting(NOON) == [OTHER]
    assert await store.forget_deliveries(later(days=30)) == 0

    await store.record(a_reaction(key=OTHER, handled_guids=("g1",)))
    assert await store.keys_waiting(NOON) == []
    assert await store.forget_deliveries(later(days=30)) == 1


async def test_an_ignored_delivery_is_never_looked_at_again(store: Store, inbox: Inbox) -> None:
    await inbox.accept("g1", "star", b"{}")
    await store.ignore({"g1": "event of no interest"}, NOON)
    assert await store.unrouted(10) == []
    assert await inbox.accept("g1", "star", b"{}") is False
    assert await store.unrouted(10) == []


async def test_a_delivery_that_concerns_nobody_is_ignored(store: Store, inbox: Inbox) -> None:
    await inbox.accept("g1", "check_run", b"{}")
    await store.route("g1", [], NOON)
    assert await store.unrouted(10) == []
    assert await store.forget_deliveries(later(days=1)) == 1


async def test_routing_twice_does_not_wake_a_handled_delivery(store: Store, inbox: Inbox) -> None:
    await inbox.accept("g1", "push", b"{}")
    await store.route("g1", [PULL], NOON)
    await store.record(a_reaction(handled_guids=("g1",)))
    await store.route("g1", [PULL], NOON)
    await store.ignore({"g1": "too late"}, NOON)
    assert await store.keys_waiting(NOON) == []


async def test_routing_to_an_unknown_pull_request_is_an_error_and_leaves_the_delivery(
    store: Store, inbox: Inbox
) -> None:
    await inbox.accept("g1", "push", b"{}")
    with pytest.raises(LookupError, match="never remembered"):
        await store.route("g1", [PULL, PullKey(1, 1)], NOON)
    assert len(await store.unrouted(10)) == 1
    assert await store.deliveries_for(PULL) == []


async def test_retention_forgets_only_what_was_handled_before(store: Store, inbox: Inbox) -> None:
    for guid in ("old", "new", "open"):
        await inbox.accept(guid, "push", b"{}")
        await store.route(guid, [PULL], NOON)
    await store.record(a_reaction(handled_guids=("old",), now=NOON))
    await store.record(a_reaction(handled_guids=("new",), now=later(days=2)))
    assert await store.forget_deliveries(later(days=1)) == 1
    assert [delivery.guid for delivery in await store.deliveries_for(PULL)] == ["open"]
    assert await inbox.accept("new", "push", b"{}") is False
    assert await inbox.accept("old", "push", b"{}") is True


async def test_a_pull_request_waits_when_its_time_has_come(store: Store) -> None:
    await store.set_wake_at(PULL, later(minutes=10))
    assert await store.keys_waiting(later(minutes=9)) == []
    assert await store.next_due(NOON) == later(minutes=10)
    assert await store.keys_waiting(later(minutes=10)) == [PULL]
    await store.record(a_reaction(pull=PullUpdate(True, HEAD, "main", "acme/shop", None)))
    assert await store.keys_waiting(later(minutes=10)) == []
    assert await store.next_due(NOON) is None


async def test_a_reaction_that_says_nothing_of_the_pull_request_leaves_its_wake_up(store: Store) -> None:
    await store.set_wake_at(PULL, later(minutes=10))
    await store.record(a_reaction())
    assert await store.next_due(NOON) == later(minutes=10)


async def test_a_failing_pull_request_waits_for_its_retry_whatever_arrives(store: Store, inbox: Inbox) -> None:
    await inbox.accept("g1", "push", b"{}")
    await store.route("g1", [PULL], NOON)
    assert await store.note_failure(PULL, "GitHub answered 502", later(minutes=1)) == 1
    assert await store.note_failure(PULL, "GitHub answered 503", later(minutes=2)) == 2
    assert await store.keys_waiting(later(minutes=1)) == []
    assert await store.next_due(NOON) == later(minutes=2)
    assert await store.keys_waiting(later(minutes=2)) == [PULL]
    row = await store.pull(PULL)
    assert row is not None
    assert (row.attempts, row.last_error) == (2, "GitHub answered 503")

    await store.clear_failure(PULL)
    assert await store.keys_waiting(NOON) == [PULL]


async def test_a_retry_is_due_even_if_nothing_else_waits(store: Store) -> None:
    await store.note_failure(PULL, "GitHub answered 502", later(minutes=1))
    assert await store.keys_waiting(later(minutes=1)) == [PULL]


async def test_an_effect_that_is_due_wakes_its_pull_request(store: Store) -> None:
    await store.record(a_reaction(effects=(a_reply(),)))
    assert await store.keys_waiting(NOON) == [PULL]
    await store.postpone_effect("reply-1", later(minutes=5), "secondary limit")
    assert await store.keys_waiting(NOON) == []
    assert await store.next_due(NOON) == later(minutes=5)
    assert await store.keys_waiting(later(minutes=5)) == [PULL]
    await store.finish_effect("reply-1", {}, NOON)
    assert await store.keys_waiting(later(minutes=5)) == []
