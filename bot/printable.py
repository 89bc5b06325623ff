"""Text from outside on a terminal or in a log: nothing in it moves the cursor, changes colours or reorders a line."""

from __future__ import annotations


def printable(text: str, *, keep_line_feeds: bool = False) -> str:
    """The text with every control and invisible formatting character written as `\\uXXXX`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or (keep_line_feeds and character == "\n") else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    # In JSON a character beyond the first 65,536 is written as two: what is escaped here stays valid JSON.
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))
