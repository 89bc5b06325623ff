"""`stepwise …` as processes of their own, which can be stopped and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
