"""`stepwise demo`: watch a plan being executed and closed out, on this machine."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from bot.demo.stage import DemoFailed, Stage
from bot.demo.story import Story


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running at the end, and print the URLs.")
    ] = False,
) -> None:
    """Start a GitHub and the bot on loopback and play the whole path in front of you; 0 only if it ends right."""
    console = Console(highlight=False, soft_wrap=True)

    def say(text: str) -> None:
        console.print(text, markup=False)

    def headline(text: str) -> None:
        console.print(f"\n● {text}", style="bold", markup=False)

    started = time.monotonic()
    stage = None
    try:
        stage = Stage.open()
        say(f"A GitHub is at {stage.api}, the bot at {stage.bot}.")
        story = Story(stage, say, headline)
        story.play()
    except DemoFailed as error:
        console.print(f"\nThe demo failed: {error}", style="bold red", markup=False)
        if stage is not None:
            _end(stage, keep, say)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        if stage is not None:
            stage.close()
        raise typer.Exit(130) from None
    headline(f"Done in {time.monotonic() - started:.0f} s: the plan was executed, merged and closed out.")
    _end(stage, keep, say)


def _end(stage: Stage, keep: bool, say: Callable[[str], None]) -> None:
    if keep:
        _leave_running(stage, say)
    stage.close()
    shutil.rmtree(stage.folder, ignore_errors=True)


def _leave_running(stage: Stage, say: Callable[[str], None]) -> None:
    say(f"\nStill running, until Ctrl-C:\n  GitHub   {stage.api}  (git: {stage.api}/acme/shop.git)")
    say(f"  bot      {stage.bot}")
    say(f"  settings {stage.folder}\n  App id   {stage.details['app_id']}\n  people   (tokens)")
    for login, token in stage.tokens.items():
        say(f"    {login:<8} {token}")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
