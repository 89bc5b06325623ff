"""One sentence of a document that demands something of whoever executes a plan, and the tests that show it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """`place` is a line, or, in the one document that is a single line, the offset of the sentence in characters.

    `says` puts the demand into words of this project; `shown_by` names tests as `<file below tests>::<function>`.
    `not_ours` says why the product deliberately does not do it; a test may then show what it does instead.
    """

    seed: int
    place: int
    says: str
    shown_by: tuple[str, ...] = ()
    not_ours: str = ""


def rows_of(seed: int) -> Callable[..., Demand]:
    """What makes a row of one document's table: place, words, tests."""

    def row(place: int, says: str, *shown_by: str, not_ours: str = "") -> Demand:
        return Demand(seed, place, says, shown_by, not_ours)

    return row
