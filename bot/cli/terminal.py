"""Printing words from untrusted files: nothing in them moves the cursor, changes colours or reorders a line."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

import typer

_COLOURS: Final = {"error": typer.colors.RED, "warning": typer.colors.YELLOW, "notice": typer.colors.BLUE}


def printable(text: str, *, keep_line_feeds: bool = False) -> str:
    """The text with every control and invisible formatting character written as `\\uXXXX`."""
    return "".join(
        character if character.isprintable() or (keep_line_feeds and character == "\n") else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    # In JSON a character beyond the first 65,536 is written as two: what is escaped here stays valid JSON.
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))


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
