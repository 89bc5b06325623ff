"""What a target raises when an answer is wrong although nothing failed."""

from __future__ import annotations


class Broken(AssertionError):  # noqa: N818 - it is an answer that is broken, not the program
    """Something that must hold of every answer does not hold of this one."""


def hold(is_so: bool, what: str) -> None:
    if not is_so:
        raise Broken(what)
