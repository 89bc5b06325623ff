"""Workers whose webhooks never came: before anything follows from silence, GitHub is asked how they stand."""

from __future__ import annotations

from tests.e2e.scenario import Scenario
from tests.e2e.workers import executed, workers

START_MINUTES, WORK_MINUTES = 5, 60


def deaf(github: Scenario) -> None:
    github.sandbox.faults.add_hook("lost", event="workflow_run", times=0)


async def test_a_worker_that_began_unheard_is_neither_cancelled_nor_asked_a_second_time(github: Scenario) -> None:
    first = await executed(github)
    deaf(github)
    await first.begin()
    await github.wait((START_MINUTES + 1) * 60)
    assert len(workers(github)) == 1 and first.run.status == "in_progress"
    sha = await first.push()
    assert (await first.report("done", commit=sha)).status == 202
    assert f"/approve B01 @{sha[:7]}" in await github.checklist()


async def test_a_worker_that_failed_unheard_is_asked_once_more_with_its_failure(github: Scenario) -> None:
    first = await executed(github)
    deaf(github)
    await first.begin()
    await first.end("failure")
    await github.wait((START_MINUTES + 1) * 60)
    _, second = workers(github)
    assert "ended with failure" in second.inputs["brief"]


async def test_a_worker_that_ended_well_unheard_has_done_its_block(github: Scenario) -> None:
    first = await executed(github)
    await first.begin()
    deaf(github)
    sha = await first.push()
    await first.end()
    assert f"/approve B01 @{sha[:7]}" not in await github.next_thing()
    await github.wait((WORK_MINUTES + 1) * 60)
    assert len(workers(github)) == 1
    assert f"/approve B01 @{sha[:7]}" in await github.next_thing()
    assert "took longer" not in await github.timeline()


async def test_a_worker_that_never_began_is_asked_once_more_and_the_first_run_is_cancelled(github: Scenario) -> None:
    first = await executed(github)
    deaf(github)
    await github.wait((START_MINUTES + 1) * 60)
    assert len(workers(github)) == 2 and first.run.conclusion == "cancelled"
