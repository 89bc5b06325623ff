"""The memory-bank dialect: a plan with a goal and tasks in whatever form its team writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.block_checks import settle_blocks
from bot.plans.block_reading import Draft, words_of
from bot.plans.branch_names import branch_problem
from bot.plans.commands import commands_in, validation_sections
from bot.plans.document import Document, Section, read_document
from bot.plans.exec_plan_blocks import first_code_or_words
from bot.plans.inline import plain
from bot.plans.memory_bank_candidates import Candidate
from bot.plans.memory_bank_dependencies import Waiting
from bot.plans.memory_bank_files import files_of, scope_of, windows_paths
from bot.plans.memory_bank_ids import milestone_in, milestone_of_id, spoken
from bot.plans.memory_bank_sections import (
    gates,
    goal_in,
    goal_sections,
    header_fields,
    is_goal,
    milestones,
    readiness,
    success_criteria,
)
from bot.plans.memory_bank_tasks import Tasks, read_tasks
from bot.plans.model import BLOCKS_LIMIT, Block, Dialect, Finding, Mode, Plan, Reading
from bot.plans.nodes import Paragraph, Span
from bot.plans.placeholders import filled, has_placeholder, is_placeholder

GOAL_SECTION: Final = "Goal"
TASKS_SECTION: Final = "Work Breakdown (Tasks)"
_STATUS: Final = ("status", "plan status", "current status", "상태", "状态", "狀態", "ステータス")
_BRANCH: Final = (
    "execution branch",
    "working branch",
    "feature branch",
    "git branch",
    "branch",
    "브랜치",
    "分支",
    "ブランチ",
)
_BASE: Final = ("base branch", "base", "target branch")
_GOAL_FIELDS: Final = ("goal", "objective", "목표", "목적", "目标", "目的", "目標")
_STATUS_LINE: Final = re.compile(r"\W*(?:plan )?status\s*[:\uff1a]\s*(?P<status>\S.*)", re.IGNORECASE | re.DOTALL)
_CHECKLIST: Final = re.compile(r"(?:execution|verification|pre-?merge|quality|final) checklist\b.*|test-first .*")
_LOOKED_AT: Final = re.compile(r"\b(?:current|snapshot|baseline|existing|proof)\b")
_FINISHED: Final = re.compile(
    r"\W*(?:completed?|done|finished|closed|merged|shipped)\b|완료|已?完成|完了", re.IGNORECASE
)


def read_memory_bank(path: str, text: str) -> Reading:
    """Read a plan of `memory-bank/plan/`; whatever is wrong with it comes back as findings."""
    document = read_document(text)
    findings: list[Finding] = []
    title = _title_section(document)
    tasks = read_tasks(document, title)
    drafts = _drafts(tasks)
    waiting = Waiting(drafts[:BLOCKS_LIMIT])
    # Ids are checked here: "Phase 0" can be named in a command, as one word.
    blocks, block_findings = settle_blocks(drafts, are_named_in_commands=False, resolve=waiting.of)
    stated = [term for each in tasks.found if (term := each.terms.by_kind.get("touched")) is not None]
    scope, scope_findings = scope_of(stated)
    objective = _objective(document, title, tasks.spans)
    ids = {block.id for block in blocks}
    missing = [] if objective else [GOAL_SECTION]
    if not blocks or not tasks.are_listed:
        missing.append(TASKS_SECTION)
    plan = Plan(
        dialect=Dialect.MEMORY_BANK,
        path=path,
        title=_title(document, title),
        status=_status(document, title),
        objective=objective,
        mode=_mode(document, title),
        branch=_branch(document, title, _BRANCH, findings),
        base_branch=_branch(document, title, _BASE, findings),
        blocks=blocks,
        scope=scope,
        validation_commands=_commands(document, title, tasks),
        sections_present=tuple(name for name in (GOAL_SECTION, TASKS_SECTION) if name not in missing),
        sections_missing=tuple(missing),
        milestones=tuple(each for each in milestones(document) if each.partition(":")[0] not in ids),
        readiness=readiness(document),
        gates=gates(document),
        success_criteria=success_criteria(document),
    )
    findings += [*tasks.findings, *block_findings, *scope_findings]
    findings += _what_is_missing(document, plan, tasks)
    findings += _about_tasks(tasks, blocks)
    return Reading(plan, say.in_order(findings))


def _title_section(document: Document) -> Section | None:
    """The level-1 heading that opens the file, unless it is the heading of a part of the plan."""
    first = document.sections[0] if document.sections else None
    return first if first is not None and first.level == 1 and not is_goal(first) else None


def _title(document: Document, section: Section | None) -> str | None:
    written = document.front_matter.text("title", "name") if document.front_matter else None
    title = written or (section.title if section else None)
    return None if not title or is_placeholder(title) else plain(title)


def _status(document: Document, title: Section | None) -> str | None:
    """The status: a field or a line at the top, front matter, or a section of that name."""
    words = [words_of(one) for one in header_fields(document, title, *_STATUS)]
    for span in (document.preamble, title.own if title else Span(0, 0)):
        for node in document.nodes_in(span):
            if isinstance(node, Paragraph) and "\n" not in node.text.content:
                found = _STATUS_LINE.match(plain(node.text.content))
                words.append(filled(found["status"]) if found else None)
    if document.front_matter is not None:
        words.append(document.front_matter.text("status", "plan_status"))
    for section in document.sections_named("status", "plan status", "current status", "상태", "状态"):
        first = next((node for node in document.nodes_in(section.own) if isinstance(node, Paragraph)), None)
        words.append(filled(first.text.content) if first and len(first.text.content) < 80 else None)
    return next((status for status in words if status), None)


def _objective(document: Document, title: Section | None, tasks: Sequence[Span]) -> str | None:
    """What the section named Goal says, else a field at the top, else front matter."""
    for section in goal_sections(document, tasks):
        if words := goal_in(document, section):
            return words
    for one in header_fields(document, title, *_GOAL_FIELDS):
        if words := words_of(one):
            return words
    written = document.front_matter.text("goal", "objective") if document.front_matter else None
    return filled(written) if written else None


def _mode(document: Document, title: Section | None) -> Mode | None:
    """The mode, only where the plan states exactly one."""
    written = [plain(one.value.content) for one in header_fields(document, title, "execution mode", "mode")]
    if document.front_matter is not None:
        written += [document.front_matter.text("execution_mode", "mode") or ""]
    for words in written:
        named = {mode for mode in Mode if re.search(rf"\b{mode.value}\b", words.casefold())}
        if len(named) == 1:
            return named.pop()
    return None


def _branch(document: Document, title: Section | None, names: tuple[str, ...], findings: list[Finding]) -> str | None:
    """A branch that front matter or a field at the top names; mentions in prose name none."""
    written: list[tuple[str, int]] = []
    front = document.front_matter
    if front is not None and (value := front.text(*(name.replace(" ", "_") for name in names))):
        written.append((value.strip("`"), _line_in_front_matter(document, value)))
    for one in header_fields(document, title, *names):
        if (word := first_code_or_words(one)) is not None:
            written.append((word, one.line))
    for word, line in written:
        name = re.sub(r"\s*\([^()]*\)\s*$", "", word).strip()
        if not name or has_placeholder(name) or block_ids.says_none(name):
            continue
        problem = branch_problem(name)
        if problem is None:
            return name
        findings.append(say.BRANCH_INVALID.at(line, branch=name, reason=problem))
    return None


def _line_in_front_matter(document: Document, value: str) -> int:
    span = document.front_matter.span if document.front_matter else Span(0, 0)
    return next((number for number in range(span.start, span.end) if value in document.lines[number]), span.start)


def _drafts(tasks: Tasks) -> list[Draft]:
    is_done = tasks.section is not None and _is_executed(tasks.section)
    return [_draft(each, is_done=is_done) for each in tasks.found]


def _is_executed(section: Section) -> bool:
    """ "Steps (Executed 2026-01-28)" says that all of them are done."""
    return re.search(r"[(\[]\s*(?:executed|completed?|done|finished)\b", section.title, re.IGNORECASE) is not None


def _draft(task: Candidate, *, is_done: bool) -> Draft:
    name, terms = task.name, task.terms
    stated = terms.joined("milestone")
    milestone = (milestone_in(stated) or (stated if len(stated) < 40 else None)) if stated else None
    depends = terms.by_kind.get("depends")
    block = Block(
        id=name.id,
        title=name.title or terms.joined("title") or "",
        line=task.line + 1,
        milestone=name.milestone or milestone or task.milestone or milestone_of_id(name.id),
        steps=terms.words("steps"),
        files=files_of(terms.by_kind.get("touched") or terms.by_kind.get("files")),
        role=terms.joined("role"),
        acceptance=terms.words("acceptance"),
        verify=terms.joined("verify"),
        is_done=is_done or name.is_done or terms.says_done,
    )
    if depends is not None and depends.words:
        return Draft(block, depends.joined, depends.line)
    return Draft(block, name.depends, task.line)


def _commands(document: Document, title: Section | None, tasks: Tasks) -> tuple[str, ...]:
    """The commands of the validation sections; what a single task runs is not among them."""
    own = tasks.spans
    named = {section.line: section for section in validation_sections(document)}
    named |= {section.line: section for section in document.sections if _CHECKLIST.fullmatch(section.name)}
    spans = [
        section.body
        for line, section in sorted(named.items())
        if section is not title and not _LOOKED_AT.search(section.name) and not any(line in span for span in own)
    ]
    return tuple(dict.fromkeys(command for span in spans for command in commands_in(document, span)))


def _what_is_missing(document: Document, plan: Plan, tasks: Tasks) -> list[Finding]:
    findings: list[Finding] = []
    front = document.front_matter
    if front is not None and front.error is not None:
        findings.append(say.FRONT_MATTER.at(front.error_line, reason=front.error))
    if plan.title is None:
        findings.append(say.TITLE_MISSING.at(0))
    if plan.objective is None:
        section = next(goal_sections(document, tasks.spans), None)
        findings.append(say.GOAL_MISSING.at(section.line if section else None))
    if not tasks.found:
        findings.append(say.NO_TASK_LIST.at(tasks.section.line if tasks.section else None))
    elif not tasks.are_listed:
        findings.append(say.NO_TASK_LIST.at(tasks.found[0].line))
    elif not tasks.have_ids:
        findings.append(say.TASKS_WITHOUT_IDS.at(tasks.found[0].line, count=len(tasks.found)))
    is_open = any(not block.is_done for block in plan.blocks)
    if plan.status and _FINISHED.match(plan.status) and is_open:
        findings.append(say.STATUS_BEFORE_TASKS.at(None, status=plan.status))
    return findings


def _about_tasks(tasks: Tasks, blocks: tuple[Block, ...]) -> list[Finding]:
    findings: list[Finding] = []
    for block in blocks:
        problem = block_ids.id_problem(spoken(block.id))
        if problem is not None:
            findings.append(say.BAD_ID.at(block.line - 1, id=block.id, reason=problem))
        if not block.title:
            findings.append(say.TASK_WITHOUT_TITLE.at(block.line - 1, id=block.id))
    for each in tasks.found[:BLOCKS_LIMIT]:
        findings += windows_paths(each.name.id, each.terms.by_kind.get("files"))
    return findings
