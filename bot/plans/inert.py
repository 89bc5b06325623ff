"""Words from untrusted places made inert: one line each, without Markdown, HTML or mentions."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

TEXT_LIMIT: Final = 500
CODE_LIMIT: Final = 300
NOTHING: Final = "—"

_WHITE: Final = re.compile(r"\s+")
_BACKTICKS: Final = re.compile(r"`+")
# An address such as a@b.c is no mention to GitHub, which asks for a non-word character before the sign.
_MENTION: Final = re.compile(r"(?<![A-Za-z0-9_])@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9._-]+)?")
_MARKUP: Final = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])")
_OPENER: Final = re.compile(r"^(\d+(?=[.)])|)(?=[#+=:.)-])")


def inert_text(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return a text as one line of Markdown that shows it and nothing else.

    Balanced code spans stay code spans and mentions become code spans (a backslash does not disarm a mention);
    everything else that Markdown would read is escaped. `limit` counts characters before escaping.
    """
    visible = "".join(_visible(one, keep_space=True) for one in text[: 8 * limit])
    plain = _shorten(_WHITE.sub(" ", visible).strip(), limit)
    pieces: list[str] = []
    position = 0
    for start, stop, content in _code_spans(plain):
        pieces += (_escape(plain[position:start]), inert_code(content, limit))
        position = stop
    pieces.append(_escape(plain[position:]))
    return _OPENER.sub(r"\1\\", "".join(pieces))


def inert_code(text: str, limit: int = CODE_LIMIT) -> str:
    """Return a text as one code span, its fence longer than any run of backticks in it; "—" for nothing.

    Control and direction characters show as escapes, so that a file name cannot hide behind them; so does the beginning
    of a comment, behind which simpler readers of Markdown see nothing, in code or not.
    """
    shown = "".join(_visible(one, keep_space=False) for one in text[: limit + 1]).replace("<!--", "<\\u0021--")
    content = _shorten(shown.strip(), limit)
    if not content:
        return NOTHING
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(content)), default=0) + 1)
    pad = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _visible(character: str, *, keep_space: bool) -> str:
    if character == " ":
        return character
    category = unicodedata.category(character)
    if keep_space and character.isspace():
        return " "
    if category in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
        code = ord(character)
        return "" if keep_space else {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character) or f"\\u{code:04x}"
    return character


def _code_spans(text: str) -> list[tuple[int, int, str]]:
    """The balanced code spans of a line: start, end, content."""
    runs = [(found.start(), found.end()) for found in _BACKTICKS.finditer(text)]
    spans: list[tuple[int, int, str]] = []
    index = 0
    while index < len(runs):
        start, stop = runs[index]
        closing = next((k for k in range(index + 1, len(runs)) if runs[k][1] - runs[k][0] == stop - start), None)
        if closing is None:
            index += 1
            continue
        content = text[stop : runs[closing][0]]
        if content.strip():
            spans.append((start, runs[closing][1], content))
        index = closing + 1
    return spans


def _escape(text: str) -> str:
    pieces: list[str] = []
    position = 0
    for found in _MENTION.finditer(text):
        pieces += (_escape_markup(text[position : found.start()]), f"`{found.group()}`")
        position = found.end()
    pieces.append(_escape_markup(text[position:]))
    return "".join(pieces)


def _escape_markup(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text).replace("<!--", "<\\!--")
