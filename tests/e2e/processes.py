"""The bot as processes of its own, which can be killed: `stepwise serve` itself, and a nursery of quick starts.

`Nursery` is one process that has imported the bot; it forks a child for every life of a bot, so that a life costs a
tenth of a second instead of two. A child serves exactly what `stepwise serve` serves. It tells over a socket where it
listens and, when asked, that nothing is left to do. What ends a life is always SIGKILL: from outside, or by the child
itself right before its n-th database commit.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
OWN_SETTINGS = frozenset(
    {"APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET", "WEBHOOK_PATH", "PORT", "HOST", "DATABASE_URL"}
    | {
        "GITHUB_API_URL",
        "GITHUB_URL",
        "LOG_LEVEL",
        "PUBLIC_URL",
        "OIDC_ISSUER",
        "OIDC_AUDIENCE",
        "METRICS_PORT",
        "KEEP_DELIVERIES_DAYS",
    }
)
PATIENCE = 30.0
MOST_DEATHS = 100


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings of the bot and no others."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
    return kept | {"PYTHONPATH": str(ROOT)} | dict(settings)


def settings_of(sandbox: Sandbox, folder: Path, **more: str) -> dict[str, str]:
    """What a process needs to serve that sandbox, with its database in that folder."""
    key = folder / "app.pem"
    key.write_text(sandbox.private_key_pem)
    return {
        "APP_ID": str(sandbox.app_id),
        "PRIVATE_KEY_PATH": str(key),
        "WEBHOOK_SECRET": sandbox.webhook_secret,
        "GITHUB_API_URL": sandbox.url,
        "GITHUB_URL": sandbox.url,
        "DATABASE_URL": f"sqlite:///{folder / 'stepwise.db'}",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "LOG_LEVEL": "info",
        **more,
    }


# -- `stepwise …` as people start it ---------------------------------------------------------------------------------


@dataclass
class Stepwise:
    """One `stepwise …` process. Its log is the file `log`; `address` is where it listens, once it does."""

    process: asyncio.subprocess.Process
    log: Path
    address: str = ""

    @classmethod
    async def start(
        cls, folder: Path, settings: Mapping[str, str], *arguments: str, log: str = "serve.log"
    ) -> Stepwise:
        """Start it; for `serve` wait until it listens."""
        path = folder / log
        with path.open("ab") as stream:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.cli",
                *arguments,
                cwd=folder,
                env=environment(settings),
                stdout=asyncio.subprocess.PIPE,
                stderr=stream,
            )
        started = cls(process, path)
        if arguments[0] == "serve":
            assert process.stdout is not None
            line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
            assert line.startswith("listening on "), path.read_text()[-2000:]
            started.address = line.removeprefix("listening on ").strip()
        return started

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def end(self) -> None:
        """For clean-up: over, whatever state it is in."""
        if self.process.returncode is None:
            self.kill()
            await self.ended()


def run(folder: Path, settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """One `stepwise …` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=folder,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


# -- lives that are cheap to end -------------------------------------------------------------------------------------


class Nursery:
    """The process that forks lives."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.processes"],
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, **order: Any) -> int:
        """Begin a life; its process id."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
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
class MortalBot:
    """A bot that is started again whenever it has died. Stands where `Serving` stands in a scenario.

    `fate` gives, for each new life, the database commit before which it dies (None: it is not doomed).
    """

    nursery: Nursery
    sandbox: Sandbox
    folder: Path
    fate: Callable[[], int | None] = lambda: None
    deaths: int = 0
    life: Life | None = None
    _server: asyncio.Server | None = None
    _born: asyncio.Queue[Life] = field(default_factory=asyncio.Queue)
    _watched: dict[int, int] = field(default_factory=dict)

    @property
    def dispatcher(self) -> MortalBot:
        return self

    @property
    def log(self) -> str:
        return (self.folder / "lives.log").read_text()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        await self.begin()

    async def close(self) -> None:
        if self.life is not None and not self.life.dead.is_set():
            self.life.kill()
            await self.life.dead.wait()
        assert self._server is not None
        self._server.close()

    async def begin(self) -> None:
        """A new life. It may be over before it has begun to listen: then the next one begins."""
        assert self._server is not None
        while True:
            pid = self.nursery.fork(
                settings=settings_of(self.sandbox, self.folder),
                meet=self._server.sockets[0].getsockname()[1],
                log=str(self.folder / "lives.log"),
                commits=self.fate(),
            )
            dead = self._watch(pid)
            meeting = asyncio.create_task(self._born.get())
            ending = asyncio.create_task(dead.wait())
            await asyncio.wait({meeting, ending}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
            ending.cancel()
            if meeting.done():
                self.life = meeting.result()
                self.life.dead = dead
                self.sandbox.set_webhook_url(f"{self.life.address}/api/github/webhooks")
                return
            meeting.cancel()
            assert dead.is_set(), self.log[-2000:]
            self.deaths += 1
            assert self.deaths < MOST_DEATHS, "it dies and dies and gets nowhere"

    async def until_idle(self) -> None:
        """Until a life has nothing left to do, however many lives that takes."""
        while True:
            assert self.life is not None
            if not self.life.dead.is_set() and await self.life.ask("idle?") == "idle":
                return
            await self.life.dead.wait()
            self.deaths += 1
            assert self.deaths < MOST_DEATHS, "it dies and dies and gets nowhere"
            # GitHub has given up on what it was sending meanwhile; the next life will ask for it again.
            await self.sandbox.settle()
            await self.begin()

    def wake(self) -> None:
        """Nothing to wake: time runs by itself here."""

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = json.loads(await reader.readline())
        self._born.put_nowait(Life(said["pid"], said["address"], reader, writer))

    def _watch(self, pid: int) -> asyncio.Event:
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


def main() -> None:
    """The nursery: one line in, one child and its process id out."""
    import bot.cli.serve  # noqa: F401 - what a life needs is in memory before it begins

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(json.loads(line))
            os._exit(0)
        print(pid, flush=True)


def _live(order: dict[str, Any]) -> None:
    """A life: the settings from the environment, the log into a file, the server of `stepwise serve`."""
    from bot.logs import configure_logs
    from bot.settings import load_settings
    from bot.store.migrate import prepare

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(order["settings"])
    settings = load_settings(None)
    log = Path(order["log"]).open("a")  # noqa: SIM115 - it ends with the process
    configure_logs(settings.log_level, [settings.webhook_secret.get_secret_value()], log)
    prepare(settings.database_url)
    if order["commits"] is not None:
        _die_before_commit(order["commits"])
    asyncio.run(_serve(settings, order["meet"]))


async def _serve(settings: Any, meet: int) -> None:
    from bot.github.app import utc_now
    from tests.e2e.whole import whole

    async with whole(settings, utc_now) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", meet)
        writer.write(json.dumps({"pid": os.getpid(), "address": running.address}).encode() + b"\n")
        while await reader.readline():
            await running.dispatcher.until_idle()
            writer.write(b"idle\n")
            await writer.drain()


def _die_before_commit(number: int) -> None:
    """SIGKILL to this very process right before that commit, counting the inbox's and the reactions' alike."""
    from sqlalchemy import event
    from sqlalchemy.engine import Connection, Engine

    from bot.store.database import WRITES
    from bot.store.sqlite import SqliteDeliveryWriter

    left = number

    def count() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(Engine, "commit")
    def committing(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            count()

    write = SqliteDeliveryWriter.write

    def counted(self: SqliteDeliveryWriter, batch: Any) -> list[bool]:
        count()
        return write(self, batch)

    SqliteDeliveryWriter.write = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
