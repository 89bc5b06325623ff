"""On PostgreSQL: a server and workers as processes of their own, as the Procfile starts them; killed, restarted."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from honcho.environ import parse_procfile  # type: ignore[import-untyped]

from bot.sandbox import Hang, Sandbox
from tests.clusters import Cluster
from tests.e2e.processes import PATIENCE, ROOT, Stepwise, environment, settings_of
from tests.e2e.scenario import Scenario
from tests.e2e.test_process import Heard, Nobody, NoBot, Stage
from tests.store.test_holds import end_sessions

pytestmark = pytest.mark.postgresql
STARTED = "Start executing Checkout Totals"
MOVES_THE_BRANCH = "/git/refs/heads/feature/checkout-totals"


@pytest.fixture
async def stage(app_key: str, tmp_path: Path, database: str) -> AsyncIterator[Stage]:
    sandbox = await Sandbox.start(private_key_pem=app_key, directory=tmp_path / "git")
    heard = Heard()
    sandbox.requests.calls = heard
    async with aiohttp.ClientSession() as http:
        github = Scenario(sandbox, cast(Any, NoBot(Nobody())), http, tmp_path)
        found = Stage(github, sandbox, tmp_path, heard, settings_of(sandbox, tmp_path, DATABASE_URL=database))
        try:
            yield found
        finally:
            for process in found.processes:
                await process.end()
            await sandbox.stop()


async def worker(stage: Stage, log: str = "worker.log") -> Stepwise:
    started = await Stepwise.start(stage.folder, stage.settings, "worker", log=log)
    stage.processes.append(started)
    return started


async def is_started_once(stage: Stage) -> bool:
    messages = [one["commit"]["message"].partition("\n")[0] for one in await stage.github.commits()]
    checklists = [one for one in await stage.github.comments() if "stepwise:checklist" in one.body]
    return messages.count(STARTED) == 1 and len(checklists) == 1


async def test_a_worker_that_is_killed_in_the_middle_is_followed_by_another(stage: Stage) -> None:
    first = await worker(stage, "first.log")
    await stage.serve()
    await stage.github.planned()
    await stage.until_shown("ready to be executed")
    stage.sandbox.faults.add(Hang(after=True), path=MOVES_THE_BRANCH, method="PATCH")
    said = await stage.github.comment("/execute")
    await stage.heard.until(stage.called("PATCH", MOVES_THE_BRANCH))
    await worker(stage, "second.log")
    first.kill()
    await first.ended()
    await stage.until_shown("B01 is to be done")
    assert await stage.github.reactions(said) == ["+1"]
    assert await is_started_once(stage)


async def test_a_server_that_restarts_while_workers_are_at_work_changes_nothing(
    stage: Stage, server: Cluster, database: str
) -> None:
    await worker(stage, "first.log")
    await worker(stage, "second.log")
    await stage.serve()
    await stage.github.planned()
    await stage.until_shown("ready to be executed")
    end_sessions(database)
    said = await stage.github.comment("/execute")
    await stage.heard.until(stage.called("PATCH", MOVES_THE_BRANCH))
    await asyncio.to_thread(server.stop, "immediate")
    await asyncio.to_thread(server.start)
    await stage.until_shown("B01 is to be done")
    assert await stage.github.reactions(said) == ["+1"]
    assert await is_started_once(stage)


async def test_the_procfile_starts_what_a_platform_needs_and_all_of_it_ends_when_asked(stage: Stage) -> None:
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    assert set(processes) == {"web", "worker", "release"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {name: value for name, value in stage.settings.items() if name not in {"HOST", "PORT"}}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (stage.folder / "honcho.log").open("wb")
    honcho = [sys.executable, "-m", "honcho", "-f", str(ROOT / "Procfile")]
    options: dict[str, Any] = {"cwd": stage.folder, "env": environment(settings | {"PATH": path, "PORT": str(port)})}
    release = await asyncio.create_subprocess_exec(*honcho, "run", "stepwise", "migrate", stdout=log, **options)
    assert await asyncio.wait_for(release.wait(), PATIENCE) == 0
    started = await asyncio.create_subprocess_exec(
        *honcho,
        "start",
        "-c",
        "web=1,worker=2",
        "-p",
        str(port),
        "--no-colour",
        "web",
        "worker",
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        **options,
    )
    try:
        assert started.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while b"listening on" not in await started.stdout.readline():
                pass
        reading = asyncio.create_task(started.stdout.read())
        stage.sandbox.set_webhook_url(f"http://127.0.0.1:{port}/api/github/webhooks")
        await stage.github.planned()
        await stage.until_shown("ready to be executed")
        await stage.github.comment("/execute")
        await stage.until_shown("B01 is to be done")
        assert await is_started_once(stage)
        started.send_signal(signal.SIGTERM)
        await asyncio.wait_for(started.wait(), PATIENCE)
        told = (await reading).decode()
        assert told.count("stopped (rc=0)") + told.count("(rc=-15)") == 3, told[-2000:]
        assert "Traceback" not in told
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGTERM)
            await started.wait()
        log.close()
