"""Where a memory-bank plan lists its tasks (*Work Breakdown (Tasks)* and its other spellings), and where never."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.plans.document import Section
from bot.plans.memory_bank_ids import Rank
from bot.plans.memory_bank_outline import Outline
from bot.plans.nodes import Span

_BREAKDOWN: Final = re.compile(
    r"\b(?:work|task|wbs)[ -]*(?:break ?downs?|plan|items?|list|packages?|sequence|schedule|overview)\b|\bbreakdown\b"
    r"|\bwbs\b|(?:\b(?:the|ordered|detailed|all|remaining|atomic|coding|development|dev|main|core|planned) )?\btasks?$"
    r"|^tasks?\b(?! ?(?:summary|acceptance|tests?|dependenc|graph|status|details?|results?|risks?|\d))"
    r"|\bimplementation (?:plan|tasks?|steps?|phases?|sequence|roadmap|order|checklist)\b"
    r"|^(?:\w+ )?(?:steps|phases)$|^execution (?:plan|steps|phases|tasks)\b|^action (?:items|plan)"
    r"|\bbeads?(?: overview| list)?$"
    r"|작업 ?(?:분해|목록|계획|항목)|^작업$|구현 ?(?:계획|단계|작업)|할 ?일"
    r"|태스크|任务|任務|工作分解|实施(?:计划|步骤)|實施|タスク|作業分解"
)
_DETAILS: Final = re.compile(
    r"^(?:task|bead)s? (?:details?|descriptions?|specifications?|summary)|^details?\b.*\btasks?$"
)
# Only numbered steps there, without ids: people are shown what was understood, and the plan is not executed.
_LOOSE: Final = re.compile(
    r"\b(?:execution|implementation) (?:timeline|order|sequence)\b|\btimeline\b|^(?:the )?(?:plan|steps|procedure)$"
)
_ASIDE: Final = re.compile(
    r"\b(?:risks?|mitigations?|references?|test (?:strategy|plan|cases|matrix)|tests?$|tickets?|final gate|readiness"
    r"|deliverables?|assumptions?|scope|rollback|alternatives?|open questions?|decisions?|success (?:criteria|metrics)"
    r"|acceptance(?: tests?| criteria)?$|(?:task )?acceptance|agents?|gates?|summary|observability|rollout|security"
    r"|background|context|appendix|glossary|files?\b.*\btouched|files? to (?:change|modify|edit|create)"
    r"|dependency graph|dependenc(?:y|ies)$|notes?|lessons|changelog|history|current (?:state|structure|behavio)"
    r"|target (?:state|structure)|non-?goals?|goals?|objectives?|definition of (?:done|ready)|metrics"
    r"|examples?|sketch)\b"
    r"|위험|테스트 ?(?:전략|계획)|参考|风险|測試|测试(?:策略|计划)|リスク"
)
# What a heading inside a list of tasks is about when it names none of them.
_ASIDE_INSIDE: Final = re.compile(
    r"(?:task )?acceptance(?: tests?| criteria)?|files?\b.*\btouched|files? to (?:change|modify|edit|create)|risks?\b.*"
    r"|test (?:strategy|plan|cases|matrix)|tests?|(?:task )?(?:dependency graph|dependencies|summary|status|overview)"
    r"|notes?|success (?:criteria|metrics)|open questions?|references?|out of scope|(?:in )?scope|tickets?\b.*"
    r"|rollback(?: plan)?|definition of done|design decisions?|decisions?|(?:task )?sequence|execution order|legend"
)
_NEVER_FIRST: Final = re.compile(
    r"(?:risks?|tests?|testing|acceptance|scope|deliverables?|references?|tickets?|readiness|dependenc|out of|rollback"
    r"|success|open|files?|summary|alternatives?|non-?goals?|previous|current|existing|completed|deferred|future|next"
    r"|post|follow-?up|optional|quality|validation|verification)\b"
)


class Trust(Enum):
    """How much a place says that what it lists are tasks."""

    BREAKDOWN = "breakdown"
    DETAILS = "details"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True)
class Region:
    """`is_whole` is set where the whole document is looked through, because it has no section for tasks."""

    span: Span
    section: Section
    trust: Trust
    is_whole: bool = False


def regions(outline: Outline, title: Section | None) -> list[Region]:
    """The places with tasks in document order, none inside another."""
    found: list[Region] = []
    until = 0
    for section in outline.sections:
        if section is title or section.heading.start < until:
            continue
        trust = None if outline.is_named(section) else _trust(section)
        if trust is None:
            continue
        span = Span(section.heading.end, _end(outline, section))
        found.append(Region(span, section, trust))
        if trust is not Trust.LOOSE:
            until = span.end
    return found


def _trust(section: Section) -> Trust | None:
    if _DETAILS.search(section.name):
        return Trust.DETAILS
    if _BREAKDOWN.search(section.name) and not _NEVER_FIRST.match(section.name):
        return Trust.BREAKDOWN
    return Trust.LOOSE if _LOOSE.search(section.name) else None


def is_aside(region: Region, section: Section) -> bool:
    """Say whether a section is about something else than the tasks: risks, references, the tests, and so on."""
    if region.is_whole:
        return _ASIDE.search(section.name) is not None
    return _ASIDE_INSIDE.fullmatch(section.name) is not None


def _end(outline: Outline, section: Section) -> int:
    """The end of a section; parts of tasks ("## Files") whose headings are of too high a level do not end it."""
    end = section.body.end
    task = _last_task(outline, section.heading.end, end)
    if task is None:
        return end
    for other in outline.sections[outline.index_from(end) :]:
        if other.heading.start < end:
            continue
        if other.heading.start > end or other.level > section.level + 1 or not outline.is_part(other):
            break
        end = other.body.end
    return end


def _last_task(outline: Outline, start: int, end: int) -> Section | None:
    """The last heading in these lines that is no part of a task, if it is a task itself."""
    inside = outline.sections[outline.index_from(start) : outline.index_from(end)]
    last = next((each for each in reversed(inside) if not outline.is_part(each)), None)
    return last if last is not None and _is_task(outline, last) else None


def _is_task(outline: Outline, section: Section) -> bool:
    name = outline.name(section)
    odd = re.match(r"[A-Za-z][\w.]*-[\w.-]+\s*:", section.title)
    return odd is not None or (name is not None and name.rank in (Rank.TASK, Rank.STEP))
