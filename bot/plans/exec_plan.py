"""The exec-plan dialect: the template of a planning session, read into a plan with every reason why it may not run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.plans import block_ids
from bot.plans import findings as say
from bot.plans.block_checks import settle_blocks
from bot.plans.block_reading import list_of, words_of
from bot.plans.branch_names import branch_problem
from bot.plans.commands import validation_commands, validation_sections
from bot.plans.document import Document, Section, read_document
from bot.plans.exec_plan_blocks import Found, first_code_or_words, paragraphs, read_blocks
from bot.plans.exec_plan_filling import left_over, sections_left_empty
from bot.plans.fields import Field
from bot.plans.foreign_tasks import read_foreign_tasks
from bot.plans.inline import plain
from bot.plans.model import Dialect, Finding, Mode, Plan, Reading
from bot.plans.nodes import Span
from bot.plans.placeholders import TEMPLATE_TITLES, filled, has_placeholder
from bot.plans.scope_contract import read_scope

REQUIRED_SECTIONS: Final = (
    "Objective Lock",
    "Recent Changes Snapshot",
    "Current Behavior Summary",
    "Proposed Next Block",
    "Validation Plan",
    "Branch Continuity",
    "File Scope Contract",
)
_GOALS: Final = (
    "objective", "objectives", "goal", "goals", "purpose", "aim", "mission", "목적", "목표", "목표와 범위",
    "목적과 범위",    "目标", "目的", "目標",
)  # fmt: skip
_ABOUT: Final = ("lifecycle", "metadata", "meta", "status", "plan status", "document status", "header", "상태")
_VERDICTS: Final = ("PASS_WITH_NOTES", "PASS", "FAIL")


def read_exec_plan(path: str, text: str) -> Reading:
    """Read an execution plan; whatever is wrong with it comes back as findings."""
    document = read_document(text)
    findings: list[Finding] = []
    title_section = _title_section(document)
    required = {name: _required(document, name) for name in REQUIRED_SECTIONS}
    found = _find_sections(document, required, findings)
    blocks = _blocks(document, title_section)
    is_ours = found.get("Proposed Next Block") is not None or document.section("Executor Handoff") is not None
    settled, block_findings = settle_blocks(blocks.drafts, are_named_in_commands=is_ours)
    scope, scope_findings = read_scope(document, found.get("File Scope Contract"))
    branch, base_branch = _branches(document, found, findings)
    handoff = document.section("Executor Handoff")
    commands = validation_commands(document, title_section.line if title_section else None)
    groups = _groups(document, handoff, [block.id for block in settled], findings)
    plan = Plan(
        dialect=Dialect.EXEC_PLAN,
        path=path,
        title=_title(document, title_section),
        status=_status(document, title_section),
        objective=_objective(document, found.get("Objective Lock"), title_section),
        mode=_mode(document, handoff, findings),
        branch=branch,
        base_branch=base_branch,
        blocks=settled,
        groups=groups,
        scope=scope,
        validation_commands=commands,
        sections_present=tuple(found),
        sections_missing=tuple(name for name in REQUIRED_SECTIONS if name not in found),
        stop_conditions=_stop_conditions(document, handoff),
        verdict=_verdict(document),
    )
    findings += [*blocks.findings, *block_findings, *scope_findings]
    findings += _what_is_missing(document, plan, found, blocks)
    findings += left_over(document)
    return Reading(plan, say.in_order(findings))


def _required(document: Document, name: str) -> tuple[Section, ...]:
    """The sections of a required name, whatever their number, level and decoration ("Objective lock — agreed")."""
    wanted = re.compile(rf"{re.escape(name.casefold())}(?=\s*(?:$|[:—–(/|]|-\s))")
    return tuple(section for section in document.sections if wanted.match(section.name))


def _find_sections(
    document: Document, required: dict[str, tuple[Section, ...]], findings: list[Finding]
) -> dict[str, Section]:
    if document.front_matter is not None and document.front_matter.error is not None:
        findings.append(say.FRONT_MATTER.at(document.front_matter.error_line, reason=document.front_matter.error))
    found: dict[str, Section] = {}
    for name, sections in required.items():
        if not sections:
            findings.append(say.SECTION_MISSING.at(None, section=name))
            continue
        found[name] = sections[0]
        for again in sections[1:]:
            findings.append(say.SECTION_TWICE.at(again.line, section=name, first=sections[0].line + 1))
    return found


def _title_section(document: Document) -> Section | None:
    """The heading that is the title: the only level-1 heading, or the first one if it names no part of a plan."""
    top = [section for section in document.sections if section.level == 1]
    if not top or document.sections[0] is not top[0]:
        return None
    first = top[0]
    is_part = first.name in _GOALS or any(_is_named(first, name) for name in REQUIRED_SECTIONS)
    return None if is_part else first


def _is_named(section: Section, name: str) -> bool:
    return section.name == name.casefold()


def _title(document: Document, title_section: Section | None) -> str | None:
    written = document.front_matter.text("title") if document.front_matter else None
    title = written or (title_section.title if title_section else None)
    return None if not title or title.casefold() in TEMPLATE_TITLES else plain(title)


def _header(document: Document, title_section: Section | None) -> Span:
    """What stands before the first section, the title aside."""
    return title_section.own if title_section else document.preamble


def _status(document: Document, title_section: Section | None) -> str | None:
    """The status: a field at the top, front matter, a field in a section about the file, or a section named Status."""
    spans = [document.preamble, _header(document, title_section)]
    fields = [field for span in spans for field in document.fields_named(span, "status", "plan status", "상태", "状态")]
    words = [words_of(field) for field in fields]
    if document.front_matter is not None:
        words.append(document.front_matter.text("status"))
    for section in document.sections_named(*_ABOUT):
        named = document.fields_named(section.body, "status", "plan status", "상태", "状态")
        words += [words_of(field) for field in named]
        if section.name in ("status", "plan status", "document status", "상태") and not named:
            words += [filled(paragraph) for paragraph in paragraphs(document, section.own)[:1] if len(paragraph) < 80]
    for section in document.sections:
        match = re.match(r"(?:plan )?status\s*[:\uff1a]\s*(\S.*)", section.name)
        if match is not None:
            words.append(filled(re.split("[:\uff1a]", section.title, maxsplit=1)[-1]))
    return next((status for status in words if status), None)


def _objective(document: Document, lock: Section | None, title_section: Section | None) -> str | None:
    """The objective that is locked; else the one at the top of the file; else what a section named Goal says."""
    if lock is not None:
        for field in document.fields_named(lock.body, "objective", "goal"):
            if words := _words_below(document, field, lock):
                return words
        first = document.fields_in(lock.body)
        if not first:
            return next((words for text in document.texts_in(lock.body) if (words := filled(text.content))), None)
    header = _header(document, title_section)
    for field in (*document.fields_named(document.preamble, *_GOALS), *document.fields_named(header, *_GOALS)):
        if words := words_of(field):
            return words
    if document.front_matter is not None and (written := document.front_matter.text("objective", "goal")):
        return filled(written)
    for section in document.sections_named(*_GOALS):
        for text in document.texts_in(section.body):
            if words := filled(text.content):
                return words
    return None


def _words_below(document: Document, field: Field, section: Section) -> str | None:
    """A field's words, or the paragraph below it when nothing stands behind the key."""
    words = words_of(field)
    if words or field.value.content:
        return words
    below = document.nodes_in(Span(field.span.end, section.own.end))
    fields = {other.line for other in document.fields_in(section.own)}
    for node in below[:1]:
        if node.span.start not in fields:
            return next((filled(text.content) for text in document.texts_in(node.span)), None)
    return None


def _blocks(document: Document, title_section: Section | None) -> Found:
    found = read_blocks(document, _sprint(document))
    if found.drafts or found.findings or document.section("Proposed Next Block") is not None:
        return found
    return Found(read_foreign_tasks(document, title_section))


def _sprint(document: Document) -> str | None:
    position = document.section("Roadmap Position")
    field = document.field(position.body, "sprint", "milestone") if position else None
    return words_of(field)


def _branches(document: Document, found: dict[str, Section], findings: list[Finding]) -> tuple[str | None, str | None]:
    """The execution branch and the base branch; names that git would refuse are reported and not taken."""
    continuity = found.get("Branch Continuity")
    snapshot = found.get("Recent Changes Snapshot")
    execution = document.field(continuity.body, "execution branch", "working branch", "branch") if continuity else None
    branch = _branch(execution, findings)
    base = None
    for section in (continuity, snapshot):
        field = document.field(section.body, "base branch", "base") if section else None
        base = base or _branch(field, findings)
    planned = document.field(snapshot.body, "planning branch") if snapshot else None
    planning = _branch(planned, findings)
    if branch is not None and planning is not None and execution is not None and branch != planning:
        findings.append(say.BRANCHES_DIFFER.at(execution.line, branch=branch, planning=planning))
    if continuity is not None and branch is None and not any(_is_about(finding, execution) for finding in findings):
        findings.append(say.BRANCH_MISSING.at(execution.line if execution else continuity.line))
    return branch, base


def _is_about(finding: Finding, field: Field | None) -> bool:
    return field is not None and finding.code == say.BRANCH_INVALID.code and finding.line == field.line + 1


def _branch(field: Field | None, findings: list[Finding]) -> str | None:
    name = first_code_or_words(field) if field else None
    if field is None or name is None or has_placeholder(name):
        return None
    problem = branch_problem(name)
    if problem is not None:
        findings.append(say.BRANCH_INVALID.at(field.line, branch=name, reason=problem))
        return None
    return name


def _mode(document: Document, handoff: Section | None, findings: list[Finding]) -> Mode | None:
    """The mode if exactly one is named; a template's "stepwise or autonomous" names none."""
    within = handoff.body if handoff else document.all
    field = document.field(within, "execution mode", "mode")
    if field is None:
        return None
    words = plain(field.value.content).casefold()
    named = {mode for mode in Mode if re.search(rf"\b{mode.value}\b", words)}
    if len(named) != 1:
        findings.append(say.MODE_NOT_FILLED_IN.at(field.line))
        return None
    return named.pop()


def _groups(
    document: Document, handoff: Section | None, known: Sequence[str], findings: list[Finding]
) -> tuple[tuple[str, ...], ...]:
    """Approved groups: `B01 + B02`, `(B01, B02); (B03, B04)`, or one group per item."""
    field = document.field(handoff.body, "block grouping", "block groups", "groups") if handoff else None
    if field is None:
        return ()
    parts: list[str] = []
    for words in list_of(field):
        split = [words] if block_ids.says_none(words) else re.split(r";|[)\]]\s*,?\s*(?=[(\[])", words)
        parts += [piece for part in split for piece in (part.split(",") if "+" in part else [part])]
    groups: list[tuple[str, ...]] = []
    by_fold = {block_id.casefold(): block_id for block_id in known}
    for part in parts:
        try:
            ids = [] if block_ids.says_none(part) else block_ids.ids_in(part)
        except block_ids.RangeError as error:
            findings.append(say.BAD_RANGE.at(field.line, range=part, reason=str(error)))
            continue
        for unknown in (block_id for block_id in ids if block_id.casefold() not in by_fold):
            findings.append(say.UNKNOWN_IN_GROUP.at(field.line, id=unknown))
        group = tuple(dict.fromkeys(by_fold[each.casefold()] for each in ids if each.casefold() in by_fold))
        if len(group) > 1:
            groups.append(group)
    return tuple(groups)


def _stop_conditions(document: Document, handoff: Section | None) -> tuple[str, ...]:
    field = document.field(handoff.body, "stop conditions", "stop condition") if handoff else None
    if field is not None:
        return list_of(field)
    section = document.section("Stop Conditions", "Human-Gate Conditions", "Escalation Conditions")
    if section is None:
        return ()
    return tuple(words for text in document.texts_in(section.body) if (words := filled(text.content)))


def _verdict(document: Document) -> str | None:
    """PASS, PASS_WITH_NOTES or FAIL as the Validation Record says it; all three at once say nothing."""
    for section in document.sections:
        if section.name.startswith("validation record"):
            field = document.field(section.body, "verdict", "판정")
            words = filled(field.value.content) if field else None
            said = (words or "").upper().replace(" WITH ", "_WITH_")
            match = re.match(rf"\W*({'|'.join(_VERDICTS)})\b(?!\s*[|/])", said)
            if match is not None:
                return match.group(1)
    return None


def _what_is_missing(document: Document, plan: Plan, found: dict[str, Section], blocks: Found) -> list[Finding]:
    findings: list[Finding] = []
    if plan.title is None:
        findings.append(say.TITLE_MISSING.at(0))
    lock, proposed = found.get("Objective Lock"), found.get("Proposed Next Block")
    if plan.objective is None:
        findings.append(say.OBJECTIVE_MISSING.at(lock.line if lock else None))
    if not plan.blocks and not blocks.findings:
        findings.append(say.NO_BLOCKS.at(proposed.line if proposed else None))
    contract = found.get("File Scope Contract")
    if contract is not None and not plan.scope.include:
        findings.append(say.NO_INCLUDE.at(contract.line))
    validation = found.get("Validation Plan") or next(iter(validation_sections(document)), None)
    if validation is not None and not plan.validation_commands:
        findings.append(say.NO_VALIDATION_COMMANDS.at(validation.line))
    findings += sections_left_empty(document, found)
    if not plan.blocks and plan.objective is None and plan.branch is None and len(found) == len(REQUIRED_SECTIONS):
        findings.append(say.UNTOUCHED_TEMPLATE.at(0))
    return findings
