"""`stepwise init`: policy, plan templates and workflows for a repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.scaffold import Outcome, UnsafePlaceError, Written, scaffold_files, write_files
from bot.cli.terminal import say
from bot.plans.model import Dialect
from bot.printable import printable


def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="the root of the repository")] = Path(),
    dialect: Annotated[
        list[Dialect] | None, typer.Option(help="whose plan template is written; may be repeated; all if left out")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be written, and write nothing")] = False,
) -> None:
    """Write a policy, plan templates and workflows. Nothing that is there is overwritten. Exit 1: a file could not be
    written; 2: wrong usage."""
    if not folder.is_dir():
        _stop(f"{folder}: no such folder")
    content = scaffold_files(dict.fromkeys(dialect or Dialect))
    try:
        results = write_files(folder, content, dry_run=dry_run)
    except UnsafePlaceError as error:
        _stop(str(error))
    for result in results:
        say(_line(result, dry_run=dry_run), to_errors=result.outcome is Outcome.FAILED)
    if any(result.outcome is Outcome.FAILED for result in results):
        raise typer.Exit(1)
    if not dry_run and any(result.outcome is Outcome.WRITTEN for result in results):
        say()
        say("Commit these to the default branch: policy and workflows are read from there.")
        say("A plan is a copy of a template under a name without the underscore; stepwise lint says what it lacks.")


def _line(result: Written, *, dry_run: bool) -> str:
    path = printable(result.path)
    match result.outcome:
        case Outcome.WRITTEN:
            return f"{'would write' if dry_run else 'wrote'} {path}"
        case Outcome.KEPT:
            return f"left alone {path}: it is there already"
        case Outcome.FAILED:
            return f"not written {path}: {printable(result.reason or 'unknown')}"


def _stop(message: str) -> None:
    say(f"stepwise init: {printable(message)}", to_errors=True)
    raise typer.Exit(2)
