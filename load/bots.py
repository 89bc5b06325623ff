"""The bot under load: in this process for samples, in one of its own with a clock to be told, or as it is deployed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from bot.github import app
from bot.logs import configure_logs
from bot.sandbox import Sandbox
from bot.service import observe, plan_files, readings
from bot.settings import load_settings
from bot.store.operations import Operations
from tests.e2e.conftest import settings_for
from tests.e2e.processes import Stepwise, environment, settings_of
from tests.e2e.whole import Whole, whole

LOOK_SECONDS = 0.2
PAGE = os.sysconf("SC_PAGE_SIZE")


Start = Callable[[Sandbox, Path, str], AbstractAsyncContextManager["Bot"]]
"""How a bot is begun for a sandbox, with a folder of its own, on a database."""


class Bot(Protocol):
    """What a measurement needs of a bot: where it listens, that it is done, that time has passed for it."""

    @property
    def address(self) -> str: ...

    @property
    def database_url(self) -> str: ...

    @property
    def pids(self) -> tuple[int, ...]: ...

    async def until_idle(self) -> None: ...

    async def advance(self, seconds: float) -> None: ...


def resident(pid: int) -> int:
    """The bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


@dataclass(frozen=True, slots=True)
class Here:
    """In this process, on the sandbox's clock: for the samples among the tests."""

    running: Whole
    database_url: str

    @property
    def address(self) -> str:
        return self.running.address

    @property
    def pids(self) -> tuple[int, ...]:
        return (os.getpid(),)

    async def until_idle(self) -> None:
        await self.running.dispatcher.until_idle()

    async def advance(self, seconds: float) -> None:  # noqa: ARG002 - the clock is the sandbox's
        self.running.dispatcher.wake()
        await asyncio.sleep(0)


@asynccontextmanager
async def here(sandbox: Sandbox, folder: Path, database_url: str) -> AsyncIterator[Here]:
    """The bot in this process, as long as the block lasts."""
    settings = settings_for(sandbox, folder).model_copy(update={"database_url": database_url})
    async with whole(settings, sandbox.clock.precise) as running:
        yield Here(running, database_url)


@dataclass(frozen=True, slots=True)
class Told:
    """One process of its own, the whole bot in it; its clock runs, and moves when it is told."""

    process: asyncio.subprocess.Process
    address: str
    database_url: str

    @property
    def pids(self) -> tuple[int, ...]:
        return (self.process.pid,)

    async def until_idle(self) -> None:
        await self._ask("idle")

    async def advance(self, seconds: float) -> None:
        await self._ask(f"advance {seconds}")

    async def _ask(self, question: str) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{question}\n".encode())
        await self.process.stdin.drain()
        return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def told(sandbox: Sandbox, folder: Path, database_url: str, *, shrunk: int = 1) -> AsyncIterator[Told]:
    """`python -m load.bots`, as long as the block lasts; what it may keep is so many times less than usual."""
    settings = settings_of(sandbox, folder, DATABASE_URL=database_url, LOG_LEVEL="error")
    settings |= {"AHEAD": str(sandbox.clock.offset.total_seconds()), "SHRUNK": str(shrunk)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "load.bots",
        env=environment(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    address = (await process.stdout.readline()).decode().strip()
    try:
        yield Told(process, address, database_url)
    finally:
        process.stdin.close()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Deployed:
    """`stepwise serve`, with workers where there are any; whether they are done stands in the database."""

    serve: Stepwise
    workers: tuple[Stepwise, ...]
    store: Operations
    database_url: str

    @property
    def address(self) -> str:
        return self.serve.address

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(one.process.pid for one in (self.serve, *self.workers))

    async def until_idle(self) -> None:
        while True:
            backlog = await self.store.backlog(datetime.now(UTC))
            if not (backlog.unrouted.count or backlog.unhandled.count or backlog.pulls.count or backlog.effects.count):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def advance(self, seconds: float) -> None:
        raise NotImplementedError("these processes go by the machine's clock")


@asynccontextmanager
async def deployed(sandbox: Sandbox, folder: Path, database_url: str, *, workers: int) -> AsyncIterator[Deployed]:
    """The processes of a deployment on that database, as long as the block lasts."""
    settings: Mapping[str, str] = settings_of(sandbox, folder, DATABASE_URL=database_url, LOG_LEVEL="error")
    async with AsyncExitStack() as parts:
        started: list[Stepwise] = []
        for name in ("serve", *["worker"] * workers):
            one = await Stepwise.start(folder, settings, name, log=f"{name}.log")
            parts.push_async_callback(_end, one)
            started.append(one)
        store = Operations.open(database_url)
        parts.push_async_callback(store.close)
        yield Deployed(started[0], tuple(started[1:]), store, database_url)


async def _end(one: Stepwise) -> None:
    one.process.send_signal(signal.SIGTERM)
    await one.process.wait()


def _shrink(by: int) -> None:
    """Bound everything that lives as long as the process by less, so that it is full sooner."""
    bounds = ((app, "KEPT_BYTES"), (observe, "KEPT_ENTRIES"), (readings, "KEPT_BYTES"))
    for module, name in (*bounds, (plan_files, "KEPT_BYTES"), (plan_files, "PLANS_BYTES")):
        setattr(module, name, getattr(module, name) // by)


async def _serve() -> None:
    """The process of `Told`: one line in, one line out; the end of its input ends it."""
    ahead = timedelta(seconds=float(os.environ["AHEAD"]))
    _shrink(int(os.environ["SHRUNK"]))
    loop, lines = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with whole(load_settings(None), lambda: datetime.now(UTC) + ahead) as running:
        print(running.address, flush=True)
        while line := (await lines.readline()).decode().split():
            if line[0] == "advance":
                ahead += timedelta(seconds=float(line[1]))
                running.dispatcher.wake()
            else:
                await running.dispatcher.until_idle()
            print("done", flush=True)


if __name__ == "__main__":
    configure_logs("error")
    asyncio.run(_serve())
