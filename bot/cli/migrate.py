"""`stepwise migrate`: bring the database to the revision that this version needs."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from bot.service.sole import is_held
from bot.settings import DatabaseSettings, SettingsError, load_database_settings
from bot.store.errors import StoreError
from bot.store.migrate import migrate as migrate_database
from bot.store.moving import move


def migrate(
    source: Annotated[
        str, typer.Option("--from", metavar="URL", help="copy everything from this database into the empty one")
    ] = "",
) -> None:
    """Bring the database up to date; doing it again changes nothing."""
    settings = database_settings()
    try:
        before, after = migrate_database(settings.database_url)
        if source:
            if source.startswith("sqlite:///") and is_held(source):
                stop("a process reacts on the database to be copied: stop it first", code=1)
            moved = move(source, settings.database_url)
    except StoreError as error:
        stop(str(error), code=1)
    if before == after:
        typer.echo(f"the database is up to date at revision {after}")
    else:
        typer.echo(f"the database went from {before or 'nothing'} to revision {after}")
    if source:
        typer.echo(f"{moved} rows were copied into it")


def database_settings() -> DatabaseSettings:
    """The settings, or the end of the process with one line for each problem."""
    try:
        return load_database_settings()
    except SettingsError as error:
        stop(*error.problems, code=2)


def stop(*lines: str, code: int) -> NoReturn:
    """End the process with these lines on standard error. 2 is a wrong setting, 1 everything else."""
    for line in lines:
        print(f"stepwise: {line}", file=sys.stderr)
    raise typer.Exit(code)
