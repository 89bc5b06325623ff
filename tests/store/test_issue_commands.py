from __future__ import annotations

from bot.runs.model import PullKey
from bot.store.delivery import Delivery
from bot.store.issue_commands import IssueCommand
from bot.store.store import Store
from tests.store.examples import NOON, PULL

COMMAND = IssueCommand(PullKey(77, 9), 3001, 1, "acme/shop", "maria", 7, "/execute", NOON)


async def test_a_command_is_handed_over_to_the_pull_request_once(store: Store) -> None:
    delivery = Delivery("issue 77:3001", "stepwise_issue_execute", b"{}", NOON)
    await store.add_issue_command("g1", COMMAND, NOON)
    for _ in range(2):
        await store.hand_over(COMMAND, delivery, PULL, NOON)
        assert [one.guid for one in await store.deliveries_for(PULL)] == [delivery.guid]
    assert await store.issue_commands_waiting(NOON) == []
