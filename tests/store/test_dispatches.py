"""What a report's dispatch id leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.runs.model import PullKey, RunState
from bot.store.errors import StoreError
from bot.store.inbox import Inbox
from bot.store.store import Store
from tests.store.examples import NOON, PULL, a_reaction, a_reply, a_run


async def test_the_work_behind_an_effect_is_that_of_its_own_run_as_it_is_now(store: Store) -> None:
    past = a_run("past", state=RunState.ABORTED)
    await store.record(a_reaction(run=past, effects=(a_reply("dispatch:one"),)))
    await store.record(a_reaction(run=a_run(), effects=(a_reply("dispatch:two"),)))
    await store.record(a_reaction(run=a_run(state=RunState.PAUSED), expected_version=1))
    one, two = await store.work_of("dispatch:one"), await store.work_of("dispatch:two")
    assert one is not None and one.run == past
    assert two is not None and two.run == a_run(state=RunState.PAUSED)
    assert (two.pull, two.installation_id, two.full_name, two.workflow_run_id) == (PULL, 1, "acme/shop", None)


async def test_the_workflow_run_that_github_answered_belongs_to_it(store: Store) -> None:
    await store.record(a_reaction(run=a_run(), effects=(a_reply("dispatch:one"), a_reply("dispatch:two"))))
    await store.finish_effect("dispatch:one", {"workflow_run_id": "31", "url": "u"}, NOON)
    await store.finish_effect("dispatch:two", {}, NOON)
    found = [await store.work_of(f"dispatch:{name}") for name in ("one", "two")]
    assert [work and work.workflow_run_id for work in found] == [31, None]


async def test_an_effect_of_no_run_and_an_unknown_one_lead_nowhere(store: Store) -> None:
    await store.record(a_reaction(effects=(a_reply("dispatch:one"),)))
    assert await store.work_of("dispatch:one") is None
    assert await store.work_of("dispatch:two") is None


async def test_a_repository_is_known_by_any_of_its_pull_requests(store: Store) -> None:
    assert await store.knows_repository(PULL.repository_id)
    assert not await store.knows_repository(PullKey(78, 5).repository_id)


async def test_a_delivery_is_known_from_its_acknowledgement_on(store: Store, inbox: Inbox) -> None:
    assert not await store.has_delivery("report:1")
    await inbox.accept("report:1", "stepwise_report", b"{}")
    assert await store.has_delivery("report:1")


async def test_a_database_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'empty.db'}")
    for asked in (store.work_of("x"), store.knows_repository(1), store.has_delivery("x")):
        with pytest.raises(StoreError, match=r"\Athe database cannot be read: [^\n]+\Z"):
            await asked
    await store.close()
