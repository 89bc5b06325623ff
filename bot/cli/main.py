"""`stepwise`: every command in one place."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from bot import __version__

# Where each command is. A module is imported when its command is asked for: linting a plan, in a hook before every
# commit, does not wait for the server's libraries.
COMMANDS: Final[Mapping[str, str]] = {
    "serve": "bot.cli.serve",
    "worker": "bot.cli.worker",
    "migrate": "bot.cli.migrate",
    "doctor": "bot.cli.doctor",
    "replay": "bot.cli.replay",
    "init": "bot.cli.init",
    "lint": "bot.cli.lint",
    "scope": "bot.cli.scope",
    "schema": "bot.cli.schema",
    "demo": "bot.cli.demo",
    "sandbox": "bot.cli.sandbox",
}


def command_function(name: str) -> Callable[..., Any]:
    """The function of a command; it bears the command's name."""
    function: Callable[..., Any] = getattr(importlib.import_module(COMMANDS[name]), name)
    return function


class _Commands(TyperGroup):
    """The commands by name; each is made when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        known = self.commands.get(cmd_name)
        if known is None:
            information = CommandInfo(name=cmd_name, callback=command_function(cmd_name))
            known = get_command_from_info(
                information, pretty_exceptions_short=True, rich_markup_mode=self.rich_markup_mode
            )
            self.commands[cmd_name] = known
        return known


app = typer.Typer(
    cls=_Commands,
    name="stepwise",
    help="Hold a pull request to its plan.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stepwise {__version__}")
        raise typer.Exit


@app.callback()
def main(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True)) -> None:
    """Hold a pull request to its plan."""
