"""Edits that keep every other byte: replace or insert the smallest span of a text, whatever its line ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot.plans.inline import line_starts

BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace the characters `start:end` of a text by `text`."""

    start: int
    end: int
    text: str


def splice(text: str, splices: Iterable[Splice]) -> str:
    """Return `text` with all splices applied; offsets are those of the original text.

    Raises ValueError when two splices overlap, since then the result would depend on their order.
    """
    pieces: list[str] = []
    position = 0
    for one in sorted(splices, key=lambda item: (item.start, item.end)):
        if not position <= one.start <= one.end <= len(text):
            raise ValueError(f"splice {one.start}:{one.end} overlaps another one or lies outside the text")
        pieces += (text[position : one.start], one.text)
        position = one.end
    pieces.append(text[position:])
    return "".join(pieces)


def without_end(line: str) -> str:
    return line.rstrip("\r\n")


def end_of(line: str) -> str:
    return line[len(without_end(line)) :]


@dataclass(frozen=True)
class Lines:
    """A text seen as lines, for edits that add, replace or remove whole lines. Line numbers are 0-based."""

    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return line_starts(self.text)[0]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset of each line, and the length of the text behind the last one."""
        return (*line_starts(self.text)[1], len(self.text))

    def __len__(self) -> int:
        return len(self.lines)

    def body(self, number: int) -> str:
        """The line without its end, and without a byte order mark."""
        body = without_end(self.lines[number])
        return body.removeprefix(BOM) if number == 0 else body

    def is_blank(self, number: int) -> bool:
        return not self.body(number).strip()

    def end_near(self, number: int) -> str:
        """The line end that a line inserted before `number` gets: that of its neighbours, in mixed texts too."""
        for line in (*reversed(self.lines[max(0, number - 2) : number]), *self.lines[number : number + 1]):
            if end := end_of(line):
                return end
        return "\n"

    def insert(self, number: int, bodies: Sequence[str]) -> Splice:
        """Insert lines before line `number`; a text without a final line end stays without one."""
        end = self.end_near(number)
        at = self.starts[number]
        if number == 0 and self.text.startswith(BOM):
            at = len(BOM)
        if number == len(self) and self.lines and not end_of(self.lines[-1]):
            return Splice(at, at, "".join(end + body for body in bodies))
        return Splice(at, at, "".join(body + end for body in bodies))

    def remove(self, start: int, stop: int) -> Splice:
        """Remove the lines `start:stop`; a text without a final line end stays without one."""
        first, last = self.starts[start], self.starts[stop]
        if start == 0 and self.text.startswith(BOM):
            first = min(len(BOM), last)
        if start and start < stop == len(self) and not end_of(self.lines[-1]):
            first -= len(end_of(self.lines[start - 1]))
        return Splice(first, last, "")

    def replace(self, start: int, stop: int, bodies: Sequence[str]) -> Splice:
        """Replace the lines `start:stop` by others, each keeping the line end of the line in whose place it stands."""
        if not bodies:
            return self.remove(start, stop)
        if start == stop:
            return self.insert(start, bodies)
        old = self.lines[start:stop]
        filler = self.end_near(start + 1)
        ends = [end_of(line) or filler for line in old[: len(bodies)]] + [filler] * (len(bodies) - len(old))
        ends[-1] = end_of(old[-1])
        first = self.starts[start] + (len(BOM) if start == 0 and self.text.startswith(BOM) else 0)
        return Splice(first, self.starts[stop], "".join(body + end for body, end in zip(bodies, ends, strict=True)))
