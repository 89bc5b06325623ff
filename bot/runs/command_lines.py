"""Commands out of a comment: lines of top-level paragraphs that begin with `/word`, and nothing else."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

COMMENT_LIMIT: Final = 65_536
COMMANDS_PER_COMMENT: Final = 10

_LINE = re.compile(r"/([A-Za-z][A-Za-z-]{0,30})(?:[ \t]+(\S.*))?$")
_READER: Final = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One line as it was written: `/word rest`; the word is lower-case, the rest is stripped."""

    word: str
    rest: str


def command_lines(body: str) -> tuple[CommandLine, ...]:
    """The command lines of a comment, in order.

    Code, quotes, lists, tables, headings and HTML hold no commands: quoting an answer or showing an example must
    not approve anything. Only the first commands of a comment count (`COMMANDS_PER_COMMENT`).
    """
    if "/" not in body or len(body) > COMMENT_LIMIT:
        return ()
    found: list[CommandLine] = []
    tokens = _READER.parse(body)
    for opening, inline in itertools.pairwise(tokens):
        if opening.type != "paragraph_open" or opening.level != 0:
            continue
        for line in _plain_lines(inline.children or []):
            match = _LINE.match(line.rstrip())
            if match:
                found.append(CommandLine(match[1].lower(), (match[2] or "").strip()))
    return tuple(found[:COMMANDS_PER_COMMENT])


def _plain_lines(children: list[Token]) -> list[str]:
    """The paragraph's lines as text; a line that begins with anything but text begins with a NUL."""
    lines = [""]
    for child in children:
        if child.type in {"softbreak", "hardbreak"}:
            lines.append("")
        elif child.type == "text":
            lines[-1] += child.content
        elif child.type == "code_inline":
            lines[-1] += child.content if lines[-1] else "\0"
        elif child.type in {"html_inline", "link_open", "image"} and not lines[-1]:
            lines[-1] = "\0"
        elif child.type in {"em_open", "em_close", "strong_open", "strong_close"}:
            lines[-1] += child.markup if lines[-1] else "\0"
    return lines
