"""`stepwise sandbox`: a GitHub on this machine, until it is interrupted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bot.sandbox import Sandbox, SeedError


def sandbox(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[Path | None, typer.Option(help="YAML file that says who and what there is.")] = None,
    webhook_url: Annotated[str | None, typer.Option(help="Where the App's webhooks go.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Serve a GitHub on loopback: REST, webhooks and git, with users of every role."""
    try:
        asyncio.run(_serve(port, host, seed, webhook_url, as_json=as_json))
    except SeedError as problem:
        typer.echo(f"stepwise: {problem}", err=True)
        raise typer.Exit(2) from problem
    except OSError as problem:
        typer.echo(f"stepwise: cannot listen on {host}:{port}: {problem.strerror or problem}", err=True)
        raise typer.Exit(1) from problem


async def _serve(port: int, host: str, seed: Path | None, webhook_url: str | None, *, as_json: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    running = await Sandbox.start(seed=seed, webhook_url=webhook_url, port=port, host=host)
    key = _write_key(running.private_key_pem)
    try:
        typer.echo(json.dumps(describe(running, key)) if as_json else _for_people(running, key))
        sys.stdout.flush()
        await stopped.wait()
    finally:
        key.unlink(missing_ok=True)
        await running.stop()


def _write_key(pem: str) -> Path:
    """Write the App's key where only this user can read it."""
    handle, name = tempfile.mkstemp(prefix="stepwise-sandbox-", suffix=".pem")
    with os.fdopen(handle, "w") as file:
        file.write(pem)
    return Path(name)


def describe(running: Sandbox, key: Path) -> dict[str, object]:
    """Everything a bot and its people need to use the sandbox."""
    return {
        "api_url": running.url,
        "github_url": running.url,
        "git_url": f"{running.url}/{{owner}}/{{repo}}.git",
        "control_url": f"{running.url}/_sandbox",
        "webhook_url": running.app.webhook_url,
        "webhook_secret": running.webhook_secret,
        "app_id": running.app_id,
        "private_key_path": str(key),
        "repositories": [repo.full_name for repo in running.hub.world.repos.values()],
        "tokens": running.tokens,
    }


def _for_people(running: Sandbox, key: Path) -> str:
    lines = [
        f"API             {running.url}",
        f"git             {running.url}/acme/shop.git (password: a token)",
        f"control         {running.url}/_sandbox",
        f"webhooks to     {running.app.webhook_url or 'nowhere yet (--webhook-url)'}",
        f"webhook secret  {running.webhook_secret}",
        f"App id          {running.app_id}",
        f"App key         {key}",
        "tokens",
        *(f"  {login:<13} {token}" for login, token in running.tokens.items()),
        "Stop with Ctrl-C.",
    ]
    return "\n".join(lines)
