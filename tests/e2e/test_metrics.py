"""What `/metrics` says is what has happened, and what waits; and a worker says it on a port of its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.cli.doctor_database import database_findings
from bot.cli.findings import State
from bot.sandbox import Answer
from bot.store.inbox import Inbox
from tests.databases import query
from tests.e2e.scenario import Scenario

LINE = re.compile(r"(?P<name>[a-z_]+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")


async def scraped(github: Scenario) -> dict[str, float]:
    """Every sample by its name and labels, as the page writes them."""
    async with github.http.get(github.bot.address + "/metrics") as answer:
        text = await answer.text()
    found = [LINE.fullmatch(line) for line in text.splitlines() if not line.startswith("#")]
    return {f"{one['name']}{{{one['labels'] or ''}}}": float(one["value"]) for one in found if one is not None}


def labelled(samples: Mapping[str, float], name: str) -> dict[str, float]:
    return {key.removeprefix(name): value for key, value in samples.items() if key.startswith(name + "{")}


async def test_a_story_is_counted(github: Scenario) -> None:
    github.sandbox.faults.add(Answer(502), path=r"/pulls/1$", times=3)
    await github.started()
    await github.wait(10)
    samples = await scraped(github)
    assert labelled(samples, "stepwise_deliveries_accepted_total")['{event="issue_comment"}'] >= 1
    assert samples['stepwise_reactions_total{outcome="done"}'] >= 2
    assert samples['stepwise_reactions_total{outcome="failed"}'] == 1
    assert samples['stepwise_errors_total{kind="Unavailable"}'] == 1
    assert samples['stepwise_effects_total{kind="react",outcome="done"}'] == 1
    calls = labelled(samples, "stepwise_github_calls_total")
    assert calls['{method="GET",route="/repos/{owner}/{repo}/pulls/{number}",status="502"}'] == 3
    assert not any("acme" in labels or "checkout" in labels for labels in calls)
    assert samples["stepwise_inbox_batch_count{}"] >= 1
    assert samples['stepwise_database_seconds_count{kind="write"}'] > 5
    assert samples["stepwise_live_runs{}"] == 1
    assert samples["stepwise_queue_age_seconds{}"] == 0
    assert samples["stepwise_database_up{}"] == 1


@pytest.mark.sqlite
async def test_the_calls_left_are_those_of_the_process_that_makes_them(github: Scenario) -> None:
    """On PostgreSQL that is the worker, which has a page of its own."""
    await github.planned()
    samples = await scraped(github)
    ((installation, left),) = labelled(samples, "stepwise_github_calls_left").items()
    assert installation == f'{{installation="{github.sandbox.installation().id}"}}'
    assert 4000 < left < 5000
    (reset,) = labelled(samples, "stepwise_github_calls_reset_timestamp_seconds").values()
    assert 0 < reset - github.sandbox.clock.timestamp() <= 3600


async def test_a_delivery_that_github_is_asked_for_again_is_counted(github: Scenario) -> None:
    await github.planned()
    github.sandbox.faults.add_hook("failed")
    await github.comment("/execute")
    await github.wait(601)
    assert (await scraped(github))["stepwise_redeliveries_total{}"] == 1


async def test_what_waits_and_for_how_long_is_told(github: Scenario, database: str) -> None:
    await github.planned()
    github.bot.dispatcher.stop()
    await asyncio.wait([github.bot.reacting])
    inbox = Inbox.open(database)
    inbox._clock = lambda: github.sandbox.clock.precise() - timedelta(seconds=90)
    await inbox.start()
    await inbox.accept("late", "ping", b"{}")
    await inbox.stop()
    samples = await scraped(github)
    assert samples["stepwise_queue_age_seconds{}"] == 90
    assert samples['stepwise_deliveries_waiting{stage="route"}'] == 1
    assert samples['stepwise_deliveries_waiting{stage="reaction"}'] == 0
    guid = next(attempt.event.guid for attempt in github.sandbox.hooks.attempts if attempt.event.action == "opened")
    query(database, "UPDATE delivery_targets SET handled_at = NULL WHERE guid = :guid", guid=guid)
    samples = await scraped(github)
    assert samples['stepwise_deliveries_waiting{stage="reaction"}'] == 1
    assert samples["stepwise_pulls_waiting{}"] == 1
    # One that fails all the time says nothing about keeping up: it is counted by itself.
    query(database, "UPDATE pulls SET attempts = 3, retry_at = '2126-01-01 00:00:00.000000'")
    samples = await scraped(github)
    assert samples['stepwise_deliveries_waiting{stage="reaction"}'] == 0
    assert samples["stepwise_pulls_failing{}"] == 1


async def test_the_doctor_sees_who_reacts(github: Scenario, database: str) -> None:
    await github.planned()
    found = await database_findings(database, github.sandbox.clock.precise())
    assert [one.state for one in found if one.check == "process"] == [State.OK]


@pytest.mark.sqlite
async def test_a_database_that_is_away_is_a_value_and_not_an_error(github: Scenario, database: str) -> None:
    await github.planned()
    query(database, "ALTER TABLE effects RENAME TO elsewhere")
    samples = await scraped(github)
    assert samples["stepwise_database_up{}"] == 0
    assert samples["stepwise_queue_age_seconds{}"] != samples["stepwise_queue_age_seconds{}"], "not a number"
    query(database, "ALTER TABLE elsewhere RENAME TO effects")
    assert (await scraped(github))["stepwise_database_up{}"] == 1


async def test_old_deliveries_are_forgotten_in_small_batches(
    github: Scenario, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await github.planned()
    monkeypatch.setattr("bot.service.sweep.FORGET_PAUSE", 0)
    inbox = Inbox.open(database)
    inbox._clock = github.sandbox.clock.precise
    await inbox.start()
    await asyncio.gather(*(inbox.accept(f"many-{number}", "ping", b"{}") for number in range(1200)))
    await inbox.stop()
    await github.wait(1)
    assert query(database, "SELECT count(*) FROM deliveries WHERE guid LIKE 'many-%'")[0][0] == 1200
    await github.wait(8 * 86400)
    assert query(database, "SELECT count(*) FROM deliveries WHERE guid LIKE 'many-%'")[0][0] == 0
    assert await github.headline() == "ready to be executed"
