"""Text inside one block: plain words, code spans and links, each with its place in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.autolink import autolink
from markdown_it.rules_inline.backticks import backtick
from markdown_it.rules_inline.emphasis import tokenize as emphasis
from markdown_it.rules_inline.html_inline import html_inline
from markdown_it.rules_inline.link import link
from markdown_it.token import Token

# The inline phase costs microseconds per character on hostile text (brackets, stars); no real paragraph is this long.
INLINE_LIMIT: Final = 32 * 1024

_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """The content of one paragraph, heading or cell, without the marks of the blocks around it.

    `line` is the first source line (0-based); `starts[i]` is the offset in the document at which line i of `content`
    begins. In a table cell with an escaped pipe, offsets behind that pipe are short by one for each.
    """

    content: str
    line: int
    starts: tuple[int, ...]
    _begins: tuple[int, ...] = field(init=False, repr=False, compare=False, default=(0,))

    def __post_init__(self) -> None:
        if len(self.starts) > 1:
            begins = [0, *(match.end() for match in re.finditer("\n", self.content))]
            object.__setattr__(self, "_begins", tuple(begins))

    def line_index(self, index: int) -> int:
        """Which line of `content` (from 0) holds the character `content[index]`."""
        return bisect_right(self._begins, index) - 1

    def offset(self, index: int) -> int:
        """The offset in the document of the character `content[index]`."""
        before = self.line_index(index)
        return self.starts[before] + index - self._begins[before]

    def slice(self, start: int, end: int) -> Text:
        """A part of this text that keeps its place; blanks around it are left out."""
        part = self.content[start:end]
        start += len(part) - len(part.lstrip())
        part = part.strip()
        first = self.line_index(start)
        behind = part.count("\n")
        starts = (self.offset(start), *self.starts[first + 1 : first + 1 + behind])
        return Text(part, self.line + first, starts)

    @property
    def start(self) -> int:
        return self.starts[0]

    @property
    def end(self) -> int:
        return self.offset(len(self.content))


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """`text` without backticks; `start` and `end` are document offsets around the backticks; `line` is 0-based."""

    text: str
    start: int
    end: int
    line: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link `[label](target)`; offsets are document offsets around the whole link."""

    label: str
    target: str
    start: int
    end: int
    line: int


_Kind = Literal["code_inline", "link_open", "html_inline"]


def _note_place(state: StateInline, begin: int, before: int, kind: _Kind) -> None:
    # markdown-it keeps no positions for inline tokens, so the first token a rule pushed remembers where the rule began.
    for token in state.tokens[before:]:
        if token.type == kind:
            token.meta = {"begins": begin, "ends": state.pos}
            return


def _backtick(state: StateInline, silent: bool) -> bool:
    begin, before = state.pos, len(state.tokens)
    matched = backtick(state, silent)
    if matched and not silent:
        _note_place(state, begin, before, "code_inline")
    return matched


def _link(state: StateInline, silent: bool) -> bool:
    begin, before = state.pos, len(state.tokens)
    matched = link(state, silent)
    if matched and not silent:
        _note_place(state, begin, before, "link_open")
    return matched


def _autolink(state: StateInline, silent: bool) -> bool:
    begin, before = state.pos, len(state.tokens)
    matched = autolink(state, silent)
    if matched and not silent:
        _note_place(state, begin, before, "link_open")
    return matched


def _html(state: StateInline, silent: bool) -> bool:
    begin, before = state.pos, len(state.tokens)
    matched = html_inline(state, silent)
    if matched and not silent:
        _note_place(state, begin, before, "html_inline")
    return matched


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("strikethrough")
    parser.inline.ruler.at("backticks", _backtick)
    parser.inline.ruler.at("link", _link)
    parser.inline.ruler.at("autolink", _autolink)
    parser.inline.ruler.at("html_inline", _html)
    parser.inline.ruler.at("emphasis", emphasis)
    return parser


def _tokens(content: str) -> list[Token]:
    tokens: list[Token] = []
    if len(content) > INLINE_LIMIT:
        tokens.append(Token("text", "", 0, content=content))
        return tokens
    parser = _parser()
    return parser.inline.parse(content, parser, {}, tokens)


def without_comments(content: str) -> str:
    """The same text with HTML comments blanked out, length and line ends kept: readers do not see them."""
    if "<!--" not in content:
        return content
    return _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), content)


def plain(content: str) -> str:
    """The words a reader sees: no emphasis marks, no backticks, link labels, `<placeholder>` kept, one line."""
    if not _MARKUP.search(content):
        return " ".join(content.split())
    return _remembered(content) if len(content) <= _REMEMBERED_LENGTH else _plain(content)


def _plain(content: str) -> str:
    words: list[str] = []
    for token in _tokens(without_comments(content)):
        match token.type:
            case "text" | "code_inline" | "image" | "text_special":
                words.append(token.content)
            case "html_inline":
                # A template's <placeholder> is an HTML tag to Markdown; to a reader of a plan it is text.
                words.append(token.content)
            case "softbreak" | "hardbreak":
                words.append(" ")
            case _:
                pass
    return " ".join("".join(words).split())


# One value is asked about several times: is it filled in, is it the template's, what does it say.
_REMEMBERED_LENGTH: Final = 300
_remembered: Final = lru_cache(maxsize=2048)(_plain)
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>&~!]")


def code_spans(text: Text) -> tuple[CodeSpan, ...]:
    """The code spans of a text in order; `begins` and `ends` are indexes into `text.content`."""
    if "`" not in text.content:
        return ()
    return tuple(_code_spans(text))


def _code_spans(text: Text) -> Iterator[CodeSpan]:
    for token in _tokens(text.content):
        if token.type == "code_inline" and token.meta:
            begins, ends = token.meta["begins"], token.meta["ends"]
            line = text.line + text.line_index(begins)
            yield CodeSpan(token.content, text.offset(begins), text.offset(ends), line, begins, ends)


def links(text: Text) -> tuple[Link, ...]:
    """The inline links and autolinks of a text in order."""
    if "](" not in text.content and "<" not in text.content:
        return ()
    return tuple(_links(text))


def _links(text: Text) -> Iterator[Link]:
    open_link: Token | None = None
    label: list[str] = []
    for token in _tokens(text.content):
        if token.type == "link_open":
            open_link, label = token, []
        elif token.type == "link_close" and open_link is not None:
            begins, ends = open_link.meta["begins"], open_link.meta["ends"]
            line = text.line + text.line_index(begins)
            target = str(open_link.attrGet("href") or "")
            yield Link("".join(label), target, text.offset(begins), text.offset(ends), line)
            open_link = None
        elif open_link is not None:
            label.append(token.content)


def line_starts(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The lines of a text with their ends, and the offset of each; only CR LF, LF and CR end a line."""
    lines = tuple(match.group() for match in _LINE.finditer(text))
    starts: list[int] = []
    offset = 0
    for line in lines:
        starts.append(offset)
        offset += len(line)
    return lines, tuple(starts)


_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def line_of(starts: tuple[int, ...], offset: int) -> int:
    """The 0-based line that holds an offset."""
    return max(bisect_right(starts, offset) - 1, 0)
