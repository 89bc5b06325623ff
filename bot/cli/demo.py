"""`stepwise demo`: watch a plan of any dialect being executed and closed out, on this machine."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from bot.demo.stage import DemoFailed, Stage
from bot.demo.stories import StoryName, story


def demo(
    dialect: Annotated[StoryName, typer.Option(help="Whose story is played.")] = StoryName.EXEC_PLAN,
    autonomous: Annotated[
        bool, typer.Option("--autonomous", help="Let the blocks of the exec-plan close by themselves.")
    ] = False,
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

    try:
        played = story(dialect, is_autonomous=autonomous)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    started = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupted)
    stage = None
    failed: DemoFailed | None = None
    try:
        try:
            stage = Stage.open()
            say(f"A GitHub is at {stage.api}, the bot at {stage.bot}.")
            played(stage, say, headline).play()
            headline(f"Done in {time.monotonic() - started:.0f} s: the plan was executed, merged and closed out.")
        except DemoFailed as error:
            console.print(f"\nThe demo failed: {error}", style="bold red", markup=False)
            failed = error
        if keep and stage is not None:
            _leave_running(stage, say)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    finally:
        if stage is not None:
            _end(stage, keep=keep)
            if keep:
                say(f"What was written is in {stage.folder}.")
    if failed is not None:
        raise typer.Exit(1) from failed


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(stage: Stage, *, keep: bool) -> None:
    """End the processes, whatever else is pressed meanwhile; the folder goes unless it was to be kept."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    stage.close()
    if not keep:
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
