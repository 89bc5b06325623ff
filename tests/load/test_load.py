"""Small samples of `make load`: calls and deliveries are counted; time and memory are measured there, not here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.github import comparison, pulls
from bot.sandbox.clock import Clock
from bot.sandbox.routes import history
from bot.sandbox.routes import pulls as sandbox_pulls
from load.bots import here
from load.huge import Size, walk
from load.memory import traffic
from load.storm import blow
from load.sweep import first_sweep, next_sweep, unfinished
from load.tables import exponent
from load.world import World, world_on


@pytest.fixture
async def world(tmp_path: Path, database: str, app_key: str) -> AsyncIterator[World]:
    clock = Clock()
    clock.freeze(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    async with world_on(database, here, tmp_path, clock, app_key) as made:
        yield made


async def test_a_storm_costs_calls_by_its_pull_requests_and_loses_nothing(world: World) -> None:
    await world.running(3)
    numbers = sorted(world.branches)
    for deliveries in (30, 240):
        storm = await blow(world, numbers, deliveries, f"storm{deliveries}")
        assert storm.sent.requests > storm.sent.accepted == deliveries, "some come twice"
        assert (storm.lost, storm.left) == (0, 0)
        # A pass has 6 reads and at most 5 writes; what came while it ran is taken by the next one together.
        assert storm.calls.all <= len(numbers) * 3 * 11, storm.calls


async def patience_is_over(world: World) -> None:
    """Nothing reports on these heads: after ten minutes they are looked at for that, and for nothing after it."""
    for _ in range(2):
        await next_sweep(world)


async def test_many_runs_are_swept_by_turns_and_what_moved_unnoticed_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.service.sweep.LOOKS", 2)
    await world.running(5)
    await patience_is_over(world)
    await world.stop()
    moved = world.push(max(world.branches), {"src/shop/lost.py": "LOST = 1\n"})
    await world.sandbox.settle()
    world.sandbox.hooks.attempts.clear()
    sweeps = [await first_sweep(world, with_command=False)]
    assert moved in {run.suite.head_sha for run in world.repo.check_runs.values()}, "found in the list"
    sweeps += [await next_sweep(world) for _ in range(2)]
    assert all(2 <= sweep.looked_at <= 3 for sweep in sweeps), [sweep.looked_at for sweep in sweeps]
    assert set().union(*(sweep.looked for sweep in sweeps)) == set(world.branches)


async def test_a_sweep_leaves_calls_for_people(world: World) -> None:
    await world.running(2)
    await patience_is_over(world)
    world.limit(1000)
    await world.comment(min(world.branches), "/status")
    await world.settle()
    assert (await next_sweep(world)).looked_at == 0


async def test_a_limit_in_the_middle_of_a_sweep_is_waited_out(world: World) -> None:
    await world.running(3)
    await world.stop()
    world.limit(8)
    await first_sweep(world, with_command=False)
    assert unfinished(world) > 0
    world.sandbox.hub.rate_limit = 5000
    await world.advance(3600)
    await world.settle()
    assert unfinished(world) == 0


async def test_traffic_leaves_nothing_behind(world: World) -> None:
    await world.running(2)
    found = await traffic(world, 240, minutes=5)
    assert found.left == 0
    assert found.samples


async def test_a_huge_pull_request_is_seen_whole_and_above_githubs_limits_nothing_passes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in (
        (history, "COMPARE_FILES", 30), (comparison, "_MOST_FILES", 30),
        (sandbox_pulls, "MAX_FILES", 60), (pulls, "_MOST_FILES", 60),
        (history, "COMPARE_COMMITS", 25),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    steps = await walk(world, Size(files=60, commits=25, comments=12))
    scopes = [step.scope.partition(":")[0] for step in steps]
    assert scopes == ["success"] * 6 + ["failure"] * 2 + ["success"] * 2 + ["failure"] * 2, [s.scope for s in steps]
    said = world.said(max(world.branches))
    assert steps[0].counts.all == 0, "comments that are no commands cost nothing"
    assert "zzz/last.py" in next(text for text in said[1:] if "was refused" in text)
    assert "GitHub listed 60 of the" in said[-1], said[-1]


def test_growth_is_the_slope_between_logarithms() -> None:
    assert exponent([10, 100, 1000], [7, 7, 7]) == pytest.approx(0)
    assert exponent([10, 100, 1000], [20, 200, 2000]) == pytest.approx(1)
