"""Printing to a terminal, in colours where it has them. Words of untrusted files go through `printable` first."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

import typer

_COLOURS: Final = {"error": typer.colors.RED, "warning": typer.colors.YELLOW, "notice": typer.colors.BLUE}


def say(line: str = "", *, to_errors: bool = False) -> None:
    """Print a line; what the terminal's encoding cannot show is escaped instead of ending the program."""
    stream: TextIO = sys.stderr if to_errors else sys.stdout
    encoding = stream.encoding or "utf-8"
    typer.echo(line.encode(encoding, "backslashreplace").decode(encoding), err=to_errors)


def coloured(words: str, severity: str) -> str:
    """The words in the colour of a severity; plain where the output is no terminal or NO_COLOR is set."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return words
    return typer.style(words, fg=_COLOURS.get(severity), bold=True)
