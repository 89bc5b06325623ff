"""Ids that a memory-bank plan writes out (`**ID:** T1`): they beat a heading, and name what has no name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.plans.document import Document
from bot.plans.fields import Field
from bot.plans.inline import plain
from bot.plans.memory_bank_candidates import Candidate
from bot.plans.memory_bank_ids import Name, Rank, name_in
from bot.plans.memory_bank_regions import Region
from bot.plans.memory_bank_terms import kind_of
from bot.plans.nodes import Span
from bot.plans.placeholders import is_placeholder, is_template_id

_ODD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,30}-[A-Za-z0-9_.-]{1,30}")


def with_explicit_ids(document: Document, region: Region, named: Sequence[Candidate]) -> list[Candidate]:
    """The same candidates under the ids that are written below them, and those that only such an id names."""
    fields = [one for one in document.fields_in(region.span) if _is_id_field(one) and _written(one)]
    if len(fields) > 1 and len({plain(one.value.content) for one in fields}) == 1:
        fields = []  # one constant (a ticket's template) names nothing
    starts = sorted(each.line for each in named)
    taken: set[int] = set()
    found: list[Candidate] = []
    for each in named:
        mine = _fields_of(each, starts, region, fields)
        if len(mine) == 1 and (name := _name(mine[0], each.name)) is not None:
            taken.add(mine[0].line)
            each.name = name
        elif not each.name.id:
            continue
        else:
            taken |= {one.line for one in mine} if each.name.rank in (Rank.TASK, Rank.STEP) else set()
        found.append(each)
    return sorted([*found, *_alone(fields, taken)], key=lambda each: each.line)


def _is_id_field(one: Field) -> bool:
    """`**ID:** T1`, and `**Task:** T1` where nothing but an id stands behind it."""
    if one.name == "task":
        name = name_in(plain(one.value.content))
        return name is not None and not name.title
    return kind_of(one.name) == "id"


def _written(one: Field) -> bool:
    words = plain(one.value.content)
    return bool(words) and not is_placeholder(one.value.content) and not is_template_id(words)


def _fields_of(each: Candidate, starts: Sequence[int], region: Region, fields: Sequence[Field]) -> list[Field]:
    """The id fields between a candidate and the next one; a row says its id in its own cells."""
    if each.form == "table":
        return []
    index = bisect_left(starts, each.line + 1)
    own = Span(each.line, starts[index] if index < len(starts) else region.span.end)
    low = bisect_left(fields, own.start, key=_line)
    return list(fields[low : bisect_left(fields, own.end, key=_line)])


def _line(one: Field) -> int:
    return one.line


def _name(one: Field, name: Name) -> Name | None:
    """The name under the id that a field states; a ticket's key does not replace an id that is there."""
    words = plain(one.value.content)
    stated = name_in(words)
    if stated is None and re.fullmatch(r"\d{1,4}(?:\.\d{1,4})*", words):
        stated = Name(words, "", Rank.TASK)
    if stated is None and _ODD.fullmatch(words) and not name.id:
        stated = Name(words, "", Rank.TASK)
    if stated is None:
        return None
    rank = Rank.TASK if stated.rank is Rank.NUMBER else stated.rank
    title = name.title or stated.title
    return replace(name, id=stated.id, rank=rank, title=title, milestone=name.milestone or stated.milestone)


def _alone(fields: Sequence[Field], taken: set[int]) -> list[Candidate]:
    """Groups of fields without a heading of their own: each begins with its id."""
    found = []
    for one in fields:
        name = _name(one, Name("", "", Rank.TASK)) if one.line not in taken else None
        if name is not None:
            found.append(Candidate(name, Span(one.line, one.line + 1), "fields", -1))
    return found
