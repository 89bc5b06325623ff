"""The spec-plan dialect: `specs/<feature>/PLAN.md`, a list of tasks that implement the spec beside it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.plans import findings as say
from bot.plans.block_checks import settle_blocks
from bot.plans.branch_names import branch_problem
from bot.plans.commands import commands_in, validation_sections
from bot.plans.document import Document, Section, read_document
from bot.plans.exec_plan_blocks import first_code_or_words
from bot.plans.fields import Field, fields_of
from bot.plans.inline import plain
from bot.plans.model import BLOCKS_LIMIT, Block, Dialect, Finding, Mode, Pattern, Plan, Reading, Scope
from bot.plans.nodes import Quote
from bot.plans.spec_plan_blocks import TaskReading, read_task
from bot.plans.spec_plan_dependencies import with_stated_dependencies
from bot.plans.spec_plan_parallel import marked_in_lists, overlaps
from bot.plans.spec_plan_spec import read_spec_path
from bot.plans.spec_plan_tasks import TaskPlace, is_within_task, milestone_in, read_places
from bot.plans.spec_plan_terms import Source, is_template_text

WEIGHTS: Final = ("light", "full")

_GOALS: Final = ("objective", "objectives", "goal", "goals", "purpose", "목표", "목적", "目标", "目的")
_PARTS: Final = frozenset({*_GOALS, "tasks", "context", "success criteria", "task list"})
_CRITERIA: Final = ("success criteria", "acceptance criteria", "definition of done", "done when", "완료 기준")
_STOPS: Final = ("stop conditions", "stop condition", "escalation conditions")
_STATUS: Final = ("status", "plan status", "상태", "状态")
_BRANCH: Final = ("execution branch", "working branch", "branch", "feature branch")


def read_spec_plan(path: str, text: str) -> Reading:
    """Read a plan of tasks; whatever is wrong with it comes back as findings."""
    document = read_document(text)
    header = _Header(document)
    findings = header.findings
    places = read_places(document)
    if len(places) > BLOCKS_LIMIT:
        findings.append(say.TOO_MANY_BLOCKS.at(places[BLOCKS_LIMIT].line, count=len(places)))
        places = places[:BLOCKS_LIMIT]
    source = Source.of(document)
    tasks = [read_task(source, place) for place in places]
    drafts = with_stated_dependencies(document, [task.draft for task in tasks], places)
    blocks, block_findings = settle_blocks(drafts)
    in_parallel, parallel_findings = marked_in_lists(document, places)
    blocks = tuple(replace(one, independent=one.independent or one.id in in_parallel) for one in blocks)
    plan = Plan(
        dialect=Dialect.SPEC_PLAN,
        path=path,
        title=header.title,
        status=header.words(*_STATUS),
        objective=_objective(document, header),
        mode=header.mode(),
        branch=header.branch(*_BRANCH),
        base_branch=header.branch("base branch", "base"),
        blocks=blocks,
        scope=_scope(tasks, findings),
        validation_commands=_commands(document, header.title_section, places),
        stop_conditions=_listed(document, _STOPS, places),
        weight=header.weight(),
        milestones=_milestones(document, blocks),
        success_criteria=_listed(document, _CRITERIA, places),
        spec_path=read_spec_path(path, document, header.fields, findings),
    )
    findings += [*block_findings, *parallel_findings, *(one for task in tasks for one in task.findings)]
    findings += overlaps(blocks, {block.id: block.line - 1 for block in blocks})
    findings += _what_is_missing(document, plan, tasks)
    return Reading(plan, say.in_order(findings))


class _Header:
    """What stands before the first section: fields, those of a quote at the top included, and front matter."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        first = document.sections[0] if document.sections else None
        self.title_section = first if first and first.level == 1 and first.name not in _PARTS else None
        spans = [document.preamble, *([self.title_section.own] if self.title_section else [])]
        quoted = [node for span in spans for node in document.nodes_in(span) if isinstance(node, Quote)]
        fields = [field for span in spans for field in document.fields_in(span)]
        fields += [field for quote in quoted for field in fields_of(quote.children)]
        for section in document.sections_named("metadata", "meta", "execution", "status"):
            fields += document.fields_in(section.own)
        self.fields: Sequence[Field] = fields
        front = document.front_matter
        if front is not None and front.error is not None:
            self.findings.append(say.FRONT_MATTER.at(front.error_line, reason=front.error))

    @property
    def title(self) -> str | None:
        written = self.document.front_matter.text("title") if self.document.front_matter else None
        return written or (plain(self.title_section.title) or None if self.title_section else None)

    def field(self, *names: str) -> Field | None:
        return next((field for field in self.fields if field.name in names), None)

    def words(self, *names: str) -> str | None:
        found = [field.value.content for field in self.fields if field.name in names]
        if self.document.front_matter is not None:
            found.append(self.document.front_matter.text(*names) or "")
        return next((plain(words) for words in found if plain(words) and not is_template_text(words)), None)

    def weight(self) -> str | None:
        """Light or full if exactly one is named."""
        words = self.words("weight")
        if words is None:
            return None
        named = [weight for weight in WEIGHTS if re.search(rf"\b{weight}\b", words.casefold())]
        if len(named) == 1:
            return named[0]
        field = self.field("weight")
        self.findings.append(say.WEIGHT_NOT_READ.at(field.line if field else 0, value=words))
        return None

    def mode(self) -> Mode | None:
        words = self.words("execution mode", "mode")
        named = [mode for mode in Mode if re.search(rf"\b{mode.value}\b", (words or "").casefold())]
        return named[0] if len(named) == 1 else None

    def branch(self, *names: str) -> str | None:
        field = self.field(*names)
        name = first_code_or_words(field) if field else None
        if field is None or name is None or is_template_text(name):
            return None
        problem = branch_problem(name)
        if problem is not None:
            self.findings.append(say.BRANCH_INVALID.at(field.line, branch=name, reason=problem))
            return None
        return name


def _objective(document: Document, header: _Header) -> str | None:
    for section in document.sections_named(*_GOALS):
        for text in document.texts_in(section.body):
            if plain(text.content) and not is_template_text(text.content):
                return plain(text.content)
    return header.words(*_GOALS)


def _scope(tasks: Sequence[TaskReading], findings: list[Finding]) -> Scope:
    """The union of the files of all tasks; a pattern that several name stands where it is first named."""
    include: dict[str, Pattern] = {}
    for task in tasks:
        for pattern in task.patterns:
            include.setdefault(pattern.text, pattern)
    patterns = tuple(include.values())
    if len(patterns) > say.PATTERNS_LIMIT:
        findings.append(say.TOO_MANY_PATTERNS.at(patterns[say.PATTERNS_LIMIT].line - 1))
        patterns = patterns[: say.PATTERNS_LIMIT]
    prose = [prose for task in tasks for prose in task.prose][: say.PATTERNS_LIMIT]
    return Scope(patterns, (), tuple(prose))


def _commands(document: Document, title: Section | None, places: Sequence[TaskPlace]) -> tuple[str, ...]:
    """The commands of sections about validation; a task or a phase of tasks is none, whatever its name."""
    lines = [place.line for place in places]
    aside = {section.line for section in document.sections if _holds(section, lines)}
    aside |= {section.line for section in document.sections if is_within_task(places, section.line)}
    if title is not None:
        aside.add(title.line)
    found = [command for one in validation_sections(document, aside) for command in commands_in(document, one.body)]
    return tuple(dict.fromkeys(found))


def _holds(section: Section, lines: Sequence[int]) -> bool:
    index = bisect_left(lines, section.body.start)
    return index < len(lines) and lines[index] < section.body.end


def _listed(document: Document, names: Sequence[str], places: Sequence[TaskPlace]) -> tuple[str, ...]:
    """The entries of the sections with such a name that belong to the plan and not to a task."""
    sections = [one for one in document.sections_named(*names) if not is_within_task(places, one.line)]
    words = [text.content for section in sections for text in document.texts_in(section.own)]
    return tuple(plain(one) for one in words if plain(one) and not is_template_text(one))


def _milestones(document: Document, blocks: Sequence[Block]) -> tuple[str, ...]:
    named = {block.milestone for block in blocks}
    found = [section.title for section in document.sections if milestone_in(section.title) in named - {None}]
    return tuple(dict.fromkeys(found))


def _what_is_missing(document: Document, plan: Plan, tasks: Sequence[TaskReading]) -> list[Finding]:
    findings = []
    if plan.title is None:
        findings.append(say.TITLE_MISSING.at(0))
    elif re.search(r"\{[^{}]+\}|\[[^\[\]]*\bname\b[^\[\]]*\]", plan.title, re.IGNORECASE):
        line = document.sections[0].line if document.sections else 0
        findings.append(say.NOT_FILLED_IN.at(line, field="The title", value=plan.title))
    if plan.objective is None:
        findings.append(say.OBJECTIVE_NOT_STATED.at(None))
    if not tasks:
        findings.append(say.NO_TASKS.at(None))
    elif all(_is_untouched(block) for block in plan.blocks):
        findings.append(say.SPEC_PLAN_TEMPLATE.at(0))
    return findings


def _is_untouched(block: Block) -> bool:
    return (not block.title or is_template_text(block.title)) and not block.files and block.verify is None
