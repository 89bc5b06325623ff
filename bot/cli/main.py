"""`stepwise`: every command in one place."""

from __future__ import annotations

import typer

from bot import __version__
from bot.cli.demo import demo
from bot.cli.lint import lint
from bot.cli.migrate import migrate
from bot.cli.sandbox import sandbox
from bot.cli.scope import scope
from bot.cli.serve import serve
from bot.cli.worker import worker

app = typer.Typer(
    name="stepwise",
    help="Hold a pull request to its plan.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(worker)
app.command()(migrate)
app.command()(demo)
app.command()(lint)
app.command()(scope)
app.command()(sandbox)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stepwise {__version__}")
        raise typer.Exit


@app.callback()
def main(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True)) -> None:
    """Hold a pull request to its plan."""
