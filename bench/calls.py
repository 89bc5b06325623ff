"""How many calls to GitHub each kind of event costs, counted by the sandbox."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from bot.sandbox import Sandbox
from bot.sandbox.clock import Clock
from bot.store.migrate import prepare
from tests.e2e.conftest import settings_for
from tests.e2e.scenario import Scenario, block_files
from tests.e2e.whole import whole


async def main() -> None:
    print("calls to GitHub per kind of event (budgets: no command 0; push 5 reads; command 6 reads and its record)")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        clock = Clock()
        sandbox = await Sandbox.start(clock=clock, directory=Path(folder) / "git")
        settings = settings_for(sandbox, Path(folder))
        prepare(settings.database_url)
        try:
            async with whole(settings, clock.precise) as bot, aiohttp.ClientSession() as http:
                sandbox.set_webhook_url(bot.address + settings.webhook_path)
                await _walk(Scenario(sandbox, bot, http, Path(folder)))
        finally:
            await sandbox.stop()


async def _walk(github: Scenario) -> None:
    await _counted(github, "pull request with a plan opened (cold)", github.planned)
    await _counted(github, "a comment that is no command", lambda: github.comment("Looks good so far."))
    await _counted(github, "a command of another bot", lambda: github.comment("/lgtm"))
    await _counted(github, "/execute, with its record", lambda: github.comment("/execute"))
    await _counted(github, "a push", lambda: github.push(block_files("B01"), message="B01"))
    await _counted(github, "a second push", lambda: github.push({"docs/note.md": "A note.\n"}, message="B01: more"))
    await _counted(github, "a check of somebody else completes", lambda: github.ci("success"))
    await _counted(github, "/status", lambda: github.comment("/status"))
    await _counted(github, "an outsider's /approve", lambda: github.comment("/approve", by="oscar"))
    await _counted(github, "/approve, with its record", lambda: github.comment("/approve"))


async def _counted(github: Scenario, what: str, do: Callable[[], Awaitable[object]]) -> None:
    github.sandbox.requests.reset()
    await do()
    calls = [call for call in github.sandbox.requests.calls if call.actor.startswith("installation:")]
    reads = [call for call in calls if call.method == "GET"]
    free = sum(call.not_modified for call in reads)
    print(f"  {what:<42} … {len(reads):2d} reads ({free} of them 304), {len(calls) - len(reads):2d} writes")
