"""JSON with the place of every key and value, for files that people are told about line by line and that are edited.

The standard reader takes the last of two equal keys, reads NaN, and knows no lines: an edit that a reader cannot see
and a number that no other language reads would pass. Here each of these is a problem with its line, and what stands
around it is still read.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bot.plans.inline import line_of, line_starts

DEPTH_LIMIT: Final = 60
NUMBER_LENGTH_LIMIT: Final = 40
PROBLEMS_LIMIT: Final = 100

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_WORDS: Final = {"true": True, "false": False, "null": None}
_WORD: Final = re.compile(r"-?[A-Za-z]+")
_NO_NUMBERS: Final = frozenset({"NaN", "Infinity", "-Infinity"})
# Lone surrogates cannot be written as UTF-8, and PostgreSQL keeps no NUL in text.
_UNWRITABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text, a number, true, false or null. `start:end` are offsets in the file, `line` is 0-based, here and below."""

    value: str | int | float | bool | None
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Array:
    items: tuple[Json, ...]
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Member:
    """A key of an object with its value; place and line are the key's."""

    key: str
    value: Json
    start: int
    line: int


@dataclass(frozen=True, slots=True)
class Object:
    members: tuple[Member, ...]
    start: int
    end: int
    line: int

    def member(self, *names: str) -> Member | None:
        """The first of these keys that is there; else the first key that differs from one of them only in spelling."""
        by_key = {member.key: member for member in reversed(self.members)}
        found = next((by_key[name] for name in names if name in by_key), None)
        if found is not None:
            return found
        by_spelling = {folded(member.key): member for member in reversed(self.members)}
        return next((by_spelling[folded(name)] for name in names if folded(name) in by_spelling), None)


Json: TypeAlias = Scalar | Array | Object


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is not the JSON it should be: it ends the reading (`syntax`), or only spoils one key or number."""

    kind: Literal["syntax", "duplicate", "number"]
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class JsonText:
    """What a text says; `root` is None when it could not be read to its end."""

    root: Json | None
    problems: tuple[Problem, ...]


def folded(key: str) -> str:
    """A key for comparing: `completedTasks`, `completed_tasks` and `completed-tasks` are one."""
    return key.replace("_", "").replace("-", "").casefold()


def writable(text: str) -> str:
    """A text as it is read from a file, with a replacement for each character that could not be kept."""
    return _UNWRITABLE.sub("\ufffd", text)


def words_for(value: Json) -> str:
    """What kind of value this is, for a sentence."""
    match value:
        case Object():
            return "an object"
        case Array():
            return "a list"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=None):
            return "null"
        case Scalar(value=str()):
            return "text"
        case Scalar():
            return "a number"


def read_json(text: str) -> JsonText:
    """Read any text; nothing in it raises. A byte order mark before it is no part of it."""
    reader = _Reader(text)
    try:
        root = reader.value(1 if text.startswith("\ufeff") else 0, 0)
        end = reader.skip(root.end)
        if end != len(text):
            raise reader.failure(end, "something stands behind its end")
    except _SyntaxProblem as found:
        return JsonText(None, (found.problem,))
    return JsonText(root, tuple(reader.problems))


class _SyntaxProblem(Exception):  # noqa: N818 - not an error of the program: what the text says
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class _Reader:
    """Reads from offset to offset; an object so that lines and problems need not be handed down."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self._starts = line_starts(text)[1]

    def line(self, offset: int) -> int:
        return line_of(self._starts, offset)

    def skip(self, offset: int) -> int:
        found = _BLANK.match(self.text, offset)
        return found.end() if found else offset

    def failure(self, offset: int, reason: str) -> _SyntaxProblem:
        return _SyntaxProblem(Problem("syntax", self.line(max(0, min(offset, len(self.text) - 1))), reason))

    def note(self, kind: Literal["duplicate", "number"], line: int, reason: str) -> None:
        if len(self.problems) < PROBLEMS_LIMIT:
            self.problems.append(Problem(kind, line, reason))

    def value(self, offset: int, depth: int) -> Json:
        start = self.skip(offset)
        if depth > DEPTH_LIMIT:
            raise self.failure(start, f"it is nested deeper than {DEPTH_LIMIT}")
        match self.text[start : start + 1]:
            case "{":
                return self._object(start, depth)
            case "[":
                return self._array(start, depth)
            case '"':
                value, end = self._string(start)
                return Scalar(value, start, end, self.line(start))
            case "":
                raise self.failure(start, "it ends where a value is expected")
            case _:
                return self._number_or_word(start)

    def _object(self, start: int, depth: int) -> Object:
        members: list[Member] = []
        first: dict[str, int] = {}
        at = self.skip(start + 1)
        is_open = self.text[at : at + 1] != "}"
        while is_open:
            if self.text[at : at + 1] != '"':
                raise self.failure(at, f"a key in double quotes is expected before {self._shown(at)}")
            key, end = self._string(at)
            line = self.line(at)
            colon = self.skip(end)
            if self.text[colon : colon + 1] != ":":
                raise self.failure(colon, f'":" is expected before {self._shown(colon)}')
            value = self.value(colon + 1, depth + 1)
            members.append(Member(key, value, at, line))
            if key in first:
                self.note("duplicate", line, f'the key "{key}" is there twice, first in line {first[key] + 1}')
            first.setdefault(key, line)
            is_open, at = self._next(value.end, "}")
        return Object(tuple(members), start, at + 1, self.line(start))

    def _array(self, start: int, depth: int) -> Array:
        items: list[Json] = []
        at = self.skip(start + 1)
        is_open = self.text[at : at + 1] != "]"
        while is_open:
            items.append(self.value(at, depth + 1))
            is_open, at = self._next(items[-1].end, "]")
        return Array(tuple(items), start, at + 1, self.line(start))

    def _next(self, offset: int, closing: str) -> tuple[bool, int]:
        """Whether another entry follows, and where; else where the closing bracket stands."""
        at = self.skip(offset)
        match self.text[at : at + 1]:
            case ",":
                return True, self.skip(at + 1)
            case found if found == closing:
                return False, at
            case _:
                raise self.failure(at, f'"," or "{closing}" is expected before {self._shown(at)}')

    def _string(self, start: int) -> tuple[str, int]:
        found = _STRING.match(self.text, start)
        if found is None:
            raise self.failure(start, "text in double quotes does not end in its line, or has a bad escape in it")
        value: str = json.loads(found.group())
        return writable(value), found.end()

    def _number_or_word(self, start: int) -> Scalar:
        line = self.line(start)
        word = _WORD.match(self.text, start)
        if word is not None:
            written = word.group()
            if written in _NO_NUMBERS:
                self.note("number", line, f"{written} is no number in JSON")
            elif written not in _WORDS:
                raise self.failure(start, f"{self._shown(start)} is no value")
            return Scalar(_WORDS.get(written), start, word.end(), line)
        number = _NUMBER.match(self.text, start)
        if number is None:
            raise self.failure(start, f"{self._shown(start)} is no value")
        return Scalar(self._number(number, line), start, number.end(), line)

    def _number(self, found: re.Match[str], line: int) -> int | float | None:
        written = found.group()
        if len(written) > NUMBER_LENGTH_LIMIT:
            self.note("number", line, f"a number has {len(written)} characters; at most {NUMBER_LENGTH_LIMIT} are read")
            return None
        if found["fraction"] is None and found["exponent"] is None:
            return int(written)
        value = float(written)
        if not math.isfinite(value):
            self.note("number", line, f"the number {written} is too large")
            return None
        return value

    def _shown(self, offset: int) -> str:
        """What stands at an offset, for a sentence: the beginning of it, or that the file ends."""
        found = re.match(r"\w{1,20}|\S", self.text[offset : offset + 20])
        return f"`{found.group()}`" if found else "the end"
