"""The terms of one memory-bank task: fields, sections or cells about dependencies, files, acceptance, steps."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.plans.document import Document, Section
from bot.plans.fields import Field, normal_name
from bot.plans.inline import Text, plain
from bot.plans.memory_bank_ids import read_name
from bot.plans.nodes import Item, ListNode, Row, Span, Table, texts
from bot.plans.placeholders import filled

Kind = Literal[
    "id", "title", "depends", "touched", "files", "acceptance", "steps", "milestone", "status", "role", "verify"
]

# In this order: "files/modules touched" is both a list of files and the one that states the scope.
_PATTERNS: Final[tuple[tuple[Kind, str], ...]] = (
    ("id", r"(?:task[ -]?)?ids?|task (?:no|number|#)|번호|编号|編號|任务编号|番号"),
    ("depends", r"(?:dependenc(?:y|ies)|depends(?: on)?|deps?|blocked by|prerequisites?|requires|prereqs?|after"
                r"|predecessors?)(?:\s*(?:/|&|and)\s*\w+)?|의존성?|선행 ?작업"
                r"|依赖(?:关系|项)?|依賴|依存(?:関係)?|前置(?:任务|条件)?"),
    ("touched", r"files?\s*(?:/|&|,|\+|and|or)\s*modules?(?:\s+\w+){0,3}"
                r"|modules?\s*(?:/|&|,|\+|and|or)\s*files?(?:\s+\w+){0,3}|modules? touched"),
    ("files", r"(?:affected |target |primary |new |modified |changed |key |relevant |main )?"
              r"(?:files?|interfaces?|paths?)"
              r"(?:[ /&,+].*)?|파일|文件|檔案|ファイル|涉及文件"),
    ("acceptance", r"acceptance(?: .*)?|accept|done when|definition of done|dod|success criteria|criteria"
                   r"|expected(?: result| outcome)?|완료 (?:기준|조건)|验收(?:标准)?|驗收(?:標準)?|受け入れ条件"),
    ("steps", r"(?:sub-?)?(?:steps|tasks)|changes?|actions|implementation(?: steps)?|implement|work|checklist"
              r"|to ?do|what to do|단계|步骤|手順"),
    ("milestone", r"(?:target )?(?:milestones?|phase|sprint)|target|마일스톤|里程碑|マイルストーン"),
    ("status", r"status|state|done|progress|상태|状态|狀態|ステータス"),
    ("role", r"owners?|assignees?|role|assigned to|담당자?|负责人|負責人|担当者?"),
    ("verify", r"verif(?:y|ication)|validation|validate|checks?|tests?"),
    ("title", r"summary|title|description|goal|objective|name|what|action|task|work item|deliverable|change"
              r"|요약|제목|내용|설명|작업|목표|标题|標題|摘要|描述|任务|任務|内容|概要|タスク|タイトル|説明"),
)  # fmt: skip
_KINDS: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS)
_STATUS_DONE: Final = re.compile(
    r"\W*(?:done|completed?|finished|closed|merged|shipped|yes|x)\b|\W*[✅☑✔]|완료|已?完成|完了", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a task says: its words, one entry for each item, and the texts they come from; `line` is 0-based."""

    words: tuple[str, ...]
    texts: tuple[Text, ...]
    line: int

    @property
    def joined(self) -> str | None:
        return "; ".join(self.words) or None


@dataclass(slots=True)
class Terms:
    """What is said of a task, each kind of thing as it was said first."""

    by_kind: dict[Kind, Term] = field(default_factory=dict)
    are_boxes_ticked: bool = False

    def words(self, kind: Kind) -> tuple[str, ...]:
        found = self.by_kind.get(kind)
        return found.words if found else ()

    def joined(self, kind: Kind) -> str | None:
        found = self.by_kind.get(kind)
        return found.joined if found else None

    def add(self, other: Terms) -> None:
        """Take what another place says of the same task, where this one is silent."""
        for kind, term in other.by_kind.items():
            mine = self.by_kind.get(kind)
            if mine is None or not mine.words:
                self.by_kind[kind] = term
        self.are_boxes_ticked = self.are_boxes_ticked or other.are_boxes_ticked

    @property
    def says_done(self) -> bool:
        said = self.joined("status")
        return self.are_boxes_ticked or (said is not None and _STATUS_DONE.match(said) is not None)


def kind_of(name: str) -> Kind | None:
    """What a key, heading or column of this (normal) name is about."""
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), None)


def terms_in(document: Document, span: Span) -> Terms:
    """What the fields and the sections in these lines say."""
    found = Terms()
    for one in document.fields_in(span):
        _take_field(found, one)
    for section in sections_in(document, span):
        own = Span(section.own.start, min(section.own.end, span.end))
        words = [text for text in document.texts_in(own) if text.content.strip()]
        _take(found, kind_of(section.name), Term(_filled(words), tuple(words), section.line))
    items = list(_items(document, span))
    boxes = [item.checked for item in items if item.checked is not None]
    found.are_boxes_ticked = bool(boxes) and all(boxes)
    # "- T1.1: look" has the form of a field and is a step.
    fields = [one for one in document.fields_in(span) if one.depth == 0 or kind_of(one.name) is not None]
    keyed = {one.line for one in fields} | {item.span.start for one in fields for item in one.items}
    free = [item.text for item in items if item.text is not None and item.span.start not in keyed]
    if free:
        _take(found, "steps", Term(_filled(free), tuple(free), free[0].line))
    return found


def sections_in(document: Document, span: Span) -> tuple[Section, ...]:
    """The sections whose headings stand in these lines."""
    low = bisect_left(document.sections, span.start, key=_heading_line)
    return document.sections[low : bisect_left(document.sections, span.end, key=_heading_line)]


def _heading_line(section: Section) -> int:
    return section.heading.start


def _take(found: Terms, kind: Kind | None, term: Term) -> None:
    if kind is not None and kind not in found.by_kind:
        found.by_kind[kind] = term


def _take_field(found: Terms, one: Field) -> None:
    kind = kind_of(one.name)
    if kind == "title" and (name := read_name(one.value.content)) is not None and not name.title:
        kind = "id"  # **Task:** T1
    _take(found, kind, _field_term(one))


def _field_term(one: Field) -> Term:
    below = [item.text for item in one.items if item.text is not None]
    nested = [text for item in one.items for text in texts(item.children)]
    return Term(_filled([one.value, *below]), (one.value, *below, *nested), one.line)


def _filled(found: Iterable[Text]) -> tuple[str, ...]:
    return tuple(words for text in found if (words := filled(text.content)) is not None)


def _items(document: Document, span: Span) -> Iterator[Item]:
    for node in document.nodes_in(span):
        if isinstance(node, ListNode):
            yield from node.items


def item_terms(document: Document, item: Item) -> Terms:
    """What stands in and below a list item: fields, and items that are its steps."""
    found = Terms()
    for one in document.fields_in(item.span):
        _take_field(found, one)
    keys = {one.line for one in document.fields_in(item.span) if kind_of(one.name) is not None}
    steps = [
        below.text
        for child in item.children
        if isinstance(child, ListNode)
        for below in child.items
        if below.text is not None and below.span.start not in keys
    ]
    if steps:
        _take(found, "steps", Term(_filled(steps), tuple(steps), steps[0].line))
    return found


def column_kinds(table: Table) -> list[Kind | None]:
    """What each column of a table is about."""
    return [kind_of(normal_name(plain(cell.content))) for cell in table.header.cells]


def row_terms(row: Row, kinds: list[Kind | None], id_column: int, title_column: int | None) -> Terms:
    """What the cells of a row say, the first column of each kind."""
    found = Terms()
    for index, (cell, kind) in enumerate(zip(row.cells, kinds, strict=True)):
        if index in (id_column, title_column) or kind in ("id", "title") or not cell.content.strip():
            continue
        _take(found, kind, Term(_filled([cell]) or (plain(cell.content),), (cell,), row.span.start))
    return found
