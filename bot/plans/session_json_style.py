"""How a JSON file is laid out, so that what is written into it looks like what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.plans.strict_json import Array, Object


@dataclass(frozen=True, slots=True)
class Style:
    """`newline` and `unit` are empty in a file of one line; `separator` stands between the members of the object.

    `colon` stands between a key and its value. `is_camel` says that keys are written `likeThis`.
    """

    newline: str
    unit: str
    separator: str
    colon: str
    is_camel: bool
    is_ascii: bool

    def text(self, words: str) -> str:
        return json.dumps(words, ensure_ascii=self.is_ascii)

    def key(self, name: str) -> str:
        return re.sub(r"_([a-z])", lambda found: found.group(1).upper(), name) if self.is_camel else name

    @property
    def gap(self) -> str:
        """What stands behind a comma within one line."""
        return "" if not self.newline and self.separator == "," else " "

    def indent(self, depth: int) -> str:
        """The beginning of a new line at this depth; nothing in a file of one line."""
        return self.newline + self.unit * depth if self.newline else ""


def style_of(text: str, root: Object) -> Style:
    """The layout of a file whose whole is this object; an empty object is laid out as the standard tools do."""
    keys = [member.key for member in root.members]
    is_camel = any(re.search(r"[a-z][A-Z]", key) for key in keys) and not any("_" in key for key in keys)
    is_ascii = text.isascii()
    if not root.members:
        newline = "\r\n" if "\r\n" in text else "\n"
        return Style(newline, "  ", f",{newline}  ", ": ", is_camel, is_ascii)
    first = root.members[0]
    opening = text[root.start + 1 : first.start]
    found = re.search(r"(\r\n|\n|\r)([ \t]*)$", opening)
    newline, unit = (found.group(1), found.group(2)) if found else ("", "")
    between = re.search(r"[ \t\r\n]*:[ \t\r\n]*$", text[first.start : first.value.start])
    colon = between.group() if between else ": "
    if len(root.members) > 1:
        separator = text[first.value.end : root.members[1].start]
    else:
        separator = "," + (newline + unit if newline else colon.removeprefix(":"))
    return Style(newline, unit, separator, colon, is_camel, is_ascii)


def members_text(style: Style, entries: Sequence[tuple[str, str]], *, is_empty: bool) -> str:
    """New members, each with its value as JSON text: behind the last one, or as the only ones between the braces."""
    written = style.separator.join(f"{style.text(key)}{style.colon}{value}" for key, value in entries)
    return style.indent(1) + written + style.indent(0) if is_empty else style.separator + written


def array_text(text: str, style: Style, there: Array | None, raws: Sequence[str]) -> str:
    """A list of these items, each as JSON text, laid out as the list that is there is, else as the file is."""
    if not raws:
        return "[]"
    if there is not None and there.items:
        opening = text[there.start + 1 : there.items[0].start]
        closing = text[there.items[-1].end : there.end - 1]
        between = "," + (opening if re.search(r"[\r\n]", opening) else style.gap)
        if len(there.items) > 1:
            between = text[there.items[0].end : there.items[1].start]
    else:
        opening, closing = style.indent(2), style.indent(1)
        between = "," + (opening or style.gap)
    return f"[{opening}{between.join(raws)}{closing}]"


def object_text(style: Style, entries: Sequence[tuple[str, str]], *, depth: int, is_inline: bool) -> str:
    """An object of texts at this depth, over several lines unless the file or the objects beside it are not."""
    members = [f"{style.text(key)}{style.colon}{style.text(value)}" for key, value in entries]
    if is_inline or not style.newline:
        return "{" + f",{style.gap}".join(members) + "}"
    inner, outer = style.indent(depth + 1), style.indent(depth)
    return "{" + inner + f",{inner}".join(members) + outer + "}"
