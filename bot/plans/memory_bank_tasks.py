"""The tasks of a memory-bank plan: which form in it is the list of tasks, and what else is said of each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.plans.document import Document, Section
from bot.plans.memory_bank_candidates import Candidate
from bot.plans.memory_bank_collecting import Collected, collect
from bot.plans.memory_bank_explicit import with_explicit_ids
from bot.plans.memory_bank_ids import Rank, is_task_stem, number_key, stem
from bot.plans.memory_bank_outline import Outline
from bot.plans.memory_bank_regions import Region, Trust, regions
from bot.plans.memory_bank_terms import Kind, Term, sections_in, terms_in
from bot.plans.model import BLOCKS_LIMIT, Finding
from bot.plans.nodes import Span

_NAMED_RANKS: Final = (Rank.TASK, Rank.STEP, Rank.PHASE)

_TERMS: Final[frozenset[Kind]] = frozenset({"depends", "touched", "files", "acceptance", "milestone", "status"})


@dataclass(slots=True)
class Tasks:
    """The tasks in document order, an id that is used twice twice; `where` is the line of the section they stand in.

    `are_listed` is false for steps that stand outside any list of tasks, `have_ids` for tasks that are only counted.
    """

    found: list[Candidate] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    section: Section | None = None
    are_listed: bool = True
    have_ids: bool = True

    @property
    def spans(self) -> list[Span]:
        """The lines that are about tasks alone: their section, and each task that has a heading."""
        own = [each.span for each in self.found[:BLOCKS_LIMIT] if each.form == "heading"]
        return [*own, self.section.body] if self.section is not None and self.are_listed else own


def read_tasks(document: Document, title: Section | None) -> Tasks:
    """Every task with its terms; no tasks at all where nothing says that something is one."""
    outline = Outline(document)
    places = regions(outline, title)
    listed = [region for region in places if region.trust is Trust.BREAKDOWN]
    details = [region for region in places if region.trust is Trust.DETAILS]
    if not listed:
        listed, details = details, []
    collected = [_collected(document, outline, region) for region in listed]
    tasks = (
        _ranked(document, outline, collected, (Rank.TASK, Rank.STEP))
        or _dotted(document, outline, collected)
        or _ranked(document, outline, collected, (Rank.PHASE,))
        or _anywhere(document, outline, title, (Rank.TASK,))
        or _counted(document, outline, collected)
        or _anywhere(document, outline, title, _NAMED_RANKS)
    )
    if tasks is None:
        loose = [_collected(document, outline, region) for region in places if region.trust is Trust.LOOSE]
        tasks = _counted(document, outline, loose) or Tasks()
        tasks.are_listed = False
    _take_details(document, outline, details, tasks)
    for task in tasks.found:
        task.milestone = task.milestone or outline.phase_at(task.line, task.name.id)
    return tasks


def _collected(document: Document, outline: Outline, region: Region) -> Collected:
    found = collect(document, outline, region)
    found.named = with_explicit_ids(document, region, found.named)
    return found


def _ranked(
    document: Document, outline: Outline, collected: Sequence[Collected], ranks: Sequence[Rank]
) -> Tasks | None:
    for rank in ranks:
        pool = [each for one in collected for each in _of_rank(document, outline, one, rank)]
        if pool:
            findings = [finding for one in collected for finding in one.findings]
            region = next(one.region for one in collected if pool[0].line in one.region.span)
            return Tasks(_merged(_of_one_kind(pool)), findings, None if region.is_whole else region.section)
    return None


def _anywhere(document: Document, outline: Outline, title: Section | None, ranks: Sequence[Rank]) -> Tasks | None:
    """A plan without a section for its tasks: whatever has a task's name outside sections about other things."""
    if not document.sections:
        return None
    whole = Region(document.all, title or document.sections[0], Trust.BREAKDOWN, is_whole=True)
    collected = _collected(document, outline, whole)
    # Milestones alone (M1, M2) are no tasks; phases with headings of their own are.
    collected.named = [
        each
        for each in collected.named
        if each.name.rank is not Rank.PHASE or (each.form == "heading" and " " in each.name.id)
    ]
    found = _ranked(document, outline, [collected], ranks)
    if found is None or (len(found.found) < 2 and found.found[0].form != "heading"):
        return None
    return found


def _of_rank(document: Document, outline: Outline, collected: Collected, rank: Rank) -> list[Candidate]:
    """The candidates of one rank, without those that only describe a task whose heading stands above them."""
    named = [each for each in collected.named if each.name.rank is rank and each.name.id]
    headings = [each for each in named if each.form == "heading"]
    if any(is_task_stem(stem(each.name.id)) for each in named):
        # "### F1: Feature" above "T1: task" is a container.
        headings = [each for each in headings if is_task_stem(stem(each.name.id))]
    headings = _without_nested(document, headings)
    end = collected.region.span.end
    _extend(document, outline, end, headings, [each.line for each in headings])
    others = [each for each in named if each.form != "heading" and not _is_inside(each.line, headings)]
    flowing = [each for each in others if each.form in ("paragraph", "fields")]
    _extend(document, outline, end, flowing, sorted(each.line for each in (*collected.named, *headings)))
    found = sorted([*headings, *others], key=lambda each: each.line)
    if rank is not Rank.PHASE:
        _place_in_phases(found, collected, outline)
    return found


def _is_inside(line: int, headings: Sequence[Candidate]) -> bool:
    index = bisect_right(headings, line, key=lambda each: each.line) - 1
    return index >= 0 and line in headings[index].span


def _without_nested(document: Document, headings: Sequence[Candidate]) -> list[Candidate]:
    """Tasks of which none is another's part: below a task with terms `T1.1` is a step, else `T1` is a container."""
    left_out: set[int] = set()
    for index, outer in enumerate(headings):
        if outer.line in left_out:
            continue
        inner = []
        for each in headings[index + 1 :]:
            if each.level <= outer.level or not each.name.id.startswith((outer.name.id + ".", outer.name.id + "-")):
                break
            inner.append(each)
        if not inner:
            continue
        own = terms_in(document, Span(outer.span.end, inner[0].line))
        if _TERMS & own.by_kind.keys():
            left_out |= {each.line for each in inner}
            words = tuple(f"{each.name.id}: {each.name.title}" for each in inner)
            outer.terms.by_kind.setdefault("steps", Term(words, (), inner[0].line))
        else:
            left_out.add(outer.line)
    return [each for each in headings if each.line not in left_out]


def _place_in_phases(found: Sequence[Candidate], collected: Collected, outline: Outline) -> None:
    """Tasks below an item or a bold line that names a milestone belong to it."""
    phases = [each for each in collected.named if each.name.rank is Rank.PHASE and each.form in ("list", "paragraph")]
    for task in found:
        index = bisect_right(phases, task.line, key=lambda each: each.line) - 1
        phase = phases[index] if index >= 0 else None
        if phase is None or phase.line == task.line:
            continue
        section = outline.at(task.line)
        is_below = phase.form == "paragraph" and section is not None and section.heading.start <= phase.line
        if is_below or (phase.form == "list" and task.line in phase.span):
            task.milestone = phase.name.id


def _extend(document: Document, outline: Outline, last: int, tasks: Sequence[Candidate], starts: Sequence[int]) -> None:
    """Let a task reach to where the next one begins, or a heading that is no part of it; read its terms there."""
    for task in tasks:
        index = bisect_right(starts, task.line)
        end = starts[index] if index < len(starts) else last
        for section in sections_in(document, Span(task.span.end, end)):
            level = task.level or 7
            if section.level <= level and not (task.form == "heading" and outline.is_part(section)):
                end = section.heading.start
                break
        behind = task.span.end if task.form == "heading" else task.line
        task.span = Span(task.line, max(end, task.span.end))
        task.terms.add(terms_in(document, Span(behind, task.span.end)))


def _of_one_kind(pool: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of the first form, and those of other forms whose ids are of the same kind."""
    first = pool[0].form
    stems = {stem(each.name.id) for each in pool if each.form == first}
    tasks = any(is_task_stem(each) for each in stems)
    return [
        each
        for each in pool
        if each.form == first or stem(each.name.id) in stems or (tasks and is_task_stem(stem(each.name.id)))
    ]


def _merged(pool: Sequence[Candidate]) -> list[Candidate]:
    """Each task once: what is said of it elsewhere is added to it, but an id that is defined twice stays twice."""
    found: list[Candidate] = []
    by_fold: dict[str, Candidate] = {}
    by_number: dict[str, Candidate] = {}
    for each in pool:
        key = number_key(each.name.id)
        earlier = by_fold.get(each.name.id.casefold())
        alike = by_number.get(key) if key else None
        if earlier is None and alike is not None and alike.form != each.form:
            earlier = alike
        if earlier is not None and not _is_second(earlier, each):
            _add(earlier, each)
            continue
        found.append(each)
        by_fold.setdefault(each.name.id.casefold(), each)
        if key:
            by_number.setdefault(key, each)
    return found


def _is_second(earlier: Candidate, later: Candidate) -> bool:
    """Whether two places define an id twice: in one list or table, or in the same form with other words."""
    if earlier.form != later.form:
        return False
    if earlier.container == later.container:
        return True
    titles = {earlier.name.title.casefold(), later.name.title.casefold()} - {""}
    return len(titles) > 1


def _add(task: Candidate, other: Candidate) -> None:
    task.terms.add(other.terms)
    name = task.name
    task.name = replace(
        name,
        title=name.title or other.name.title,
        milestone=name.milestone or other.name.milestone,
        depends=name.depends or other.name.depends,
        is_done=name.is_done or other.name.is_done,
    )


def _take_details(document: Document, outline: Outline, places: Sequence[Region], tasks: Tasks) -> None:
    by_fold = {each.name.id.casefold(): each for each in reversed(tasks.found)}
    for region in places:
        collected = _collected(document, outline, region)
        for rank in Rank:
            for each in _of_rank(document, outline, collected, rank):
                known = by_fold.get(each.name.id.casefold())
                if known is not None and known is not each:
                    _add(known, each)


def _dotted(document: Document, outline: Outline, collected: Sequence[Collected]) -> Tasks | None:
    """Tasks whose ids are numbers of two parts: `1.1 Add the page` below "Phase 1" or "1. Setup"."""
    pool = [each for one in collected for each in one.numbered if "." in each.name.id and each.level != 1]
    first = pool[0].form if pool else None
    pool = [each for each in pool if each.form == first]
    if len(pool) < 2 or len({each.name.id for each in pool}) < len(pool):
        return None
    one = next(one for one in collected if pool[0] in one.numbered)
    headings = [each for each in pool if each.form == "heading"]
    _extend(document, outline, one.region.span.end, headings, [each.line for each in headings])
    return Tasks(pool, list(one.findings), one.region.section)


def _counted(document: Document, outline: Outline, collected: Sequence[Collected]) -> Tasks | None:
    """Tasks that have only their place in a row: numbered headings, else list items, else bullets."""
    choices: tuple[Callable[[Collected], list[Candidate]], ...] = (_numbered_headings, _numbered_items, _bullets)
    for choose in choices:
        for one in collected:
            found = choose(one)
            if found:
                headings = [each for each in found if each.form == "heading"]
                _extend(document, outline, one.region.span.end, headings, [each.line for each in headings])
                return Tasks(found, list(one.findings), one.region.section, have_ids=False)
    return None


def _numbered_headings(collected: Collected) -> list[Candidate]:
    headings = [each for each in collected.numbered if each.form == "heading"]
    for level in sorted({each.level for each in headings}):
        row = [each for each in headings if each.level == level]
        last = [int(each.name.id.split(".")[-1].rstrip("abcdefghijklmnopqrstuvwxyz") or 0) for each in row]
        if len(row) > 1 and last[:2] in ([0, 1], [1, 2]) and len({each.name.id for each in row}) == len(row):
            return row
    return []


def _numbered_items(collected: Collected) -> list[Candidate]:
    items = [each for each in collected.numbered if each.form == "list" and each.level == 0]
    if len({each.name.id for each in items}) != len(items):
        for position, each in enumerate(items, start=1):
            each.name = replace(each.name, id=str(position))
    return items


def _bullets(collected: Collected) -> list[Candidate]:
    """Plain bullets count only where nothing but a list stands in a section for tasks."""
    if collected.region.trust is not Trust.BREAKDOWN:
        return []
    containers = {each.container for each in collected.bullets}
    return list(collected.bullets) if len(containers) == 1 and not _has_headings(collected) else []


def _has_headings(collected: Collected) -> bool:
    return any(each.form == "heading" for each in (*collected.named, *collected.numbered))
