"""Commands out of a comment: lines of top-level paragraphs that begin with `/word`, and nothing else."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

COMMENT_LIMIT: Final = 65_536
COMMANDS_PER_COMMENT: Final = 10
NESTING: Final = 100

_LINE: Final = re.compile(r"/([A-Za-z][A-Za-z-]{0,30})(?:[ \t]+(\S.*))?$")
_FIRST_WORD: Final = re.compile(r"\s*(?:/[A-Za-z-]*)?")
_ANY_LINE: Final = re.compile(r"(?:^|[\r\n])[ \t]*/[A-Za-z]")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)(?:\s[^<>]*)?>")
_VOID: Final = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
# Without joining, a character that was escaped (`\/approve` shows a command, it gives none) stays a token of its own.
_READER: Final = MarkdownIt("commonmark").enable("table").disable("text_join")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One line as it was written: `/word rest`; the word is lower-case, the rest is stripped."""

    word: str
    rest: str


@lru_cache(maxsize=64)
def command_lines(body: str) -> tuple[CommandLine, ...]:
    """The command lines of a comment, in order.

    Code, quotes, lists, tables, headings, links and HTML hold no commands: quoting an answer or showing an example
    must not approve anything. Only the first commands of a comment count (`COMMANDS_PER_COMMENT`).
    """
    if len(body) > COMMENT_LIMIT or not _ANY_LINE.search(body):
        return ()
    found: list[CommandLine] = []
    tokens = _READER.parse(body)
    open_tags: list[str] = []
    for opening, inline in itertools.pairwise([*tokens, tokens[-1]]):
        if opening.type == "html_block":
            _follow_tags(opening.content, open_tags)
        if opening.type != "paragraph_open" or opening.level != 0 or open_tags:
            continue
        for line in _plain_lines(inline.children or []):
            match = _LINE.match(line.rstrip().rstrip("\0").rstrip())
            if match:
                found.append(CommandLine(match[1].lower(), (match[2] or "").strip()))
    return tuple(found[:COMMANDS_PER_COMMENT])


def _follow_tags(html: str, open_tags: list[str]) -> None:
    """Which elements are open behind a piece of HTML: what stands between `<details>` and its end is inside it."""
    for closing, written in _TAG.findall(html):
        name = written.lower()
        if not closing and name not in _VOID and len(open_tags) < NESTING:
            open_tags.append(name)
        elif closing and name in open_tags:
            while open_tags.pop() != name:
                pass


def _broken(line: str) -> str:
    """The line with a NUL where something else than text begins it, or stands within its first word: `/app<b>rove`."""
    return f"{line}\0" if _FIRST_WORD.fullmatch(line) else line


def _plain_lines(children: list[Token]) -> list[str]:
    """The paragraph's lines as text; a line that begins with anything but plain text begins with a NUL."""
    lines = [""]
    depth = 0
    # Only what is closed again holds anything: `List<String>` opens no element for the lines behind it.
    ends = Counter(child.content.rstrip(">").strip().lower() for child in children if child.content.startswith("</"))
    open_tags: list[str] = []
    for child in children:
        depth += child.nesting
        if child.type in {"softbreak", "hardbreak"}:
            lines.append("\0" if depth or open_tags else "")
        elif child.type == "text":
            lines[-1] += child.content
        elif child.type == "html_inline":
            _follow_tags(child.content, open_tags)
            open_tags = [name for name in open_tags if ends[f"</{name}"]]
            lines[-1] = _broken(lines[-1])
        elif child.type in {"code_inline", "text_special"}:
            lines[-1] = _broken(lines[-1])
            lines[-1] += child.content if lines[-1] != "\0" else ""
        elif child.type in {"em_open", "em_close", "strong_open", "strong_close"}:
            lines[-1] += child.markup if lines[-1] else "\0"
        else:
            lines[-1] = _broken(lines[-1])
    return lines
