"""A backup is taken in the middle of a story and restored later: what is forgotten is asked for again, not doubled."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.sandbox import Sandbox
from bot.sandbox.clock import Clock
from tests.databases import migrated
from tests.e2e.conftest import settings_for
from tests.e2e.scenario import PLAN, Scenario
from tests.e2e.whole import whole


@pytest.fixture
async def sandbox(app_key: str, tmp_path: Path) -> AsyncIterator[Sandbox]:
    clock = Clock()
    clock.freeze(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    sandbox = await Sandbox.start(private_key_pem=app_key, clock=clock, directory=tmp_path / "git")
    yield sandbox
    await sandbox.stop()


@asynccontextmanager
async def bot(sandbox: Sandbox, folder: Path, pull: int = 0, database: str = "") -> AsyncIterator[Scenario]:
    """The bot from its start to its end, on that database, or the one of that folder."""
    settings = settings_for(sandbox, folder)
    settings = settings.model_copy(update={"database_url": database or settings.database_url})
    async with whole(settings, sandbox.clock.precise) as running, aiohttp.ClientSession() as http:
        sandbox.set_webhook_url(running.address + settings.webhook_path)
        clones = folder / f"clones-{pull}"
        clones.mkdir()
        github = Scenario(sandbox, running, http, clones, pull=pull)
        await github.settle()
        yield github


def back_up(folder: Path) -> None:
    """As the page on operations says: one statement, while the bot runs."""
    with closing(sqlite3.connect(folder / "stepwise.db")) as database:
        database.execute("VACUUM INTO ?", (str(folder / "backup.db"),))


def restore(folder: Path) -> None:
    for name in ("stepwise.db", "stepwise.db-wal", "stepwise.db-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "backup.db").rename(folder / "stepwise.db")


@pytest.mark.sqlite
@pytest.mark.usefixtures("database")
async def test_a_run_goes_on_from_a_backup_and_nothing_is_doubled(sandbox: Sandbox, tmp_path: Path) -> None:
    """What was approved after the backup is asked for again; the record on the branch is not written twice."""
    async with bot(sandbox, tmp_path) as github:
        await github.started()
        await github.block_done("B01")
        await github.block_pushed("B02")
        back_up(tmp_path)
        await github.comment("/approve")
        assert await github.headline() == "B03 is to be done"
    restore(tmp_path)
    async with bot(sandbox, tmp_path, github.pull) as github:
        # The record commit of that approval is nobody's now: it is content, and its gates count.
        assert await github.headline() == "B02 waits for its gates"
        assert await github.replies() == []
        await github.ci("success")
        assert (await github.headline()).startswith("B02 awaits approval")
        await github.comment("/approve")
        await github.block_done("B03")
        await github.comment("/verdict PASS")
        assert await github.replies() == []
        assert [one.conclusion for one in (await github.checks()).values()] == ["success"] * 4
        plan = await github.file(PLAN)
        assert plan is not None
        assert [plan.count(f"Sprint/Block/Task: `S04` / `{block}`") for block in ("B01", "B02", "B03")] == [1, 1, 1]
    assert len([one for one in await all_comments(github) if "stepwise:checklist" in one]) == 1


async def all_comments(github: Scenario) -> list[str]:
    return [comment.body for comment in github.sandbox.repo("acme/shop").comments.values()]


@pytest.mark.sqlite
@pytest.mark.usefixtures("database")
async def test_a_pull_request_that_the_backup_does_not_know_is_found_by_its_next_delivery(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its run is lost with the database; the checklist that stands on it is taken over, not doubled."""
    async with bot(sandbox, tmp_path) as github:
        back_up(tmp_path)
        await github.started()
        assert await github.headline() == "B01 is to be done"
    restore(tmp_path)
    async with bot(sandbox, tmp_path, github.pull) as github:
        assert await github.headline() == "B01 is to be done"
        await github.comment("/execute")
        assert await github.headline() == "B01 is to be done"
        await github.block_done("B01")
        assert await github.headline() == "B02 is to be done"
    assert len([one for one in await all_comments(github) if "stepwise:checklist" in one]) == 1


async def test_a_run_goes_on_in_another_database_that_everything_was_copied_into(
    sandbox: Sandbox, tmp_path: Path, database: str
) -> None:
    """From a file into whatever these tests run on: a file again, or PostgreSQL."""
    old = f"sqlite:///{tmp_path / 'old.db'}"
    migrated(old)
    async with bot(sandbox, tmp_path, database=old) as github:
        await github.started()
        await github.block_done("B01")
        await github.block_pushed("B02")
        busy = await asyncio.to_thread(copied, old, database)
        assert (busy.exit_code, "stop it first" in busy.stderr) == (1, True)
    first, second = [await asyncio.to_thread(copied, old, database) for _ in range(2)]
    assert first.exit_code == 0
    assert "rows were copied into it" in first.stdout
    assert (second.exit_code, "is not empty: nothing was copied" in second.stderr) == (1, True)
    async with bot(sandbox, tmp_path, github.pull) as github:
        await github.comment("/approve")
        assert await github.headline() == "B03 is to be done"
        assert await github.replies() == []
    assert len([one for one in await all_comments(github) if "stepwise:checklist" in one]) == 1


def copied(source: str, target: str) -> Result:
    return CliRunner(env={"DATABASE_URL": target}).invoke(app, ["migrate", "--from", source])
