"""SIGKILL at any write while an issue is answered or a merge group judged: started again, it ends as if undisturbed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Nursery
from tests.e2e.scenario import PLAN
from tests.e2e.test_crash import mortal
from tests.e2e.test_issues import an_issue, plan_pushed, pulls, said_on, say
from tests.e2e.test_merge_queue import NAMES, asked, is_merged, posted, queue_on_main, queued, small_pull


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.close()


@pytest.mark.parametrize(
    ("nth", "after"),
    [(1, False), (1, True), (2, True)],
    ids=["before the first", "after the first", "after the second"],
)
async def test_a_command_on_an_issue_survives_a_kill_at_every_kind_of_write(
    nth: int, after: bool, nursery: Nursery, app_key: str, tmp_path: Path
) -> None:
    async with mortal(nursery, app_key, tmp_path) as (github, bot, killer):
        issue = await an_issue(github)
        await plan_pushed(github)
        killer.nth, killer.after = nth, after
        said = await say(github, issue, f"/execute {PLAN}")
        refused = await say(github, issue, "/execute docs/exec-plans/active/nothing.md")
        killer.nth = 0
        (pull,) = await pulls(github)
        replies = await said_on(github, issue)
        assert len([text for text in replies if f"#{pull['number']}" in text]) == 1
        assert len([text for text in replies if "was refused" in text]) == 1
        assert await github.reactions(said) == ["+1"]
        assert await github.reactions(refused) == ["confused"]
        github.pull = pull["number"]
        assert await github.headline() == "B01 is to be done"
        assert bot.deaths == killer.killed.total() > 0


@pytest.mark.parametrize(
    ("nth", "after"),
    [(1, False), (1, True), (3, True)],
    ids=["before the first", "after the first", "after the third"],
)
async def test_a_merge_group_survives_a_kill_at_every_kind_of_write(
    nth: int, after: bool, nursery: Nursery, app_key: str, tmp_path: Path
) -> None:
    async with mortal(nursery, app_key, tmp_path) as (github, bot, killer):
        number = await small_pull(github, "one")
        queue_on_main(github)
        killer.nth, killer.after = nth, after
        await queued(github, number)
        killer.nth = 0
        assert await is_merged(github, number)
        assert posted(github, asked(github)[-1]["head_sha"]) == sorted(NAMES)
        assert bot.deaths == killer.killed.total() > 0
