"""The processes as people run them: settings, signals, two at once, a worker beside, health over HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from bot.sandbox import Answer, Hang, Sandbox
from bot.sandbox.hub import Logged
from tests.e2e.processes import PATIENCE, Stepwise, run, settings_of
from tests.e2e.scenario import Scenario

GOOD = {"APP_ID": "1", "WEBHOOK_SECRET": "hush-hush", "PRIVATE_KEY": "x"}


class Heard(list[Logged]):
    """The request log, which can be waited on."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def append(self, call: Logged) -> None:
        super().append(call)
        self._more.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Until that holds; looked at after every call that the sandbox answers."""
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self._more.clear()
                await self._more.wait()


@dataclass
class Stage:
    """A sandbox, its people, and processes that come and go."""

    github: Scenario
    sandbox: Sandbox
    folder: Path
    heard: Heard
    settings: dict[str, str]

    async def serve(self, log: str = "serve.log", **more: str) -> Stepwise:
        started = await Stepwise.start(self.folder, self.settings | more, "serve", log=log)
        self.processes.append(started)
        self.sandbox.set_webhook_url(f"{started.address}/api/github/webhooks")
        return started

    @property
    def processes(self) -> list[Stepwise]:
        return self.__dict__.setdefault("started", [])  # type: ignore[no-any-return]

    def shows(self, text: str) -> Callable[[], bool]:
        """Whether a comment on the pull request says that."""
        repo = self.sandbox.repo("acme/shop")
        return lambda: any(text in comment.body for comment in repo.comments.values())

    def called(self, method: str, ending: str) -> Callable[[], bool]:
        return lambda: any(call.method == method and call.path.endswith(ending) for call in self.heard)

    async def until_shown(self, text: str) -> None:
        await self.heard.until(self.shows(text))


class Nobody:
    """Stands where the bot's dispatcher would: these processes are waited for by what they show."""

    async def until_idle(self) -> None:
        """They tell nobody."""

    def wake(self) -> None:
        """They wake up by themselves."""


@dataclass
class NoBot:
    dispatcher: Nobody


@pytest.fixture
async def stage(app_key: str, tmp_path: Path) -> AsyncIterator[Stage]:
    sandbox = await Sandbox.start(private_key_pem=app_key, directory=tmp_path / "git")
    heard = Heard()
    sandbox.requests.calls = heard
    async with aiohttp.ClientSession() as http:
        github = Scenario(sandbox, cast(Any, NoBot(Nobody())), http, tmp_path)
        found = Stage(github, sandbox, tmp_path, heard, settings_of(sandbox, tmp_path))
        try:
            yield found
        finally:
            for process in found.processes:
                await process.end()
            await sandbox.stop()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, ["APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"]),
        (GOOD | {"APP_ID": "four"}, ["APP_ID", "PRIVATE_KEY"]),
        (GOOD, ["PRIVATE_KEY"]),
        (GOOD | {"PRIVATE_KEY": "", "PRIVATE_KEY_PATH": "nowhere.pem"}, ["PRIVATE_KEY_PATH"]),
        ({"PORT": "99999", "DATABASE_URL": "mysql://u:secret-word@h/d"}, ["PORT", "DATABASE_URL"]),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_line_that_names_it(
    settings: dict[str, str], named: list[str], tmp_path: Path
) -> None:
    done = run(tmp_path, settings, "serve")
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert all(line.startswith("stepwise: ") for line in lines)
    for name in named:
        assert sum(name in line for line in lines) == 1, done.stderr
    assert not any(secret in done.stderr for secret in ("hush-hush", "secret-word"))
    assert list(tmp_path.glob("*.db")) == []


def test_migrate_makes_the_database_and_is_done_the_second_time(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}
    first, second = run(tmp_path, settings, "migrate"), run(tmp_path, settings, "migrate")
    assert (first.returncode, second.returncode) == (0, 0)
    assert "went from nothing to revision" in first.stdout
    assert "up to date" in second.stdout
    with closing(sqlite3.connect(tmp_path / "new.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_taken_port_is_one_line(stage: Stage) -> None:
    serving = await stage.serve()
    port = serving.address.rpartition(":")[2]
    done = await asyncio.to_thread(run, stage.folder, stage.settings | {"PORT": port}, "serve")
    assert done.returncode == 1
    assert f"PORT {port}" in done.stderr.splitlines()[-1]


async def test_health_readiness_and_metrics_over_http(stage: Stage) -> None:
    serving = await stage.serve()
    http = stage.github.http
    for path, status, word in (
        ("/healthz", 200, "alive"),
        ("/readyz", 200, "ready"),
        ("/metrics", 200, "stepwise_deliveries_accepted"),
        ("/nothing", 404, "error"),
    ):
        async with http.get(serving.address + path) as answer:
            assert (answer.status, word in await answer.text()) == (status, True)
    async with http.post(serving.address + "/api/github/webhooks", data=b"{}") as answer:
        assert answer.status == 401


async def test_a_terminated_process_finishes_what_runs_and_the_next_goes_on(stage: Stage) -> None:
    """SIGTERM while GitHub has a call in hand: it is answered, its effect is kept, the rest waits on the disk."""
    first = await stage.serve()
    await stage.github.planned()
    await stage.until_shown("ready to be executed")
    stage.sandbox.faults.add(Answer(502), path=r"/issues/comments/\d+$", method="PATCH")
    said = await stage.github.comment("/execute")
    await stage.heard.until(stage.called("POST", "/reactions"))
    first.terminate()
    assert await first.ended() == 0
    await stage.serve()
    await stage.until_shown("B01 is to be done")
    assert await stage.github.reactions(said) == ["+1"]
    messages = [one["commit"]["message"].partition("\n")[0] for one in await stage.github.commits()]
    assert messages.count("Start executing Checkout Totals") == 1


async def test_a_process_killed_while_github_does_not_answer_is_continued_by_the_next(stage: Stage) -> None:
    first = await stage.serve()
    await stage.github.planned()
    await stage.until_shown("ready to be executed")
    stage.sandbox.faults.add(Hang(after=True), path="/git/refs/heads/", method="PATCH")
    said = await stage.github.comment("/execute")
    await stage.heard.until(stage.called("PATCH", "/git/refs/heads/feature/checkout-totals"))
    first.kill()
    await first.ended()
    await stage.serve()
    await stage.until_shown("B01 is to be done")
    assert await stage.github.reactions(said) == ["+1"]
    messages = [one["commit"]["message"].partition("\n")[0] for one in await stage.github.commits()]
    assert messages.count("Start executing Checkout Totals") == 1


async def test_of_two_processes_on_one_database_one_reacts_until_it_is_killed(stage: Stage) -> None:
    first = await stage.serve("first.log")
    second = await stage.serve("second.log")
    stage.sandbox.set_webhook_url(f"{first.address}/api/github/webhooks")
    await stage.github.planned()
    await stage.until_shown("ready to be executed")
    assert "standing by" in second.log.read_text()
    tokens = [call for call in stage.heard if call.path.endswith("/access_tokens")]
    first.kill()
    await first.ended()
    stage.sandbox.set_webhook_url(f"{second.address}/api/github/webhooks")
    said = await stage.github.comment("/execute")
    await stage.until_shown("B01 is to be done")
    assert await stage.github.reactions(said) == ["+1"]
    assert len([call for call in stage.heard if call.path.endswith("/access_tokens")]) > len(tokens)
    assert len([one for one in await stage.github.comments() if "stepwise:checklist" in one.body]) == 1


async def test_a_worker_beside_goes_on_where_serve_only_takes_in(stage: Stage) -> None:
    worker = await Stepwise.start(stage.folder, stage.settings, "worker", log="worker.log")
    stage.processes.append(worker)
    await stage.heard.until(stage.called("GET", "/app/hook/deliveries"))
    serving = await stage.serve()
    await stage.github.planned()
    await stage.until_shown("ready to be executed")
    assert "standing by" in serving.log.read_text()
    worker.terminate()
    assert await worker.ended() == 0
    await stage.github.comment("/execute")
    await stage.until_shown("B01 is to be done")


async def test_no_secret_is_in_a_log_the_database_or_a_comment(stage: Stage, app_key: str) -> None:
    stage.sandbox.faults.add(Answer(500), path="/check-runs", times=2)
    stage.sandbox.faults.add(Answer(401), path=r"/pulls/1$", times=1)
    serving = await stage.serve(LOG_LEVEL="debug")
    await stage.github.planned()
    await stage.until_shown("ready to be executed")
    said = await stage.github.comment("/execute")
    await stage.until_shown("B01 is to be done")
    assert await stage.github.reactions(said) == ["+1"]
    serving.terminate()
    assert await serving.ended() == 0
    kept = serving.log.read_bytes() + b"".join(path.read_bytes() for path in stage.folder.glob("stepwise.db*"))
    shown = "".join(one.body for one in await stage.github.comments()).encode()
    assert kept.count(b"delivery accepted") > 3
    body = app_key.splitlines()[3].encode()
    for secret in (b"ghs_", body, b"PRIVATE KEY", stage.sandbox.webhook_secret.encode(), b"eyJ"):
        assert secret not in kept
        assert secret not in shown


async def test_a_worker_serves_its_metrics_on_a_port_of_its_own(stage: Stage) -> None:
    worker = await Stepwise.start(stage.folder, stage.settings | {"METRICS_PORT": "0"}, "worker", log="worker.log")
    stage.processes.append(worker)
    assert worker.process.stdout is not None
    line = (await asyncio.wait_for(worker.process.stdout.readline(), PATIENCE)).decode()
    address = line.removeprefix("metrics on ").strip()
    for path, word in (("", "stepwise_reactions"), ("/../readyz", '"ready"'), ("/../healthz", "alive")):
        async with stage.github.http.get(address + path) as answer:
            assert (answer.status, word in await answer.text()) == (200, True)
    done = await asyncio.to_thread(run, stage.folder, stage.settings | {"METRICS_PORT": "99999"}, "worker")
    assert (done.returncode, "METRICS_PORT" in done.stderr) == (2, True)
