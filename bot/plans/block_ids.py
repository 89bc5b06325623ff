"""Ids of blocks: what looks like one, lists of them, ranges, and what stands behind one as a title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.plans.model import BLOCKS_LIMIT

ID_LENGTH_LIMIT: Final = 40
EXPANSION_LIMIT: Final = 10 * BLOCKS_LIMIT

# Words that only say what kind of thing a number counts; "Block B01" and "Task 1" are called B01 and 1.
_DROPPED: Final = r"(?:tasks?|blocks?|steps?|작업)"
KEPT_WORDS: Final = ("slice", "batch", "phase", "stage", "milestone", "workstream", "wave", "increment", "단계")
_KEPT: Final = "(?:" + "|".join(KEPT_WORDS) + ")"

_ATOM: Final = r"[A-Za-z]{1,12}[-_.]?\d{1,6}(?:\.\d{1,6}){0,4}[a-z]?"
_CODE: Final = rf"{_ATOM}(?:[-_.][A-Za-z]{{1,12}}\d{{1,6}}(?:\.\d{{1,6}}){{0,4}}[a-z]?){{0,3}}"
_NUMBER: Final = r"\d{1,6}(?:\.\d{1,6}){0,4}[a-z]?"
_ONE: Final = rf"(?:{_KEPT}\s+(?:{_CODE}|{_NUMBER})|(?:{_DROPPED}\s+)?#?(?:{_CODE}|{_NUMBER}))"

_LEADING: Final = re.compile(
    rf"\s*(?:\[(?P<boxed>{_ONE})\]|\((?P<round>{_ONE})\)|(?P<bare>{_ONE}))"
    r"(?P<mark>\s*[:.)\uff1a]+(?=\s|$)|\s+[-–—]+\s+|\s*[-–—]{2,}\s*|\s*→\s*|\s+|$)",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(rf"(?<![\w./#-])(?:{_ONE})(?![\w/]|[-.]\w)", re.IGNORECASE)
_SLASHED: Final = re.compile(rf"(?<![\w./#-]){_CODE}(?:/{_CODE})+(?![\w/]|[-.]\w)")
_RANGE: Final = re.compile(
    rf"(?<![\w./#-])(?P<first>{_ONE})\s*(?:[-–—~]|\.\.+|…|\bto\b|\bthrough\b|\bthru\b)\s*(?P<last>{_ONE})(?![\w/]|[-.]\w)",
    re.IGNORECASE,
)
_RANGE_OR_TOKEN: Final = re.compile(f"{_RANGE.pattern}|{_TOKEN.pattern}", re.IGNORECASE)
_PARTS: Final = re.compile(r"(?P<stem>.*?)(?P<number>\d+)(?P<suffix>[a-z]?)")
_SEPARATORS: Final = re.compile(
    r"(?:[\s,;&+/、|`*_()\[\]{}.]|\band\b|\bor\b|\bids?\b|\b(?:tasks?|blocks?|steps?)\b)*", re.IGNORECASE
)
_NONE: Final = re.compile(
    r"(?:none|no|no dependencies|n/?a|nothing|nil|-+|–|—|없음|无|無)(?:\s*[(.,;:—–-].*)?", re.IGNORECASE
)


class RangeError(ValueError):
    """A range of ids that cannot be expanded; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An id and the title behind it; `id` is None when the text begins with no id."""

    id: str | None
    title: str


def canonical(written: str) -> str:
    """An id without the words "Task", "Block" and "Step" before it, and without a `#`."""
    text = " ".join(written.split()).strip("`*_ ")
    return re.sub(rf"^{_DROPPED}\s+(?=\S)", "", text, flags=re.IGNORECASE).lstrip("#")


def leading_entry(text: str, *, numbers: bool = False) -> Entry:
    """Split `B01: Do this`, `Task 1 - Do this`, `[T1] Do this`, `T1 — Do this` into id and title.

    A bare number is an id only with a mark behind it ("1. Do this"), and only if `numbers` is set.
    """
    match = _LEADING.match(text)
    if match is None:
        return Entry(None, text.strip())
    written = match["boxed"] or match["round"] or match["bare"]
    rest = text[match.end() :].strip()
    is_number = written[0].isdigit()
    has_mark = bool(match["mark"].strip())
    if is_number and (not numbers or not has_mark):
        return Entry(None, text.strip())
    if not is_number and not has_mark and rest and rest[0].islower() and " " not in written and written.islower():
        # "sha256 sums are compared" begins with a word, not with an id.
        return Entry(None, text.strip())
    return Entry(canonical(written), rest)


def is_only_ids(text: str) -> bool:
    """Say whether a value holds ids, ranges and separators and nothing else."""
    text = _separated(text)
    if not _TOKEN.search(text) and not _RANGE.search(text):
        return False
    return _SEPARATORS.fullmatch(_TOKEN.sub(" ", _RANGE.sub(" ", text))) is not None


def _separated(text: str) -> str:
    """`B01/B02` with a comma for the slash, where ids stand on both sides; a slash in a path stays."""
    return _SLASHED.sub(lambda match: match.group().replace("/", ", "), text)


def says_none(text: str) -> bool:
    return _NONE.fullmatch(text.strip().strip("`*_ ")) is not None


def ids_in(text: str) -> list[str]:
    """The ids a text names, ranges expanded, in order and each once. Raises RangeError."""
    text = _separated(text)
    found: dict[str, None] = {}
    expanded = 0
    match = _RANGE_OR_TOKEN.search(text)
    while match is not None:
        ids, end = _named(match)
        expanded += len(ids)
        if expanded > EXPANSION_LIMIT:
            raise RangeError(f"it names more than {EXPANSION_LIMIT} ids")
        found.update(dict.fromkeys(ids))
        match = _RANGE_OR_TOKEN.search(text, end)
    return list(found)


def _named(match: re.Match[str]) -> tuple[list[str], int]:
    """The ids of one match, and where to go on: what is no range after all is read as two ids."""
    if match["first"] is not None:
        ids = _expand(match["first"], match["last"])
        if ids is not None:
            return ids, match.end()
        # Two ids that are no range: go on behind the longest one that begins here (`M1-T1` is one id).
        match = _TOKEN.match(match.string, match.start()) or match
    end = match.end() if match.re is _TOKEN or match["first"] is None else match.end("first")
    written = match.string[match.start() : end]
    return _same_stem_compound(written) or [canonical(written)], end


def _same_stem_compound(written: str) -> list[str] | None:
    """`B01-B03` has the form of a compound id like `M1-T1`; with one stem it is a range."""
    first, dash, last = written.partition("-")
    return _expand(first, last) if dash else None


def _expand(first: str, last: str) -> list[str] | None:
    """The ids from first to last; None when the two are not ends of one range (`M1-T1`)."""
    left, right = _PARTS.fullmatch(canonical(first)), _PARTS.fullmatch(canonical(last))
    if left is None or right is None or left["suffix"] or right["suffix"]:
        return None
    stem = left["stem"]
    if right["stem"].casefold() != stem.casefold() and right["stem"]:
        return None
    start, end = int(left["number"]), int(right["number"])
    if not right["stem"] and stem and end <= start:
        return None  # GH-2 is one id; B01-03 is a range
    if end < start:
        raise RangeError("it runs backwards")
    if end - start >= BLOCKS_LIMIT:
        raise RangeError(f"it is longer than {BLOCKS_LIMIT}")
    width = len(left["number"])
    return [f"{stem}{number:0{width}d}" for number in range(start, end + 1)]


def id_problem(block_id: str) -> str | None:
    """Why an id cannot be used in a command, or None."""
    if len(block_id) > ID_LENGTH_LIMIT:
        return f"it is longer than {ID_LENGTH_LIMIT} characters"
    if any(character.isspace() for character in block_id):
        return "it has blanks in it"
    if not re.fullmatch(r"[\w.\-]+", block_id):
        return "it has characters other than letters, digits, dots and dashes"
    return None


def shape(block_id: str) -> str:
    """The letters of an id, to tell this plan's ids from words that only look like ids."""
    return re.sub(r"\d+", "0", block_id).casefold()


_DONE: Final = re.compile(r"\b(?:done|completed?|merged|shipped|landed|finished|closed|delivered)\b", re.IGNORECASE)


def is_said_to_be_done(text: str, block_id: str) -> bool:
    """Say whether an id is followed by words that say that it is done elsewhere: "B00 (completed)"."""
    at = text.casefold().find(block_id.casefold())
    behind = re.split(r"[,;]", text[at + len(block_id) :], maxsplit=1)[0] if at >= 0 else ""
    return _DONE.search(behind) is not None
