"""One thing that somebody tries, what holds against it, and the tests that try it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Where an attack comes from, and so what its author has to begin with."""

    STRANGER = "stranger"
    """Reaches the bot's address, or comments on a public repository."""
    FORK = "fork author"
    """Opens a pull request from a fork: its whole content is theirs."""
    CONTRIBUTOR = "contributor"
    """May push branches, and nothing that the policy asks for beyond that."""
    WORKER = "worker"
    """An agent that was handed a block, or a workflow run that may ask for tokens."""
    OTHER_APP = "other App"
    """Another GitHub App of the repository, with whatever it may write."""
    OWN_MISTAKE = "own mistake"
    """Somebody trusted gets something wrong: a policy, a title, a command too many."""


@dataclass(frozen=True, slots=True)
class Attack:
    """`shown_by` names tests as `<file below tests>::<function>`; each of them does what `does` says."""

    id: str
    who: Who
    does: str
    holds: str
    shown_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """`defence` stands once in `file`; with `without` in its place, `shown_by` of that attack has to fail."""

    attack: str
    what: str
    file: str
    defence: str
    without: str
    shown_by: str


def rows_of(letter: str) -> Callable[..., Attack]:
    """What makes the rows of one part of the table, numbered in their order."""
    made = 0

    def row(who: Who, does: str, holds: str, *shown_by: str) -> Attack:
        nonlocal made
        made += 1
        return Attack(f"{letter}{made:02}", who, does, holds, shown_by)

    return row
