"""A bot that is started again whenever it has died. Stands where `Serving` stands in a scenario."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox import Sandbox
from tests.e2e.processes import environment
from tests.faults.commits import Doom
from tests.faults.lives import Order

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
MOST_DEATHS = 100


class Nursery:
    """The process that forks lives."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.lives"],
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, order: Order) -> int:
        """Begin a life; its process id."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(order.line() + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE)


@dataclass
class Life:
    """One process of the bot, from its start to its death."""

    pid: int
    address: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    async def ask(self, question: str) -> str:
        """The child's answer, or an empty line when it died over it."""
        try:
            self.writer.write(f"{question}\n".encode())
            await self.writer.drain()
            return (await self.reader.readline()).decode().strip()
        except ConnectionError:
            return ""


@dataclass
class Bot:
    """One process on SQLite; on PostgreSQL one that serves and one that works, each with lives of its own.

    `dooms` is what the next new life of a role meets. `on_here` is awaited when a life stands at its commit and asks,
    `on_hurt` when the database refused it something from then on.
    """

    nursery: Nursery
    sandbox: Sandbox
    folder: Path
    settings: dict[str, str]
    is_impatient: bool = False
    dooms: dict[str, Doom] = field(default_factory=dict)
    on_here: Callable[[], Awaitable[None]] | None = None
    on_hurt: Callable[[], Awaitable[None]] | None = None
    failed: int = 0
    deaths: int = 0
    lives: dict[str, Life] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _born: dict[int, asyncio.Future[Life]] = field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        return ("serve", "worker") if self.settings["DATABASE_URL"].startswith("postgresql:") else ("serve",)

    @property
    def dispatcher(self) -> Bot:
        return self

    @property
    def address(self) -> str:
        return self.lives["serve"].address

    @property
    def log(self) -> str:
        file = self.folder / "lives.log"
        return file.read_text() if file.exists() else ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        for role in self.roles:
            await self.begin(role)

    async def close(self) -> None:
        for life in self.lives.values():
            if not life.dead.is_set():
                life.kill()
                await life.dead.wait()
        if self._server is not None:
            self._server.close()

    def role_of(self, doom: Doom) -> str:
        """On SQLite one process has both roles."""
        return doom.role if doom.role in self.roles else self.roles[-1]

    def kill(self) -> None:
        """The one that calls GitHub."""
        self.lives[self.roles[-1]].kill()

    async def begin(self, role: str) -> None:
        """A new life. It may be over before it has begun to listen: then the next one begins."""
        assert self._server is not None
        while True:
            order = Order(
                role=role,
                settings=self.settings,
                meet=self._server.sockets[0].getsockname()[1],
                log=str(self.folder / "lives.log"),
                clock=str(self.folder / "clock"),
                is_impatient=self.is_impatient,
                doom=self.dooms.pop(role, None),
            )
            pid = self.nursery.fork(order)
            dead = _watch(pid)
            meeting = self._birth(pid)
            ending = asyncio.create_task(dead.wait())
            both: set[asyncio.Future[Any]] = {meeting, ending}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
            ending.cancel()
            if meeting.done():
                life = self.lives[role] = meeting.result()
                life.dead = dead
                if life.address:
                    self.sandbox.set_webhook_url(f"{life.address}/api/github/webhooks")
                return
            assert dead.is_set(), f"a life did not begin: {self.log[-2000:]}"
            self._died()
            if self.on_hurt is not None:
                # Without its database it ends at once, and whoever looks after it starts it again and again.
                await self.on_hurt()

    async def until_idle(self) -> None:
        """Until all roles are alive and nothing is left to do, however many lives that takes."""
        while True:
            async with asyncio.timeout(PATIENCE):
                last = self.lives[self.roles[-1]]
                is_idle = not last.dead.is_set() and await last.ask("idle?") != ""
                if not is_idle:
                    await last.dead.wait()
            dead = [role for role in self.roles if self.lives[role].dead.is_set()]
            if not dead:
                return
            # GitHub has given up on what it was sending meanwhile; it is asked for again.
            await self.sandbox.settle()
            for role in dead:
                self._died()
                await self.begin(role)

    async def wake(self) -> None:
        """Time has passed."""
        await self.lives[self.roles[-1]].ask("wake")

    async def begin_step(self, doom: Doom | None) -> dict[str, int]:
        """Say what is met in the step that begins; how many commits each process has seen in the last one."""
        said = {role: json.dumps(asdict(doom) if doom and self.role_of(doom) == role else None) for role in self.roles}
        return {role: int(await self.lives[role].ask(line)) for role, line in said.items()}

    def _birth(self, pid: int) -> asyncio.Future[Life]:
        """A life may tell of itself before it is known here, and be over by then."""
        return self._born.setdefault(pid, asyncio.get_running_loop().create_future())

    def _died(self) -> None:
        self.deaths += 1
        assert self.deaths < MOST_DEATHS, "it dies and dies and gets nowhere"

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = json.loads(await reader.readline())
        if "pid" in said:
            self._birth(said["pid"]).set_result(Life(said["pid"], said["address"], reader, writer))
            return
        while line := await reader.readline():
            match line:
                case b"here\n" if self.on_here is not None:
                    await self.on_here()
                    writer.write(b"go\n")
                case b"hurt\n" if self.on_hurt is not None:
                    await self.on_hurt()
                case b"failed\n":
                    self.failed += 1
                case _:
                    raise AssertionError(f"nobody waits for {line!r}")


def _watch(pid: int) -> asyncio.Event:
    """An event that is set once the process is really over, with its files and locks let go."""
    dead = asyncio.Event()
    handle = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()

    def over() -> None:
        loop.remove_reader(handle)
        os.close(handle)
        dead.set()

    loop.add_reader(handle, over)
    return dead
