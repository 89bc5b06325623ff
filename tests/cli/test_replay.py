"""`stepwise replay` beside a running bot: what it says, what follows, and that twice is harmless."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
import structlog
from typer.testing import CliRunner

from bot.cli.main import app
from bot.sandbox import Sandbox, generate_key
from bot.sandbox.hooks import Event
from bot.store.migrate import prepare
from bot.store.operations import Operations
from tests.cli.from_environment import settings_from
from tests.e2e.processes import OWN_SETTINGS, settings_of
from tests.e2e.scenario import Scenario
from tests.e2e.whole import whole
from tests.logging_state import kept_logging

PEM = generate_key()
NOT_ASKED = {"GITHUB_API_URL": "http://127.0.0.1:9"}


class Told(NamedTuple):
    exit_code: int
    lines: list[str]
    errors: str


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The bot under test shares its standard output with the command."""
    with kept_logging():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        yield


@pytest.fixture
async def github(tmp_path: Path) -> AsyncIterator[Scenario]:
    """A GitHub whose clock runs, as the command asks it by this machine's."""
    sandbox = await Sandbox.start(private_key_pem=PEM, directory=tmp_path / "git")
    settings = settings_from(settings_of(sandbox, tmp_path))
    prepare(settings.database_url)
    try:
        async with whole(settings, sandbox.clock.precise) as bot, aiohttp.ClientSession() as http:
            sandbox.set_webhook_url(bot.address + settings.webhook_path)
            yield Scenario(sandbox, bot, http, tmp_path)
    finally:
        await sandbox.stop()


async def replay(github: Scenario, *arguments: str, **changes: str) -> Told:
    environment = dict.fromkeys(OWN_SETTINGS, "") | settings_of(github.sandbox, github.folder) | changes

    def run() -> Told:
        with kept_logging():
            done = CliRunner(env=environment).invoke(app, ["replay", *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Told(done.exit_code, done.stdout.splitlines(), done.stderr)

    told = await asyncio.to_thread(run)
    github.bot.dispatcher.wake()
    await github.settle()
    return told


def sent(github: Scenario, name: str, action: str) -> Event:
    """The last delivery of that kind which GitHub sent."""
    found = [attempt.event for attempt in github.sandbox.hooks.attempts]
    return [event for event in found if (event.name, event.action) == (name, action)][-1]


def do(github: Scenario, statement: str) -> None:
    with closing(sqlite3.connect(github.folder / "stepwise.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(statement)


async def story(github: Scenario) -> tuple[object, ...]:
    """All that people see on the pull request, with every comment and commit counted."""
    comments = [comment.body for comment in await github.comments()]
    commits = [one["sha"] for one in await github.commits()]
    return comments, commits, {name: check.conclusion for name, check in (await github.checks()).items()}


async def test_a_handled_command_is_not_done_again_however_often_it_is_replayed(github: Scenario) -> None:
    await github.started()
    await github.block_done("B01")
    before = await story(github)
    guid = sent(github, "issue_comment", "created").guid
    for _ in range(2):
        told = await replay(github, guid, **NOT_ASKED)
        assert told.exit_code == 0
        assert told.lines[0] == f"{guid}: issue_comment.created by maria in acme/shop"
        assert told.lines[2].startswith("concerns acme/shop#1, handled ")
        assert told.lines[-1] == (
            "it is handled again: acme/shop#1 is looked at as it is now; effects that were done are not done twice, "
            "nor are the comment's commands: say them in a new comment for that"
        )
        assert await story(github) == before


async def test_every_delivery_of_a_story_replayed_changes_nothing(github: Scenario) -> None:
    """With a click among them, which has no id that would tell it from the same click made again."""
    await github.started()
    await github.block_done("B01")
    await github.block_pushed("B02")
    (checklist,) = [one for one in await github.comments() if "stepwise:checklist" in one.body]
    await github.edit_comment(checklist.id, checklist.body.replace("- [ ] **B02**", "- [x] **B02**"), by="maria")
    assert "done" in await github.block("B02")
    before = await story(github)
    edits = [one.event for one in github.sandbox.hooks.attempts if one.event.action == "edited"]
    (clicked,) = [event.guid for event in edits if event.payload["sender"]["login"] == "maria"]
    told = await replay(github, clicked, **NOT_ASKED)
    assert "nor is the click" in told.lines[-1]
    store = Operations.open(f"sqlite:///{github.folder / 'stepwise.db'}")
    others = list(dict.fromkeys(attempt.event.guid for attempt in github.sandbox.hooks.attempts))
    others.remove(clicked)
    assert [await store.replay(guid, datetime.now(UTC)) for guid in others] == [True] * len(others)
    await store.close()
    github.bot.dispatcher.wake()
    await github.settle()
    assert await story(github) == before


async def test_a_replayed_push_has_the_pull_request_looked_at(github: Scenario) -> None:
    """A check run that was lost and is not on the page is there afterwards."""
    await github.planned()
    guid = sent(github, "pull_request", "opened").guid
    do(github, "DELETE FROM checks")
    runs = len(github.sandbox.repo("acme/shop").check_runs)
    told = await replay(github, guid)
    assert told.lines[-1].endswith("effects that were done are not done twice")
    assert len(github.sandbox.repo("acme/shop").check_runs) == runs + 4


async def test_one_that_was_ignored_is_looked_into_again(github: Scenario) -> None:
    await github.planned()
    await github.comment("just a word")
    await github.edit_comment((await github.comments())[-1].id, "just two words", by="maria")
    guid = sent(github, "issue_comment", "edited").guid
    told = await replay(github, guid)
    assert any("and ignored: " in line for line in told.lines)
    assert "is looked into again and, by this version, ignored again" in told.lines[-1]


async def test_a_dry_run_says_it_all_and_changes_nothing(github: Scenario) -> None:
    await github.planned()
    guid = sent(github, "pull_request", "opened").guid
    do(github, "DELETE FROM checks")
    runs = len(github.sandbox.repo("acme/shop").check_runs)
    told = await replay(github, guid, "--dry-run")
    assert told.lines[-1].startswith("replayed, acme/shop#1 is looked at")
    assert len(github.sandbox.repo("acme/shop").check_runs) == runs


async def test_one_that_waits_is_left_as_it_is(github: Scenario) -> None:
    await github.planned()
    guid = sent(github, "pull_request", "opened").guid
    do(github, "UPDATE pulls SET retry_at = '2126-01-01 00:00:00.000000', attempts = 1, last_error = 'GitHub is down'")
    do(github, f"UPDATE delivery_targets SET handled_at = NULL WHERE guid = '{guid}'")
    do(github, f"UPDATE deliveries SET handled_at = NULL WHERE guid = '{guid}'")
    told = await replay(github, guid)
    assert told.lines[-2:] == [
        "concerns acme/shop#1, tried again 2126-01-01 00:00:00 UTC after: GitHub is down",
        "it waits already: nothing was changed",
    ]


# -- what never arrived ----------------------------------------------------------------------------------------------


async def lost_command(github: Scenario) -> Event:
    """An `/execute` whose webhook nothing answered."""
    await github.planned()
    github.sandbox.faults.add_hook("failed")
    await github.comment("/execute")
    assert await github.headline() == "ready to be executed"
    return sent(github, "issue_comment", "created")


async def test_one_that_never_arrived_is_fetched_from_github_and_handled(github: Scenario) -> None:
    lost = await lost_command(github)
    dry = await replay(github, lost.guid, "--dry-run")
    assert dry.lines[0] == f"{lost.guid}: issue_comment.created"
    assert "failed: timed out; not in this database" in dry.lines[1]
    assert await github.headline() == "ready to be executed"
    told = await replay(github, lost.guid)
    assert told.lines[-1] == "it was fetched from GitHub and put into the inbox; it is handled like any other"
    assert "B01" in await github.headline()
    before = await story(github)
    again = await replay(github, lost.guid)
    assert "nor are the comment's commands" in again.lines[-1]
    assert await story(github) == before


async def test_it_is_found_by_the_number_of_an_attempt_too(github: Scenario) -> None:
    lost = await lost_command(github)
    number = next(attempt.id for attempt in github.sandbox.hooks.attempts if attempt.event.guid == lost.guid)
    assert (await replay(github, str(number))).exit_code == 0
    assert "B01" in await github.headline()


async def test_github_can_be_asked_to_send_it_again(github: Scenario) -> None:
    lost = await lost_command(github)
    told = await replay(github, lost.guid, "--redeliver")
    assert told.lines[-1] == "GitHub was asked to send it again; it arrives by the webhook"
    assert "B01" in await github.headline()
    assert [one.redelivery for one in github.sandbox.hooks.attempts if one.event.guid == lost.guid] == [False, True]


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        ("11111111-2222-3333-4444-555555555555", "neither in the database nor in the App's log on GitHub"),
        ("123", "the App's log on GitHub has no attempt 123"),
        ("\x1b[31m", "\\u001b[31m is neither"),
    ],
)
async def test_one_that_nobody_knows_is_one_clear_line(github: Scenario, delivery: str, said: str) -> None:
    told = await replay(github, delivery)
    assert (told.exit_code, told.lines) == (1, [])
    assert said in told.errors
    assert told.errors.count("\n") == 1


async def test_a_github_that_is_away_is_one_clear_line(github: Scenario) -> None:
    told = await replay(github, "11111111-2222-3333-4444-555555555555", **NOT_ASKED)
    assert told.exit_code == 1
    assert "GitHub did not answer GET /app/hook/deliveries" in told.errors


async def test_a_database_that_is_not_there_is_one_clear_line(github: Scenario) -> None:
    told = await replay(github, "1", DATABASE_URL="sqlite:////nowhere/stepwise.db")
    assert told.exit_code == 1
    assert "there is no database file" in told.errors
