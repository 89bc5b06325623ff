"""The stage: a sandbox and a bot as processes of their own, and people who push, comment and look."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LOOK_EVERY: Final = 0.1
PATIENCE: Final = 30.0
CHECKLIST: Final = "<!-- stepwise:checklist -->"


class DemoFailed(Exception):  # noqa: N818 - reads as what happened
    """The pull request does not show what it should; the message says what was expected and what is there."""


@dataclass
class Stage:
    """Everything that runs for the demo; `tokens` are the people's."""

    folder: Path
    api: str
    bot: str
    tokens: Mapping[str, str]
    details: Mapping[str, Any]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def open(cls) -> Stage:
        """Start both on free loopback ports. Raises DemoFailed when one does not come up."""
        folder = Path(tempfile.mkdtemp(prefix="stepwise-demo-"))
        processes: list[subprocess.Popen[str]] = []
        try:
            return cls._open(folder, processes)
        except BaseException:
            # An interruption finds processes that nobody else knows of yet.
            cls(folder, "", "", {}, {}, processes).close()
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @classmethod
    def _open(cls, folder: Path, processes: list[subprocess.Popen[str]]) -> Stage:
        line = _start(["sandbox", "--json"], {}, folder, processes)
        details = json.loads(line)
        environment = {
            "APP_ID": str(details["app_id"]),
            "PRIVATE_KEY_PATH": details["private_key_path"],
            "WEBHOOK_SECRET": details["webhook_secret"],
            "GITHUB_API_URL": details["api_url"],
            "GITHUB_URL": details["github_url"],
            "DATABASE_URL": f"sqlite:///{folder / 'stepwise.db'}",
            "HOST": "127.0.0.1",
            "PORT": "0",
            "LOG_LEVEL": "warn",
        }
        line = _start(["serve"], environment, folder, processes)
        address = line.removeprefix("listening on ").strip()
        stage = cls(folder, details["api_url"], address, details["tokens"], details, processes)
        stage.request("POST", "/_sandbox/webhook", None, {"url": f"{address}/api/github/webhooks"})
        return stage

    def close(self) -> None:
        """End what was started, the bot before the GitHub that it serves."""
        while self.processes:
            _end(self.processes[-1])
            self.processes.pop()

    # -- people --------------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, by: str | None, body: object = None) -> Any:
        """One call to the sandbox's API, as one of its people."""
        request = urllib.request.Request(self.api + path, method=method)  # noqa: S310 - the sandbox's own URL
        if by is not None:
            request.add_header("authorization", f"token {self.tokens[by]}")
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, data, timeout=30) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise DemoFailed(f"{method} {path} was answered {error.code}: {error.read().decode()[:300]}") from error
        return json.loads(text) if text else None

    def git(self, by: str, *arguments: str) -> str:
        clone = self.folder / by
        if not clone.exists():
            url = self.api.replace("://", f"://{by}:{self.tokens[by]}@")
            self._run(self.folder, "clone", "-q", f"{url}/acme/shop.git", str(clone))
            self._run(clone, "config", "user.name", by)
            self._run(clone, "config", "user.email", f"{by}@acme.example")
        return self._run(clone, *arguments)

    def _run(self, folder: Path, *arguments: str) -> str:
        environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.folder), "GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(  # noqa: S603 - git, with arguments of this module
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DemoFailed(f"git {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    # -- looking -------------------------------------------------------------------------------------------------

    def until(self, what: str, look: Callable[[], bool]) -> None:
        """Look again and again, as somebody in front of the page would, until it shows what it should."""
        deadline = time.monotonic() + PATIENCE
        while not look():
            if time.monotonic() > deadline:
                raise DemoFailed(f"after {PATIENCE:.0f} s the pull request does not show: {what}")
            time.sleep(LOOK_EVERY)


def _start(
    arguments: list[str], settings: Mapping[str, str], folder: Path, processes: list[subprocess.Popen[str]]
) -> str:
    """Start `stepwise …`, add it to the processes, and wait for its first line. Raises DemoFailed where none comes."""
    environment = {key: value for key, value in os.environ.items() if key not in _OWN_SETTINGS} | dict(settings)
    log = (folder / f"{arguments[0]}.log").open("w")
    process = subprocess.Popen(  # noqa: S603 - this very interpreter and package
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    processes.append(process)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        said = (folder / f"{arguments[0]}.log").read_text()[-2000:]
        raise DemoFailed(f"`stepwise {arguments[0]}` did not start:\n{said}")
    return line


_OWN_SETTINGS: Final = frozenset(
    {
        "APP_ID",
        "PRIVATE_KEY",
        "PRIVATE_KEY_PATH",
        "WEBHOOK_SECRET",
        "WEBHOOK_PATH",
        "PORT",
        "HOST",
        "DATABASE_URL",
        "GITHUB_API_URL",
        "GITHUB_URL",
        "LOG_LEVEL",
    }
)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
