from __future__ import annotations

from datetime import timedelta

from bot.store.store import Store
from tests.store.examples import NOON, later

EVERY = timedelta(minutes=10)


async def test_a_chore_is_begun_by_the_first_who_asks_and_by_nobody_else_until_it_is_due_again(store: Store) -> None:
    asked = [
        (NOON, True),
        (NOON, False),
        (later(minutes=9), False),
        (later(minutes=10), True),
        (later(minutes=11), False),
    ]
    assert [await store.begin_chore("sweep", now, now - EVERY) for now, _ in asked] == [told for _, told in asked]
    assert await store.begin_chore("another", NOON, NOON - EVERY)
