"""The status of a plan, in whatever spelling: field, front matter, table row, or a section of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from bot.plans.document import Document, Section, read_document
from bot.plans.edit import Lines, Splice, splice
from bot.plans.inert import inert_code, inert_text
from bot.plans.inline import Text
from bot.plans.nodes import Heading, Paragraph
from bot.plans.record_fields import edited

_NAMES: Final = ("status", "plan status", "상태", "状态")
_ABOUT: Final = ("lifecycle", "metadata", "meta", "status", "plan status", "document status", "header", "상태")
_SECTION_NAMES: Final = ("status", "plan status", "document status", "상태")
_HEADING_STATUS: Final = re.compile(r"[\d.)\s]*(?:plan )?status\s*[:\uff1a]\s*(?=\S)", re.IGNORECASE)
# A first heading with one of these names begins the plan's content and is no title.
_PARTS: Final = frozenset({
    "objective", "objectives", "goal", "goals", "purpose", "aim", "mission", "목적", "목표", "목표와 범위",
    "목적과 범위", "目标", "目的", "目標", "roadmap position", "objective lock", "recent changes snapshot",
    "current behavior summary", "proposed next block", "validation plan", "branch continuity", "file scope contract",
})  # fmt: skip
_YAML_STATUS: Final = re.compile(
    r"(?P<key>status[ \t]*:)(?P<gap>[ \t]*)"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|[^#\s\"'|>&*!\[{](?:[^#\r\n]|(?<=\S)#)*?)?(?=[ \t]*(?:[ \t]#.*)?$)",
    re.IGNORECASE,
)
_YAML_PLAIN: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _()/.-]*[A-Za-z0-9_).])?")
_YAML_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
STATUS_LIMIT: Final = 80


def bring_status(document: Document, status: str) -> Document:
    """Return the plan with every spelling of its status saying `status`; without any, one is written below the title.

    A status that was written in lower case stays in lower case: teams' own scripts look for it.
    """
    words = " ".join("".join(one for one in status[:STATUS_LIMIT] if one.isprintable() or one.isspace()).split())
    changes = [_changed(document.text, value, words) for value in _values(document)]
    in_front_matter = _in_front_matter(document, words)
    if in_front_matter is not None:
        changes.append(in_front_matter)
    if not changes:
        changes.append(_below_title(document, f"**Status:** {inert_text(words)}"))
    return edited(document, changes)


def states_status(document: Document) -> bool:
    """Say whether the plan states its status anywhere, so that `bring_status` has nothing to add."""
    return next(_values(document), None) is not None or _in_front_matter(document, "") is not None


def _values(document: Document) -> Iterator[Text]:
    """Where the body says its status: before the first section, in a section about the plan itself, or as a section."""
    title = _title(document)
    headers = [document.preamble] if title is None else [document.preamble, title.own]
    headers += [section.body for section in document.sections_named(*_ABOUT)]
    seen: set[int] = set()
    for span in headers:
        for field in document.fields_named(span, *_NAMES)[:1]:
            if field.line not in seen:
                seen.add(field.line)
                yield _first_line(field.value)
    for section in document.sections_named(*_SECTION_NAMES):
        first = next((node for node in document.nodes_in(section.own) if isinstance(node, Paragraph)), None)
        if first is None or document.fields_named(section.body, *_NAMES):
            continue
        if len(first.text.content) <= STATUS_LIMIT and "\n" not in first.text.content:
            yield first.text
    for node in document.nodes:
        if isinstance(node, Heading) and (said := _HEADING_STATUS.match(node.text.content)) is not None:
            yield node.text.slice(said.end(), len(node.text.content))


def _title(document: Document) -> Section | None:
    first = document.sections[0] if document.sections else None
    return first if first is not None and first.level == 1 and first.name not in _PARTS else None


def _first_line(text: Text) -> Text:
    return text.slice(0, text.content.index("\n")) if "\n" in text.content else text


def _changed(text: str, old: Text, words: str) -> Splice:
    written = old.content
    words = _in_the_case_of(written, words)
    is_code = len(written) > 2 and written[0] == written[-1] == "`"
    new = inert_code(words) if is_code else inert_text(words)
    start, end = old.start, old.start + len(written)
    gap = "" if written or start == 0 or text[start - 1] in " \t" else " "
    return Splice(start, end, gap + new)


def _in_the_case_of(old: str, words: str) -> str:
    return words.lower() if old.islower() else words


def _in_front_matter(document: Document, words: str) -> Splice | None:
    front = document.front_matter
    if front is None or front.error is not None:
        return None
    lines = Lines(document.text)
    for number in range(front.span.start + 1, front.span.end - 1):
        found = _YAML_STATUS.match(lines.body(number))
        has_block = lines.body(number + 1).startswith((" ", "\t", "-")) and number + 1 < front.span.end - 1
        if found is None or (not found["value"] and has_block):
            continue
        old = found["value"] or ""
        start = lines.starts[number] + found.end("gap")
        gap = "" if found["gap"] else " "
        change = Splice(start, start + len(old), gap + _yaml_scalar(old, _in_the_case_of(old, words)))
        after = read_document(splice(document.text[: lines.starts[front.span.end]], [change])).front_matter
        is_read_back = after is not None and (after.text("status") or "").casefold() == words.casefold()
        return change if is_read_back else None
    return None


def _yaml_scalar(old: str, words: str) -> str:
    if old.startswith("'"):
        return "'" + words.replace("'", "''") + "'"
    if old.startswith('"') or not _YAML_PLAIN.fullmatch(words) or words.lower() in _YAML_WORDS:
        return json.dumps(words, ensure_ascii=False)
    return words


def _below_title(document: Document, line: str) -> Splice:
    lines = Lines(document.text)
    title = _title(document)
    if title is not None:
        at, bodies = title.heading.end, ["", line]
    else:
        at = document.front_matter.span.end if document.front_matter is not None else 0
        bodies = ["", line] if at else [line]
    if at < len(lines) and not lines.is_blank(at):
        bodies.append("")
    return lines.insert(at, bodies)
