"""Where a memory-bank plan lists its tasks (*Work Breakdown (Tasks)* and its other spellings), and where never."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.plans.document import Document, Section
from bot.plans.memory_bank_ids import Rank, name_in
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
_PART_OF_A_TASK: Final = re.compile(
    r"summary|acceptance(?: criteria| tests?)?|files?(?:[ /].*)?|notes?|dependenc(?:y|ies)|description|implementation"
    r"|steps|tests?|verification|details|changes"
)


class Trust(Enum):
    """How much a place says that what it lists are tasks."""

    BREAKDOWN = "breakdown"
    DETAILS = "details"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True)
class Region:
    span: Span
    section: Section
    trust: Trust


def regions(document: Document, title: Section | None) -> list[Region]:
    """The places with tasks in document order, none inside another."""
    found: list[Region] = []
    until = 0
    for section in document.sections:
        if section is title or section.heading.start < until:
            continue
        trust = _trust(section)
        if trust is None:
            continue
        span = Span(section.heading.end, _end(document, section))
        found.append(Region(span, section, trust))
        if trust is not Trust.LOOSE:
            until = span.end
    return found


def _trust(section: Section) -> Trust | None:
    name = name_in(section.title)
    if name is not None and name.rank is not Rank.NUMBER:
        return None
    if _DETAILS.search(section.name):
        return Trust.DETAILS
    if _BREAKDOWN.search(section.name) and not is_aside(section, but_names=("summary", "overview")):
        return Trust.BREAKDOWN
    return Trust.LOOSE if _LOOSE.search(section.name) else None


def is_aside(section: Section, but_names: Sequence[str] = ()) -> bool:
    """Say whether a section is about something else than the tasks: risks, references, the tests, and so on."""
    found = _ASIDE.search(section.name)
    return found is not None and found.group() not in but_names and not _BREAKDOWN.fullmatch(section.name)


def _end(document: Document, section: Section) -> int:
    """The end of a section; parts of tasks ("## Files") whose headings are of too high a level do not end it."""
    end = section.body.end
    for other in document.sections:
        if other.heading.start < end:
            continue
        if other.heading.start > end or other.level > section.level + 1 or not is_part(document, other):
            break
        if not _has_tasks(document, section, end):
            break
        end = other.body.end
    return end


def is_part(document: Document, section: Section) -> bool:
    """Say whether a section is a part of a task, like its files: named so, and there again for other tasks."""
    if _PART_OF_A_TASK.fullmatch(section.name) is None:
        return False
    return sum(other.name == section.name and other.level == section.level for other in document.sections) > 1


def _has_tasks(document: Document, section: Section, end: int) -> bool:
    """Whether the last heading before `end` that is no part of a task is a task itself."""
    inside = [each for each in document.sections if section.heading.end <= each.heading.start < end]
    named = [each for each in inside if not is_part(document, each)]
    return bool(named) and is_task_heading(named[-1])


def is_task_heading(section: Section) -> bool:
    name = name_in(section.title)
    odd = re.match(r"[A-Za-z][\w.]*-[\w.-]+\s*:", section.title)
    return odd is not None or (name is not None and name.rank in (Rank.TASK, Rank.STEP))
