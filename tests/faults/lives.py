"""The lives of a bot: forked from one process that has imported it, so that a life begins in milliseconds.

A life does exactly what `stepwise serve` or `stepwise worker` does. It tells over a socket where it listens and, when
asked, that nothing is left to do. It lives by the sandbox's clock and pauses nowhere: what has to be tried again later
is due when that clock is moved.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.settings import Settings
from tests.e2e.whole import QUICK
from tests.faults.clock import clock_in
from tests.faults.commits import Commits, Doom, watch


@dataclass(frozen=True, slots=True)
class Order:
    """What a life needs to know. `meet` is the port on which it is waited for."""

    role: str
    settings: dict[str, str]
    meet: int
    log: str
    clock: str
    is_impatient: bool = False
    doom: Doom | None = None

    def line(self) -> str:
        return json.dumps(asdict(self))


def main() -> None:
    """The nursery: one line in, one child and its process id out."""
    import bot.cli.worker  # noqa: F401 - what a life needs is in memory before it begins

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(json.loads(line))
            os._exit(0)
        print(pid, flush=True)


def _live(order: dict[str, Any]) -> None:
    """A life: the settings from the environment, the log into a file, and what the role says."""
    from bot.logs import configure_logs
    from bot.settings import load_settings
    from bot.store.migrate import prepare

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(order["settings"])
    settings = load_settings(None)
    log = Path(order["log"]).open("a")  # noqa: SIM115 - it ends with the process
    configure_logs(settings.log_level, [settings.webhook_secret.get_secret_value()], log)
    prepare(settings.database_url)
    parent = socket.create_connection(("127.0.0.1", order["meet"]))
    parent.sendall(b'{"signals": true}\n')
    commits = Commits(doom_of(order["doom"]), parent)
    watch(commits)
    _hurry(is_impatient=order["is_impatient"])
    asyncio.run(_live_on(settings, order, commits))


def doom_of(said: dict[str, Any] | None) -> Doom | None:
    return None if said is None else Doom(**said)


def _hurry(*, is_impatient: bool) -> None:
    """No pause takes real time here; who is impatient gives GitHub a third of a second, a lock a twentieth."""
    from functools import partial

    from bot.cli import serve
    from bot.github.app import GitHubApp
    from bot.github.exchange import Timeouts
    from bot.service import dispatch
    from bot.store import queue, sqlite
    from bot.store.onetrip import OneTrip

    async def no_pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    async def in_place(_connection: OneTrip, work: Callable[[], None]) -> None:
        """The same statement without the way to a thread and back, which takes longer than all the rest."""
        work()

    OneTrip._trip = in_place  # type: ignore[method-assign, assignment]
    timeouts = Timeouts(2.0, 0.3) if is_impatient else Timeouts()
    serve.GitHubApp = partial(GitHubApp, timeouts=timeouts, pause=no_pause)  # type: ignore[attr-defined, assignment]
    dispatch.AFTER_FAULT = timedelta(milliseconds=20)  # type: ignore[misc]
    if is_impatient:
        sqlite.PRAGMAS = (*sqlite.PRAGMAS[:-1], "PRAGMA busy_timeout=50")  # type: ignore[misc]
        queue.POOL_SECONDS = 1.0  # type: ignore[misc]


@asynccontextmanager
async def _alive(settings: Settings, role: str, now: Callable[[], datetime]) -> AsyncIterator[tuple[str, Any]]:
    """Where it listens, if it does, and who knows whether anything is left to do."""
    from bot.cli.reacting import working
    from bot.cli.serve import connected, serving
    from bot.metrics import Metrics
    from bot.store.store import Store

    if role == "serve":
        async with serving(settings, now) as running:
            yield running.address, running.dispatcher
        return
    store, metrics = Store.open(settings.database_url), Metrics()
    async with (
        connected(settings, metrics, now) as (app, _),
        working(settings, app, store, metrics, now, QUICK) as (worker, _),
    ):
        yield "", worker


async def _live_on(settings: Settings, order: dict[str, Any], commits: Commits) -> None:
    async with _alive(settings, order["role"], clock_in(Path(order["clock"]))) as (address, dispatcher):
        reader, writer = await asyncio.open_connection("127.0.0.1", order["meet"])
        writer.write(json.dumps({"pid": os.getpid(), "address": address}).encode() + b"\n")
        while question := (await reader.readline()).decode().strip():
            answer = "yes"
            if question == "idle?":
                await _until_idle(dispatcher)
            elif question == "wake":
                dispatcher.wake()
            else:
                answer = str(commits.begin_step(doom_of(json.loads(question))))
            writer.write(f"{answer}\n".encode())
            await writer.drain()


async def _until_idle(dispatcher: Any) -> None:
    """Who asks reads the database, which may be away at this moment: that is no reason to die of."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.store.errors import StoreError

    while True:
        try:
            await dispatcher.until_idle()
        except (StoreError, SQLAlchemyError):
            await asyncio.sleep(QUICK.after_fault)
        else:
            return


if __name__ == "__main__":
    main()
