"""Who runs in the race, how each is started, and on which core."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bench.load import APP_ID, PATH, SECRET
from bot.sandbox.server import generate_key

ROOT: Final = Path(__file__).parent.parent
PROBOT: Final = ROOT / "bench" / "probot"
START_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server: `name` is printed, `url` is its database (`{folder}` is a new one each time), `design` how it writes.

    Without `url` it is not this bot.
    """

    name: str
    url: str | None = None
    design: str = ""

    @property
    def is_probot(self) -> bool:
        return self.name == "probot"

    @property
    def is_on_postgres(self) -> bool:
        return self.url is not None and self.url.startswith("postgres")


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int

    @property
    def cpu_seconds(self) -> float:
        """What all threads of the process have used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@cache
def cores() -> tuple[set[int], set[int]]:
    """A core for the servers and another one for the load (and PostgreSQL); the same where there is only one."""
    available = sorted(os.sched_getaffinity(0))
    return {available[0]}, {available[-1]}


def install_probot() -> str | None:
    """Install Probot as its lock file has it; why it is left out, or None."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        return f"Probot is left out: there is no {' and no '.join(missing)} on this machine"
    lock, stamp = PROBOT / "package-lock.json", PROBOT / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return None
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=PROBOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return f"Probot is left out: npm ci failed ({said[-1] if said else done.returncode})"
    stamp.write_bytes(lock.read_bytes())
    return None


@contextmanager
def running(contestant: Contestant, folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A contestant's process on its core. What it logs goes to a file in the folder, as under a supervisor."""
    servers, _ = cores()
    own = {**os.environ, **(environment or {})}
    with (folder / "log").open("wb") as log:
        if contestant.is_probot:
            port = _free_port()
            command = ["node", "node_modules/probot/bin/probot.js", "run", "./app.js"]
            process = subprocess.Popen(
                command,
                cwd=PROBOT,
                env=own | _probot_environment(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: os.sched_setaffinity(0, servers),
            )
        else:
            command = [sys.executable, "-m", "bench.servers", *_arguments(contestant, folder)]
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=own,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, servers),
            )
            assert process.stdout is not None
            port = int(process.stdout.readline() or b"0")
        try:
            if not port:
                raise RuntimeError(f"{contestant.name} did not start: {(folder / 'log').read_text()[-2000:]}")
            _wait_for(process, port, folder / "log")
            yield Server(port, process.pid)
        finally:
            _end(process)


def _arguments(contestant: Contestant, folder: Path) -> list[str]:
    if contestant.url is None:
        return ["bedevere"]
    return ["stepwise", contestant.url.format(folder=folder), contestant.design]


def _probot_environment(port: int) -> dict[str, str]:
    return {
        "APP_ID": str(APP_ID),
        "PRIVATE_KEY": generate_key(),
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_PATH": PATH,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "NODE_ENV": "production",
        # Nothing is called; if anything were, it would not leave this machine.
        "GHE_HOST": "127.0.0.1:9",
        "GHE_PROTOCOL": "http",
    }


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until somebody listens there."""
    while process.poll() is None:
        with socket.socket() as one:
            one.settimeout(START_SECONDS)
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        # Nothing tells when a Node program listens.
        subprocess.run(["sleep", "0.1"], check=True)
    raise RuntimeError(f"the server ended at once: {log.read_text()[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    else:
        process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
